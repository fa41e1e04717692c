import type { Certificate, Evidence, State } from '@watchfire/attestation'
import type { AuditContext, Checker, Finalized, TopicName, Violate, Watched } from './checker.ts'
import { SETTLE_ROUNDS } from './liveness.ts'
import { refuteEvidence } from './own-evidence.ts'
import { areInConflict, type OwnMessage, type OwnReader } from './own-messages.ts'

const ROUND_MS = 1000
/** Views ahead of a node's own for which any message is remembered (SPEC 8.3: proposals). */
const VIEWS_AHEAD = 16
/** Rounds that a whole turn of leaders may take for each: its own, and one lost to a faulty one. */
const ROUNDS_PER_LEADER = 2

/** Two messages of one key that exclude each other, met by one honest member. */
interface Caught {
  readonly member: number
  readonly epoch: number
  readonly what: string
  /** From when on the offender must be excluded in what is final. */
  readonly dueMs: number
}

/**
 * Evidence is always against the guilty, and proves it; and whoever's two messages reached one honest
 * member is excluded by a final block before its epoch ends, within bounded rounds of good weather.
 */
export class EvidenceChecker implements Checker {
  readonly name = 'evidence'
  readonly #context: AuditContext
  readonly #reader: OwnReader
  readonly #violate: Violate
  /** By node and life, then member and place: what admission must remember. */
  readonly #met = new Map<string, OwnMessage>()
  readonly #caught = new Map<string, Caught>()
  /** Highest final state seen of each epoch. */
  readonly #finals = new Map<number, { height: number; excluded: ReadonlySet<number> }>()

  constructor(context: AuditContext, reader: OwnReader, violate: Violate) {
    this.#context = context
    this.#reader = reader
    this.#violate = violate
  }

  onVerdict(node: Watched, from: Watched, topic: TopicName, bytes: Uint8Array): void {
    // Who has no seat leads no view, and may lose what it told others.
    if (!node.isHonest || node.member === undefined || from.isHonest) return
    const message = this.#reader.read(topic, bytes)
    if (message?.isValid !== true || !this.#mustRemember(node, message)) return
    const places =
      message.topic === 'vote' ? [2, 3].map((kind) => message.place.replace(/\d/u, `${kind}`)) : []
    for (const place of new Set([message.place, ...places])) {
      const key = `${node.index}/${node.life}/${message.member}/${place}`
      const before = this.#met.get(key)
      if (before === undefined && place === message.place) this.#met.set(key, message)
      if (before !== undefined && areInConflict(before, message)) this.#catch(node, message)
    }
  }

  /** Whether the message is near enough for admission to keep it, whatever else the node knows. */
  #mustRemember(node: Watched, { topic, epoch, time, member }: OwnMessage): boolean {
    const { status, round } = node
    if (status === undefined || status.epoch !== epoch) return false
    const context = this.#context.founding.epochs[epoch]
    // Out of turn a proposal is refused whatever it says (SPEC 8.3).
    const members = context?.committee.members.length ?? 1
    if (topic === 'proposal' && time % members !== member) return false
    if (topic !== 'attestation') return time >= status.view && time <= status.view + VIEWS_AHEAD
    const behindMax = context?.parameters.roundsBehindMax ?? 0
    return time <= round && time >= round - behindMax
  }

  #catch(node: Watched, { member, epoch, place }: OwnMessage): void {
    const { goodFromMs, founding } = this.#context
    // A crash in bad weather may take away what one node knew.
    const nowMs = this.#context.nowMs()
    if (nowMs < goodFromMs || this.#caught.has(`${epoch}/${member}`)) return
    const members = founding.epochs[epoch]?.committee.members.length ?? 0
    const settledMs = Math.max(nowMs, goodFromMs + SETTLE_ROUNDS * ROUND_MS)
    const dueMs = settledMs + (ROUNDS_PER_LEADER * members + 2) * ROUND_MS
    const what = `member ${member} signed two things (${place}), and node ${node.index} met both`
    this.#caught.set(`${epoch}/${member}`, { member, epoch, what, dueMs })
  }

  onAccuse(node: Watched, evidence: Evidence): void {
    if (!node.isHonest) return
    const refuted = refuteEvidence(this.#context, evidence)
    if (refuted !== undefined) {
      this.#violate(
        this.name,
        `node ${node.index} accuses with evidence that proves nothing: ${refuted}`,
      )
    }
  }

  onFinalize(node: Watched, { state }: Finalized): void {
    if (node.isHonest) this.#see(state)
  }

  onSynced(node: Watched, _certificate: Certificate, state: State): void {
    if (node.isHonest) this.#see(state)
  }

  #see({ meta }: State): void {
    const known = this.#finals.get(meta.epoch)
    if (known !== undefined && known.height >= meta.height) return
    const excluded = new Set<number>(meta.excluded.map(({ member }) => member))
    this.#finals.set(meta.epoch, { height: meta.height, excluded })
  }

  onLook(nodes: readonly Watched[]): void {
    const nowMs = this.#context.nowMs()
    for (const [key, { member, epoch, what, dueMs }] of this.#caught) {
      const isExcluded = this.#finals.get(epoch)?.excluded.has(member) === true
      // What an epoch's end forgets need not be in it (SPEC 7.1).
      const isOver = nodes.some(({ isHonest, status }) => isHonest && (status?.epoch ?? 0) > epoch)
      if (isExcluded || isOver) this.#caught.delete(key)
      else if (nowMs > dueMs) {
        this.#violate(this.name, `${what}, yet no final block excludes it`)
        this.#caught.delete(key)
      }
    }
  }
}
