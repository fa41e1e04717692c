import type { MemberIndex } from '@watchfire/attestation'
import type { Auditor, TopicName } from '../checkers/checker.ts'
import type { Witness } from '../checkers/witness.ts'
import type { Vice } from '../vices/vice.ts'
import type { EventQueue } from './event-queue.ts'
import type { Founding } from './founding.ts'
import type { Health } from './health.ts'
import type { SimNetwork } from './network.ts'
import type { Seam } from './seam.ts'
import type { SignatureScheme } from './signature-scheme.ts'
import type { SimNode } from './sim-node.ts'
import type { Trace } from './trace.ts'

/** All that the nodes of a run share. */
export interface World {
  readonly seed: number
  readonly queue: EventQueue
  readonly network: SimNetwork
  readonly trace: Trace
  readonly auditor: Auditor
  readonly witness: Witness
  readonly founding: Founding
  readonly scheme: SignatureScheme
  readonly seam: Seam
  readonly health: Health
  readonly nodes: SimNode[]
  /** Whether what is known of the same bytes object is not worked out again. */
  readonly isShared: boolean
  /** Of bytes, for the trace. */
  readonly getFingerprint: (bytes: Uint8Array) => number
}

/** What a node is from its first life to its last. */
export interface NodePlan {
  readonly index: number
  /** Undefined for an observer. */
  readonly member: MemberIndex | undefined
  readonly clockOffsetMs: number
  /** Millionths by which its clock runs fast. */
  readonly driftPpm: number
  /** Size of the vote log from which it is written anew. */
  readonly compactBytes: number
  readonly vice: Vice | undefined
}

/** Something sent under a topic. */
export interface Parcel {
  readonly topic: TopicName
  readonly shard: number
  readonly bytes: Uint8Array
  /** Whether it was changed on its way, for which nobody answers. */
  readonly isDamaged?: boolean
}
