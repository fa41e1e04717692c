import type {
  Block,
  Certificate,
  Digest,
  Evidence,
  Header,
  State,
  Verify,
} from '@watchfire/attestation'
import type { AlarmCode, Status } from '@watchfire/consensus'
import type { Founding } from '../world/founding.ts'

/** Which property was broken, and how. */
export interface Violation {
  readonly checker: CheckerName
  readonly detail: string
}

/** Each names one property; a violation is reported under its checker's name. */
export const checkerNames = [
  'agreement',
  'double-signature',
  'exclusion',
  'signature',
  'ballot',
  'certificate',
  'block',
  'gapless',
  'state',
  'catch-up',
  'validity',
  'durability',
  'evidence',
  'memory',
  'honest-accused',
  'honest-rejected',
  'alarm',
  'no-throw',
  'liveness',
  'coverage',
  'dead-leader',
  'determinism',
] as const
export type CheckerName = (typeof checkerNames)[number]

export type TopicName = 'attestation' | 'proposal' | 'vote' | 'certificate' | 'evidence'

/** A node, as far as checkers care. */
export interface Watched {
  readonly index: number
  /** Undefined for an observer. */
  readonly member: number | undefined
  readonly isHonest: boolean
  readonly isUp: boolean
  /** Restarts so far. */
  readonly life: number
  /** Its round by its own clock. */
  readonly round: number
  readonly status: Pick<Status, 'epoch' | 'view' | 'finalHeight'> | undefined
  /** All that core and admission hold, to be looked through. */
  readonly memory: { readonly core: object; readonly admission: object } | undefined
}

export interface Finalized {
  readonly block: Block
  readonly headerDigest: Digest
  readonly certificate: Certificate
  readonly state: State
}

/** What checkers know of the run. Their arithmetic is their own; keys and weights are given. */
export interface AuditContext {
  readonly founding: Founding
  readonly verify: Verify
  /** Members without a vice. */
  readonly honest: ReadonlySet<number>
  /** When the network turns good and nothing fails any more. */
  readonly goodFromMs: number
  nowMs(): number
}

/** What a node's admission made of a message; `code` is empty for what it took. */
export interface Verdict {
  readonly action: string
  readonly code: string
}

/** Watches a run. Each method is called when the thing happens; what is wrong goes to `violate`. */
export interface Checker {
  readonly name: CheckerName
  /** A message leaves a node: for honest ones, every one; for others, what they really send. */
  onPublish?(node: Watched, topic: TopicName, bytes: Uint8Array): void
  /** Bytes that a node signs leave it; `isDurable` tells whether its log has them on disk. */
  onSigned?(node: Watched, topic: TopicName, bytes: Uint8Array, isDurable: boolean): void
  /** A node was about to sign this, and its log refused: something else stands at the place. */
  onRefused?(node: Watched, topic: TopicName, bytes: Uint8Array): void
  /** A node comes back and finds in its log what it signed, and perhaps did not come to send. */
  onKept?(node: Watched, topic: TopicName, bytes: Uint8Array): void
  onFinalize?(node: Watched, finalized: Finalized): void
  onSynced?(node: Watched, certificate: Certificate, state: State): void
  /** A node comes back, with the highest final block that its disk kept (genesis: height 0). */
  onRestart?(node: Watched, height: number): void
  onAlarm?(node: Watched, code: AlarmCode, detail: string): void
  onAccuse?(node: Watched, evidence: Evidence): void
  onReject?(node: Watched, from: Watched, topic: TopicName, code: string): void
  /** Bytes came to a node and were judged. */
  onVerdict?(
    node: Watched,
    from: Watched,
    topic: TopicName,
    bytes: Uint8Array,
    verdict: Verdict,
  ): void
  /** Now and then, while the world stands still. */
  onLook?(nodes: readonly Watched[]): void
  /** After the last moment of a run in which nothing was wrong so far. */
  onEnd?(nodes: readonly Watched[]): void
  onThrow?(node: Watched, error: unknown): void
}

export type Violate = (checker: CheckerName, detail: string) => void

/** All checkers of a run behind one face. */
export class Auditor {
  readonly violations: Violation[] = []
  readonly #checkers: readonly Checker[]

  readonly #counting: readonly CheckerName[] | undefined
  /** Who hears of what happens all the time: most checkers do not. */
  readonly #ofPublished: readonly Checker[]
  readonly #ofJudged: readonly Checker[]

  /** @param counting only what these find counts; undefined: all */
  constructor(
    counting: readonly CheckerName[] | undefined,
    make: (violate: Violate) => readonly Checker[],
  ) {
    this.#counting = counting
    this.#checkers = make((checker, detail) => this.violate(checker, detail))
    this.#ofPublished = this.#checkers.filter((checker) => checker.onPublish !== undefined)
    this.#ofJudged = this.#checkers.filter((checker) => checker.onVerdict !== undefined)
  }

  /** Bounded: one broken property shows itself many times. */
  violate(checker: CheckerName, detail: string): void {
    if (this.#counting?.includes(checker) === false) return
    if (this.violations.length < 100) this.violations.push({ checker, detail })
  }

  /** As `tell` of `onPublish`. */
  published(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    for (const checker of this.#ofPublished) checker.onPublish?.(node, topic, bytes)
  }

  /** As `tell` of `onVerdict`. */
  judged(
    node: Watched,
    from: Watched,
    { topic, bytes }: { readonly topic: TopicName; readonly bytes: Uint8Array },
    verdict: Verdict,
  ): void {
    for (const checker of this.#ofJudged) checker.onVerdict?.(node, from, topic, bytes, verdict)
  }

  tell(run: (checker: Checker) => void): void {
    for (const checker of this.#checkers) run(checker)
  }
}

/** `3 · weight > 2 · W`: what SPEC 1 calls a quorum, counted independently of production. */
export function isQuorum(founding: Founding, epoch: number, members: readonly number[]): boolean {
  const { weights, whole } = getWeights(founding, epoch)
  const part = members.reduce((total, member) => total + (weights[member] ?? 0n), 0n)
  return 3n * part > 2n * whole
}

interface Weights {
  readonly weights: readonly bigint[]
  readonly whole: bigint
}
const knownWeights = new WeakMap<object, Weights>()
const nobody: readonly { readonly weight: number }[] = []

/** Of an epoch's members, and of all of them. */
export function getWeights(founding: Founding, epoch: number): Weights {
  const members = founding.epochs[epoch]?.committee.members ?? nobody
  const known = knownWeights.get(members)
  if (known !== undefined) return known
  const weights = members.map(({ weight }) => BigInt(weight))
  const made = { weights, whole: weights.reduce((total, weight) => total + weight, 0n) }
  knownWeights.set(members, made)
  return made
}

export function describe(header: Header): string {
  return `epoch ${header.epoch} height ${header.height} round ${header.round}`
}
