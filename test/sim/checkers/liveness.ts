import type { Parameters } from '@watchfire/attestation'
import type { Scenario } from '../scenario.ts'
import { ORIGIN_MS } from '../world/founding.ts'
import { goodWeather } from '../world/network.ts'
import type { SimNode } from '../world/sim-node.ts'
import type { Violate } from './checker.ts'

const ROUND_MS = 1000
/**
 * Rounds that agreement may take to go on once the network is good: nodes repeat at most every
 * `viewTimeoutMsMax` (2 s), a few of which it takes to bring all into one view.
 */
export const SETTLE_ROUNDS = 10
/** Rounds of the good time after which nothing of the bad time is left: timers are short again, nobody is behind. */
export const STEADY_ROUNDS = 16

/** Once the network is good, every honest node that is up finalizes again within a bounded time. */
export function checkProgress(
  scenario: Scenario,
  nodes: readonly SimNode[],
  nowMs: number,
  violate: Violate,
): void {
  const goodRound = toRound(scenario.goodFromMs)
  for (const node of nodes) {
    if (!node.isHonest || !node.isUp) continue
    const final = node.status?.finalRound ?? 0
    if (final < goodRound) {
      const since = `${nowMs - scenario.goodFromMs} ms after the network turned good`
      violate('liveness', `node ${node.index} is at round ${final}, not ${goodRound}, ${since}`)
    }
  }
}

/**
 * How long after a round's start its block may become final in good weather (SPEC 6.2, 6.3):
 *
 * - the slowest honest clock comes to the round `slowMs` after it began, and attests; the leader
 *   proposes at the latest `proposeAtMs` after that;
 * - the attestation, the proposal, the votes notarize and finalize, and where a leader was faulty the
 *   votes nullify travel: five delays;
 * - each faulty leader in a row costs its time-out, which doubles from `viewTimeoutMs` on.
 *
 * With clocks further apart than `viewTimeoutMs` timers are as long as these clocks need, at most
 * `viewTimeoutMsMax`: a view is timed from where its round may be proposed, and where no round is left out
 * it lasts no longer than the next takes to come by the slowest clock. Then
 *
 * - each faulty leader in a row costs `viewTimeoutMsMax`;
 * - where timers are short of that, more than f may nullify a view that is notarized: its block is final
 *   with the next, a round later, for which their timers are twice as long. Timers shrink meanwhile
 *   where a view was short: behind a faulty leader, where agreement catches up, and at members with
 *   slow clocks, who count from a later moment, under leaders with fast ones. Allowed is one such view
 *   for every doubling up to the longest, at most one for each view of the turn that waits for a clock:
 *   no faulty leader's, nor the one after it, whose round is due already. That is no proof: with all
 *   members sound two in a row is the most that was seen (seeds 20706 and 22422 of `clocks`, once a
 *   turn), and three where as many as may be are dead, so that one member's nullify is enough to keep a
 *   block from being final (seed 28 of `behind`);
 * - the next is later than a round where its block left rounds out: the slowest clock's owner, should it
 *   lead next, waits for the round after that one. Where a faulty member attests a later round and not the
 *   earlier, a block may (ADR 21); a round more for each that was left out by blocks that are notarized and
 *   final nowhere (seed 409135 of `storm`), as many as lie between the fastest clock and the slowest for
 *   each view that may be short: 15 s at the most, with clocks 5 s apart;
 * - what was attested in the epoch before counts no more, and the fastest clock's owner attests next in
 *   the round after its own: until the slowest comes to that one, in the first turn of a new epoch.
 *
 * Rounds lost so are made up for: while it is behind, agreement takes a round a view and waits for no
 * clock, and of n leaders in turn more than 2n/3 are honest.
 *
 * No faulty member here plots with clocks: one that did could be later still while they are further apart
 * than agreement is made for (ADR 21).
 */
export function getLatencyMs(
  scenario: Scenario,
  parameters: Parameters,
  nodes: readonly SimNode[],
): number {
  const { roundMs, attestByMs, viewTimeoutMs, viewTimeoutMsMax, proposeAtMs } = parameters
  const honest = nodes.filter(({ isHonest, index }) => isHonest && !scenario.dead.has(index))
  const offsetsMs = honest.map((node) => node.clockOffsetMs)
  const slowMs = Math.max(0, -Math.min(...offsetsMs))
  const spreadMs = Math.max(...offsetsMs) - Math.min(...offsetsMs)
  const faulty = scenario.vices.size + scenario.dead.size
  const doublings = Math.log2(viewTimeoutMsMax / viewTimeoutMs)
  const soundMs = slowMs + proposeAtMs + 5 * goodWeather.delayMsMax
  if (spreadMs <= viewTimeoutMs) {
    return soundMs + viewTimeoutMs * (2 ** Math.min(faulty, doublings) - 1)
  }
  const members = Math.max(...(nodes[0]?.epochs ?? []).map((each) => each.committee.members.length))
  const waiting = members - faulty - Math.min(faulty, 1)
  const short = Math.min(doublings, Math.max(1, waiting))
  const { handover } = scenario.founding
  const heights = honest.map(({ status }) => status?.finalHeight ?? 0)
  const isNew = handover !== undefined && Math.min(...heights) < handover.lastHeight + members
  const attestedMs = isNew ? spreadMs + roundMs : 0
  const leftOut = scenario.vices.size === 0 ? 0 : countLeftOut(honest)
  const jump = Math.floor((spreadMs + attestByMs + goodWeather.delayMsMax) / roundMs)
  const later = short + Math.min(leftOut, short * jump)
  return soundMs + faulty * viewTimeoutMsMax + later * roundMs + attestedMs
}

