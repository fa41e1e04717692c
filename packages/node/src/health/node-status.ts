import {
  type EpochContext,
  getRoundAt,
  getValidUntilMs,
  type MonitorId,
  toText,
  type UnixMs,
} from '@watchfire/attestation'
import type { Status as CoreStatus } from '@watchfire/consensus'
import type { NodeStatus } from '../feed-source.ts'
import { getAgreement, getHeardMs } from '../loop/agreement-status.ts'
import type { MemberBook } from '../loop/member-book.ts'
import type { Clock, Log, Network } from '../ports.ts'
import type { CanaryReport } from './canaries.ts'
import { formatClockOffset } from './clock-offset.ts'
import type { HealthReport } from './self-health.ts'
import type { ClockOffset } from './sntp.ts'

/** How often the log is told of what changed. */
const watchMs = 500

export interface NodeStatusParts {
  readonly context: EpochContext
  readonly networkName: Uint8Array
  readonly version: string
  readonly monitor: MonitorId | undefined
  readonly startedAtMs: UnixMs
  readonly clock: Clock
  readonly network: Network
  readonly members: MemberBook
  readonly getCore: () => CoreStatus
  readonly checkHealth: () => HealthReport
  readonly getCanaries: () => CanaryReport | undefined
  readonly getTimeServerOffset: () => ClockOffset | undefined
  /** Milliseconds since others can be heard, on a clock that never jumps: loading takes its time. */
  readonly getHearingMs: () => number
}

/**
 * From this offset on the clock is spoken of: a quarter of a round or of a view's longest timer, which
 * honest clocks must not be apart by if agreement is to go on whatever the faulty do (SPEC 6.2), at least
 * half a second.
 */
export function getClockNoticeMs({ parameters }: EpochContext): number {
  return Math.max(500, Math.min(parameters.roundMs, parameters.viewTimeoutMsMax) / 4)
}

/** @returns the node's status as it is when called */
export function makeNodeStatus(parts: NodeStatusParts): () => NodeStatus {
  const { context, clock, network, members, getCore } = parts
  return () => {
    const nowMs = clock.nowMs()
    const core = getCore()
    const hasFinal = core.finalHeight > 0
    const heardMs = getHeardMs(context)
    const agreement = getAgreement({
      context,
      core,
      heard: members.listHeard(heardMs),
      nowMs,
      hasFinal,
      othersRound: members.getOthersRound(heardMs),
      isNew: parts.getHearingMs() < heardMs,
    })
    const health = parts.checkHealth()
    const clockOffsetMs = members.getOwnOffsetMs()
    const timeServer = parts.getTimeServerOffset()
    const canaries = parts.getCanaries()
    const notReady = [
      ...(hasFinal ? [] : ['starting: it holds no certificate yet']),
      ...(core.muted ? ['muted: it signs nothing until it is safe'] : []),
      ...(health.healthy ? [] : [`unwell: ${health.reason}`]),
      ...(agreement.agreement === 'ok' ? [] : [`no-agreement: ${agreement.reason}`]),
    ]
    return {
      version: parts.version,
      networkId: context.networkId,
      networkName: toText(parts.networkName),
      monitor: parts.monitor,
      peerId: network.peerId,
      addresses: network.addresses,
      startedAtMs: parts.startedAtMs,
      nowMs,
      epoch: core.epoch,
      view: core.view,
      round: getRoundAt(context.parameters, nowMs),
      finalHeight: core.finalHeight,
      finalRound: core.finalRound,
      validUntilMs: hasFinal ? getValidUntilMs(context.parameters, core.finalRound) : undefined,
      ...agreement,
      isQuarantined: core.muted,
      selfHealth: {
        healthy: health.healthy,
        cause: health.healthy ? undefined : health.cause,
        reason: health.healthy ? undefined : health.reason,
        canaries: canaries && { total: canaries.total, failed: canaries.failed.length },
      },
      clockOffsetMs,
      timeServer,
      clockNotice: getClockNotice(context, clockOffsetMs, timeServer),
      ready: notReady.length === 0,
      notReady,
    }
  }
}

/** What the committee says of the clock comes first: it is what others judge our messages by. */
function getClockNotice(
  context: EpochContext,
  offsetMs: number | undefined,
  timeServer: ClockOffset | undefined,
): string | undefined {
  const noticeMs = getClockNoticeMs(context)
  if (offsetMs !== undefined && Math.abs(offsetMs) > noticeMs) return formatClockOffset(offsetMs)
  if (timeServer === undefined) return undefined
  // Off for certain, that is.
  return Math.abs(timeServer.offsetMs) - timeServer.errorMs > noticeMs
    ? formatClockOffset(timeServer.offsetMs, "the time servers'")
    : undefined
}

/**
 * Says in the log, once each, when agreement changes, the clock is off, this node is unwell, or other
 * canaries do not answer.
 *
 * @param getFailedCanaries their addresses, which only the log tells
 * @returns ends it
 */
export function watchStatus(
  getStatus: () => NodeStatus,
  clock: Clock,
  log: Log,
  getFailedCanaries: () => readonly string[] = () => [],
): () => void {
  let agreement: string | undefined
  let notice: string | undefined
  let failedCanaries = ''
  let unwell: string | undefined
  let cancel: () => void = () => undefined
  function turn(): void {
    const status = getStatus()
    if (status.agreement !== agreement) {
      agreement = status.agreement
      const fields = { agreement, finalRound: status.finalRound, view: status.view }
      if (agreement === 'ok') log.info(fields, `agreement: ${status.reason}`)
      else log.warn(fields, `no agreement: ${status.reason}`)
    }
    if (status.clockNotice !== undefined && notice === undefined)
      log.warn(
        { offsetMs: status.clockOffsetMs, timeServerOffsetMs: status.timeServer?.offsetMs },
        status.clockNotice,
      )
    if (status.clockNotice === undefined && notice !== undefined)
      log.info({}, "this machine's clock is within the bound again")
    notice = status.clockNotice
    const { cause, reason } = status.selfHealth
    if (cause !== undefined && cause !== unwell) log.warn({ cause }, `unwell: ${reason ?? cause}`)
    if (cause === undefined && unwell !== undefined) log.info({}, 'well again')
    unwell = cause
    const failed = getFailedCanaries()
    if (failed.join() !== failedCanaries)
      log.warn({ failed }, `canaries that do not answer: ${failed.join(', ') || 'none any more'}`)
    failedCanaries = failed.join()
    cancel = clock.setTimer(watchMs, turn)
  }
  turn()
  return () => cancel()
}
