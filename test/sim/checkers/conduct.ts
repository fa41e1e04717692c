import type { Evidence } from '@watchfire/attestation'
import type { AlarmCode } from '@watchfire/consensus'
import type { Checker, CheckerName, TopicName, Violate, Watched } from './checker.ts'

/** Nothing leaves an honest node under its key that a power cut could still take back (SPEC 6.5). */
export class DurabilityChecker implements Checker {
  readonly name = 'durability'
  readonly #violate: Violate

  constructor(violate: Violate) {
    this.#violate = violate
  }

  onSigned(node: Watched, topic: TopicName, _bytes: Uint8Array, isDurable: boolean): void {
    if (node.isHonest && !isDurable) {
      this.#violate(this.name, `node ${node.index} sent a ${topic} that is not on its disk`)
    }
  }
}

/** The honest are neither accused nor refused, raise no alarm, and do not break. */
export class ConductChecker implements Checker {
  readonly name = 'honest-accused'
  readonly #violate: Violate
  readonly #honestMembers: ReadonlySet<number>
  readonly #alarmsAllowed: ReadonlySet<AlarmCode>

  constructor(
    violate: Violate,
    honestMembers: ReadonlySet<number>,
    alarmsAllowed: ReadonlySet<AlarmCode>,
  ) {
    this.#violate = violate
    this.#honestMembers = honestMembers
    this.#alarmsAllowed = alarmsAllowed
  }

  onAccuse(node: Watched, evidence: Evidence): void {
    const { member } = evidence.value.first.message
    if (this.#honestMembers.has(member)) {
      this.#say('honest-accused', `node ${node.index} accuses member ${member}, which is honest`)
    }
  }

  onReject(node: Watched, from: Watched, topic: TopicName, code: string): void {
    if (node.isHonest && from.isHonest) {
      const what = `a ${topic} of node ${from.index} (${code})`
      this.#say('honest-rejected', `node ${node.index} rejects ${what}`)
    }
  }

  onAlarm(node: Watched, code: AlarmCode, detail: string): void {
    if (node.isHonest && !this.#alarmsAllowed.has(code)) {
      this.#say('alarm', `node ${node.index}: ${code}: ${detail}`)
    }
  }

  onThrow(node: Watched, error: unknown): void {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#say('no-throw', `node ${node.index}: ${words}`)
  }

  #say(checker: CheckerName, detail: string): void {
    this.#violate(checker, detail)
  }
}