/** Rounds that notarized blocks left out, above what is final at any of these nodes, where those are most. */
function countLeftOut(nodes: readonly SimNode[]): number {
  const statuses = nodes.flatMap(({ status }) => status ?? [])
  const finalRound = Math.max(...statuses.map((status) => status.finalRound))
  const finalHeight = Math.max(...statuses.map((status) => status.finalHeight))
  return Math.max(
    0,
    ...statuses.map(({ tipRound, tipHeight }) => tipRound - finalRound - (tipHeight - finalHeight)),
  )
}

/** In the steady time, at any moment: no honest node is behind what is final at the latest by now. */
export function checkAbreast(
  scenario: Scenario,
  nodes: readonly SimNode[],
  nowMs: number,
  violate: Violate,
): void {
  const parameters = getParameters(nodes)
  const due = toRound(nowMs - getLatencyMs(scenario, parameters, nodes))
  for (const node of nodes) {
    if (!node.isHonest || scenario.dead.has(node.index)) continue
    const final = node.status?.finalRound ?? 0
    if (!node.isUp) violate('liveness', `node ${node.index} is down in good weather`)
    else if (final < due) {
      const second = (nowMs - scenario.goodFromMs) / ROUND_MS
      const when = `${second} s after the network turned good`
      violate('liveness', `node ${node.index} is at round ${final}, not ${due}, ${when}`)
    }
  }
}

/** In the steady time, at any moment: the rounds of the good time are covered, up to where all are. */
export function checkCoverage(
  scenario: Scenario,
  nodes: readonly SimNode[],
  violate: Violate,
): void {
  if (mayHaveGaps(scenario, getParameters(nodes))) return
  const honest = nodes.filter((node) => node.isHonest && !scenario.dead.has(node.index))
  const lastRound = Math.min(...honest.map((node) => node.status?.finalRound ?? 0))
  const covered = new Set(honest.flatMap((node) => [...node.finalizedAtMs.keys()]))
  const firstRound = toRound(scenario.goodFromMs) + SETTLE_ROUNDS
  const gaps: number[] = []
  for (let round = firstRound; round <= lastRound; round++)
    if (!covered.has(round)) gaps.push(round)
  if (gaps.length > 0) violate('coverage', `no final block covers rounds ${gaps.join()}`)
}

/** At the end: all honest nodes are in the last epoch. */
export function checkEnd(scenario: Scenario, nodes: readonly SimNode[], violate: Violate): void {
  for (const node of nodes) {
    if (!node.isHonest || scenario.dead.has(node.index)) continue
    const epochs = node.epochs.length
    if (!node.isUp) violate('liveness', `node ${node.index} is down at the end`)
    else if (node.status?.epoch !== epochs - 1) {
      violate('liveness', `node ${node.index} has not come to epoch ${epochs - 1}`)
    }
  }
}

/**
 * Whether rounds may be left out in good weather, where clocks are apart:
 *
 * - a member that withholds its attestations from some, together with honest ones that attest late, can
 *   leave a round without a quorum at every leader until a later round has one;
 * - faulty leaders in a row cost a longest time-out each, by which agreement, which the slowest clock
 *   paces, may come to be further behind the fastest than that clock's owner may propose (SPEC 6.3).
 */
function mayHaveGaps(
  scenario: Scenario,
  { viewTimeoutMsMax, roundsBehindMax }: Parameters,
): boolean {
  const spreadMs = getClockSpreadMs(scenario)
  if (scenario.vices.size > 0 && spreadMs > ROUND_MS / 4) return true
  const { size } = scenario.dead
  return size > 0 && spreadMs + size * viewTimeoutMsMax > (roundsBehindMax - 1) * ROUND_MS
}

function getClockSpreadMs({ clockOffsetsMs }: Scenario): number {
  return Math.max(...clockOffsetsMs) - Math.min(...clockOffsetsMs)
}

/**
 * A dead leader costs one time-out: with a good network, every round is final soon after its
 * proposal was due, and one time-out more where its leader is dead.
 */
export function checkDeadLeader(
  scenario: Scenario,
  nodes: readonly SimNode[],
  parameters: Parameters,
  violate: Violate,
): void {
  const { delayMsMax } = scenario.weather
  // Attestations come in, then proposal, notarize and finalize votes, and the nullification's votes.
  const allowedMs = parameters.proposeAtMs + parameters.viewTimeoutMs + 5 * delayMsMax
  for (const node of nodes) {
    if (!node.isHonest || !node.isUp) continue
    for (const [round, atMs] of node.finalizedAtMs) {
      const tookMs = atMs - (ORIGIN_MS + round * ROUND_MS)
      if (round > 1 && tookMs > allowedMs) {
        const limit = `${tookMs} ms after it began, not ${allowedMs}`
        violate('dead-leader', `node ${node.index}: round ${round} is final ${limit}`)
      }
    }
  }
}

function getParameters(nodes: readonly SimNode[]): Parameters {
  const parameters = nodes[0]?.epochs[0]?.parameters
  if (parameters === undefined) throw new Error('a network without an epoch')
  return parameters
}

function toRound(atMs: number): number {
  return Math.floor((atMs - ORIGIN_MS) / ROUND_MS)
}
