import type { Failure, MonitorId } from '@watchfire/attestation'
import type { Finding } from './config/config-fault.ts'
import type { KindFaultCode } from './config/load-kinds.ts'
import type { SecretFaultCode } from './config/read-secrets.ts'
import type { LoopFaultCode } from './loop/loop-fault.ts'
import type { FeedSource } from './feed-source.ts'
import type { KeyFaultCode } from './keys/key-file.ts'
import type { LockFaultCode } from './keys/lock.ts'
import type { StorageFaultCode } from './ports.ts'

/**
 * Why a node could not start. `bad-config` has findings, by file and line; the others are one line.
 * `not-a-member`, `wrong-key`: the manifest has no such monitor, or names another key for it.
 * `wrong-network`: the data directory belongs to another manifest.
 */
export type StartFaultCode =
  | 'bad-config'
  | 'missing-manifest'
  | 'not-a-member'
  | 'wrong-key'
  | 'wrong-network'
  | 'data-dir-unusable'
  | 'port-in-use'
  | 'bad-address'
  | 'cannot-listen'
  | KindFaultCode
  | SecretFaultCode
  | KeyFaultCode
  | LockFaultCode
  | StorageFaultCode
  | LoopFaultCode

/** Why a node did not start. */
export interface StartFault extends Failure<StartFaultCode> {
  /** Places in files that the fault is about; empty where it is about none. */
  readonly findings: readonly Finding[]
}

/** How a node ended: asked to, or by a fault after which it must sign nothing more. */
export type NodeEnd = { readonly ok: true } | Failure<StorageFaultCode | LoopFaultCode>

/** A node under way. */
export interface RunningNode {
  /** Undefined for an observer. */
  readonly monitor: MonitorId | undefined
  readonly peerId: string
  /** Addresses that peers can dial, with peer id. */
  readonly addresses: readonly string[]
  /** Where the feed is: `http://host:port`. */
  readonly api: string
  readonly feed: FeedSource
  /** What to tell the operator about the manifest. */
  readonly warnings: readonly Finding[]
  /** Settles once everything has stopped, whatever stopped it. */
  readonly finished: Promise<NodeEnd>
  /** Stops in the reverse order of starting; a second call waits for the first. */
  stop(): Promise<NodeEnd>
}

/** A node under way, or why it did not start. */
export type StartedNode = { readonly ok: true; readonly node: RunningNode } | StartFault
