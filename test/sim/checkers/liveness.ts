import type { Parameters } from '@watchfire/attestation'
import type { Scenario } from '../scenario.ts'
import { ORIGIN_MS } from '../world/founding.ts'
import type { SimNode } from '../world/sim-node.ts'
import type { Violate } from './checker.ts'

const ROUND_MS = 1000
/**
 * Rounds that agreement may take to go on once the network is good: nodes repeat at most every
 * `viewTimeoutMsMax` (2 s), a few of which it takes to bring all into one view.
 */
export const SETTLE_ROUNDS = 10
/** Rounds at the end that may still be under way. */
const OPEN_ROUNDS = 4
/**
 * Rounds that pass while a view lasts as long as it may (`viewTimeoutMsMax`, 2 s): clocks further
 * apart than the time-out keep timers backed off, and then each faulty leader costs so much.
 */
const ROUNDS_PER_FAULTY_LEADER = 2

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

/** At the end: all honest nodes are abreast, and the rounds of the good time are covered. */
export function checkEnd(scenario: Scenario, nodes: readonly SimNode[], violate: Violate): void {
  const honest = nodes.filter((node) => node.isHonest && !scenario.dead.has(node.index))
  const lagMs = Math.max(0, ...honest.map((node) => Math.abs(node.nowMs - scenario.endMs)))
  const areApart = getClockSpreadMs(scenario) > ROUND_MS / 4
  const openRounds = OPEN_ROUNDS + (areApart ? ROUNDS_PER_FAULTY_LEADER * scenario.vices.size : 0)
  const lastRound = toRound(scenario.endMs) - openRounds - Math.ceil(lagMs / ROUND_MS)
  for (const node of honest) {
    if (!node.isUp) {
      violate('liveness', `node ${node.index} is down at the end`)
      continue
    }
    const epochs = node.epochs.length
    if (node.status?.epoch !== epochs - 1) {
      violate('liveness', `node ${node.index} has not come to epoch ${epochs - 1}`)
    }
    const final = node.status?.finalRound ?? 0
    if (final < lastRound) {
      violate('liveness', `node ${node.index} ends at round ${final}, not ${lastRound}`)
    }
  }
  if (mayHaveGaps(scenario)) return
  const covered = new Set(honest.flatMap((node) => [...node.finalizedAtMs.keys()]))
  const firstRound = toRound(scenario.goodFromMs) + SETTLE_ROUNDS
  const gaps: number[] = []
  for (let round = firstRound; round <= lastRound; round++)
    if (!covered.has(round)) gaps.push(round)
  if (gaps.length > 0) violate('coverage', `no final block covers rounds ${gaps.join()}`)
}

/**
 * Whether rounds may be left out in good weather: a member that withholds its attestations from some,
 * together with honest ones that attest late, can leave a round without a quorum at every leader
 * until a later round has one.
 */
function mayHaveGaps(scenario: Scenario): boolean {
  return scenario.vices.size > 0 && getClockSpreadMs(scenario) > ROUND_MS / 4
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

function toRound(atMs: number): number {
  return Math.floor((atMs - ORIGIN_MS) / ROUND_MS)
}
