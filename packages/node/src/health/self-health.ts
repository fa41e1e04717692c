import type { AbstentionName } from '@watchfire/attestation'
import type { CanaryReport } from './canaries.ts'
import { formatClockOffset } from './clock-offset.ts'

/** Which control of this node failed. */
export type UnwellCause = 'clock' | 'canaries' | 'alone'

/** Whether this monitor may speak of targets, and if not, as what it abstains. */
export type HealthReport =
  | { readonly healthy: true }
  | {
      readonly healthy: false
      readonly abstention: Extract<AbstentionName, 'self-unhealthy' | 'clock'>
      readonly cause: UnwellCause
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
  /** What the operator's canaries came to in the last round; undefined without any. */
  readonly getCanaries: () => CanaryReport | undefined
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
        cause: 'clock',
        reason: formatClockOffset(offsetMs),
      }
    const canaries = options.getCanaries()
    if (canaries?.isTooMany === true) {
      const count = `${canaries.failed.length} of ${canaries.total} canaries`
      return unhealthy('canaries', `${count} did not answer: this machine may be cut off`)
    }
    const isAlone =
      options.othersTotal > 0 && options.countHeard() === 0 && options.countPeers() === 0
    if (isAlone && options.getUptimeMs() > options.graceMs)
      return unhealthy('alone', 'no member of the committee is heard: this machine may be cut off')
    return { healthy: true }
  }
}

function unhealthy(cause: UnwellCause, reason: string): HealthReport {
  return { healthy: false, abstention: 'self-unhealthy', cause, reason }
}
