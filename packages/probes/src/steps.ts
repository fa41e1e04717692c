import type { AbstentionName, OutcomeName } from '@watchfire/attestation'
import type { Abstained, Failed, Stop, StoppedStep } from './kind.ts'

/** Details are for one log line: what a target sends us does not decide their length. */
const DETAIL_CHARS_MAX = 300

/** The target failed. */
export function failed(outcome: OutcomeName, detail: string): Failed {
  return { status: 'failed', outcome, detail: trimDetail(detail) }
}

/** We cannot say how the target is. */
export function abstained(reason: AbstentionName, detail: string): Abstained {
  return { status: 'abstained', reason, detail: trimDetail(detail) }
}

/** The same stop, said in other words. */
export function redetail(stop: Stop, detail: string): Stop {
  return stop.status === 'failed' ? failed(stop.outcome, detail) : abstained(stop.reason, detail)
}

/** A step that succeeded. */
export function done<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** A step that ends the probe. */
export function stopped(stop: Stop): StoppedStep {
  return { ok: false, stop }
}

/** What an unknown thrown value says. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = getErrorCode(error)
  if (code === undefined || error.message.includes(code)) return error.message
  return `${code}: ${error.message}`
}

/** The `code` that Node and undici put on their errors. */
export function getErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function trimDetail(detail: string): string {
  const plain = detail.replace(/\p{Cc}/gu, ' ')
  return plain.length <= DETAIL_CHARS_MAX ? plain : `${plain.slice(0, DETAIL_CHARS_MAX)}…`
}
