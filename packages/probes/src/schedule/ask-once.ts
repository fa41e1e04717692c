import type { Round } from '@watchfire/attestation'
import { type ProbeClock, systemClock } from '../clock.ts'
import type { ProbeKind, ProbeResult } from '../kind.ts'
import { makeAddressGuard } from '../net/address-guard.ts'
import { makeTrust } from '../net/authorities.ts'
import type { Credentials } from '../net/credentials.ts'
import { makeResolve, type Resolve } from '../net/resolve.ts'
import { abstained } from '../steps.ts'
import { makeBudget } from './budget.ts'
import { NO_SECRET } from './prepared-target.ts'
import { runProbe } from './run-probe.ts'

/** One probe outside of any round: what a person asks for. */
export interface AskOnceOptions {
  readonly kind: ProbeKind
  /** As the kind's schema completes them. */
  readonly params: object
  readonly timeoutMs: number
  /** CIDR blocks that it may ask although they are not public. */
  readonly allow: readonly string[]
  /** Certificates in PEM that it trusts besides the public authorities. */
  readonly ca: readonly string[]
  /** What it may send to the target's own origin, and nowhere else. */
  readonly credentials?: Credentials
  readonly signal?: AbortSignal
  readonly clock?: ProbeClock
  readonly resolve?: Resolve
}

/**
 * Makes one probe now, by the rules of a node: ages are measured from this moment.
 *
 * @returns what it came to; never rejects
 * @throws RangeError, TypeError on blocks or certificates that are none
 */
export function askOnce(options: AskOnceOptions): Promise<ProbeResult> {
  const { kind, params, timeoutMs, allow, ca, credentials, signal } = options
  if ('secret' in params && credentials === undefined) {
    return Promise.resolve({ ...abstained('no-secret', NO_SECRET), phases: [] })
  }
  const clock = options.clock ?? systemClock
  const basis = {
    guard: makeAddressGuard(allow),
    resolve: options.resolve ?? makeResolve(),
    trust: makeTrust(ca),
    ...makeBudget(),
  }
  const probe = runProbe(
    {
      kind,
      params,
      credentials,
      timeoutMs,
      budgetMs: timeoutMs,
      isFullBudget: true,
      round: 0 as Round,
      roundStartMs: clock.nowMs(),
    },
    basis,
    clock,
  )
  signal?.addEventListener('abort', () => probe.stop(), { once: true })
  return probe.result
}
