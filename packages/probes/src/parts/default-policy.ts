import type { PolicyFile, ThresholdFile } from '../kind.ts'

/**
 * Two thirds of those who observe must agree that a target is down, and likewise that it is reached;
 * in between monitors differ and it is disputed. Two rounds to fall: the quorum has already filtered
 * one monitor's bad luck, and a second round filters a restart or a lost packet at the target. Two
 * to rise: enough that one lucky answer of a failing target does not count as recovery.
 */
export function makePolicy(thresholds: readonly ThresholdFile[]): PolicyFile {
  return {
    reachedMin: 667,
    failedMin: 667,
    fallRounds: 2,
    riseRounds: 2,
    regionsMin: 0,
    networksMin: 0,
    operatorsMin: 0,
    astray: 'degraded',
    thresholds,
  }
}

/**
 * Degraded when the median monitor waits three quarters of the time-out: what is that close to
 * failing, some will soon call down. Until it is at three fifths: medians of few monitors wobble.
 */
export function slowThreshold(timeoutMs: number): ThresholdFile {
  return {
    signal: 'latency',
    above: timeoutMs * 750,
    clear: timeoutMs * 600,
    severity: 'degraded',
  }
}

/** Degraded above, until half of that: who lags near the bound has not caught up. */
export function behindThreshold(signal: string, above: number): ThresholdFile {
  return { signal, above, clear: Math.floor(above / 2), severity: 'degraded' }
}

/** Above, until three quarters of that: what is estimated wobbles from round to round. */
export function noisyThreshold(
  signal: string,
  above: number,
  severity: ThresholdFile['severity'] = 'degraded',
): ThresholdFile {
  return { signal, above, clear: Math.floor((above * 3) / 4), severity }
}

/** Two weeks before a certificate ends: automatic renewal has then failed for at least two. */
export const EXPIRY_WARNING_SECONDS = 14 * 24 * 3600

/** Of the server's own certificate, and of those above it, which somebody else has to renew. */
export const expiryThresholds: readonly ThresholdFile[] = [
  { signal: 'expires-in', below: EXPIRY_WARNING_SECONDS, severity: 'degraded' },
  { signal: 'chain-expires-in', below: EXPIRY_WARNING_SECONDS, severity: 'degraded' },
]
