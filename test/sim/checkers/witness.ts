import type { Evidence } from '@watchfire/attestation'
import type { Checker, TopicName, Watched } from './checker.ts'

/** Finds nothing wrong: counts what faulty nodes do and what honest ones make of it. */
export class Witness implements Checker {
  readonly name = 'no-throw'
  /** As vices tell of themselves. */
  readonly deeds = new Map<string, number>()
  /** What honest nodes made of messages from faulty ones, by `topic action code`. */
  readonly verdicts = new Map<string, number>()
  /** Messages that came, by `from>to`, from faulty nodes to honest ones. */
  readonly links = new Map<string, number>()
  /** Members that honest nodes accused, with the kind of evidence: `attestation`, `proposal`, `votes 2+3`. */
  readonly accused = new Map<number, Set<string>>()

  count(deed: string): void {
    add(this.deeds, deed)
  }

  onVerdict(
    node: Watched,
    from: Watched,
    topic: TopicName,
    _bytes: Uint8Array,
    { action, code }: { readonly action: string; readonly code: string },
  ): void {
    if (!node.isHonest || from.isHonest) return
    add(this.verdicts, `${topic} ${action} ${code}`.trim())
    add(this.links, `${from.index}>${node.index}`)
  }

  onAccuse(node: Watched, evidence: Evidence): void {
    if (!node.isHonest) return
    const kind = describeKind(evidence)
    const { member } = evidence.value.first.message
    this.accused.set(member, (this.accused.get(member) ?? new Set()).add(kind))
  }
}

function describeKind({ selector, value }: Evidence): string {
  if (selector !== 2) return selector === 0 ? 'attestation' : 'proposal'
  const kinds = [value.first.message.kind, value.second.message.kind]
  return `votes ${kinds.toSorted((a, b) => a - b).join('+')}`
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
