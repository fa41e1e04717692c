import type { AbstentionName } from '@watchfire/attestation'
import { formatClockOffset } from './clock-offset.ts'

/** Whether this monitor may speak of targets, and if not, as what it abstains. */
export type HealthReport =
  | { readonly healthy: true }
  | {
      readonly healthy: false
      readonly abstention: Extract<AbstentionName, 'self-unhealthy' | 'clock'>
      readonly reason: string
    }

export interface SelfHealthOptions {
  /** Members other than this one; none: no peer is needed. */
  readonly othersTotal: number
  /** Other members heard lately. */
  readonly countHeard: () => number
  readonly countPeers: () => number
  /** Our clock less the committee's middle, if known. */
  readonly getClockOffsetMs: () => number | undefined
  /** Off by more than this, what we say of a round is about another time. */
  readonly clockMsMax: number
  /** Whether the operator's canaries opened when last asked; undefined without canaries. */
  readonly areCanariesOpen: () => boolean | undefined
  /** Milliseconds since the start, on a clock that never jumps. */
  readonly getUptimeMs: () => number
  /** A node that has just started has not met its peers yet. */
  readonly graceMs: number
}

/**
 * The controls of this node itself. It never looks at targets: an outage that everybody sees must not
 * silence everybody.
 */
export function makeSelfHealth(options: SelfHealthOptions): () => HealthReport {
  return () => {
    const offsetMs = options.getClockOffsetMs()
    if (offsetMs !== undefined && Math.abs(offsetMs) > options.clockMsMax)
      return {
        healthy: false,
        abstention: 'clock',
        reason: formatClockOffset(offsetMs),
      }
    if (options.areCanariesOpen() === false)
      return unhealthy('none of the canaries could be reached: this machine may be cut off')
    const isAlone =
      options.othersTotal > 0 && options.countHeard() === 0 && options.countPeers() === 0
    if (isAlone && options.getUptimeMs() > options.graceMs)
      return unhealthy('no member of the committee is heard: this machine may be cut off')
    return { healthy: true }
  }
}

function unhealthy(reason: string): HealthReport {
  return { healthy: false, abstention: 'self-unhealthy', reason }
}
