import { drawnViceNames, type ViceName } from './vices/registry.ts'
import {
  drawClockSteps,
  drawCrashes,
  drawDiskFaults,
  drawHandoverCrashes,
  drawJoins,
  drawOneWays,
  drawOutage,
  drawPartitions,
  drawSlowness,
  drawWipe,
  type Fault,
} from './faults.ts'
import { type FoundingPlan, ORIGIN_MS } from './world/founding.ts'
import { goodWeather, type Weather } from './world/network.ts'
import { Prng } from './world/prng.ts'
import type { SchemeName } from './world/signature-scheme.ts'

/** What a seed may be about. */
export const scenarioNames = [
  'calm',
  'lossy',
  'crashes',
  'partition',
  'clocks',
  'dead-leader',
  'lost-log',
  'disks',
  'links',
  'slow',
  'large',
  'outage',
  'behind',
  'byzantine',
  'handover',
  'storm',
] as const
export type ScenarioName = (typeof scenarioNames)[number]

/** What may be asked of every seed; undefined: the seed says. */
export interface Asked {
  /** Of every faulty member, which there then are in any scenario. */
  readonly vices?: readonly ViceName[] | undefined
  /** Of every committee, {@link MEMBERS_ASKED_MIN} to {@link MEMBERS_MAX}. */
  readonly members?: number | undefined
}

/** One run, drawn from its seed. */
export interface Scenario {
  readonly name: ScenarioName
  readonly seed: number
  readonly asked: Asked
  readonly scheme: SchemeName
  readonly founding: FoundingPlan
  readonly observers: number
  /** Of nodes: members first, then observers. */
  readonly clockOffsetsMs: readonly number[]
  /** Of nodes: millionths by which their clocks run fast. */
  readonly driftsPpm: readonly number[]
  readonly weather: Weather
  readonly faults: readonly Fault[]
  /** By member; several are combined. Together the members weigh at most f, in each epoch. */
  readonly vices: ReadonlyMap<number, readonly ViceName[]>
  /** Members that run as two processes: one more node each, after all others. */
  readonly twins: readonly number[]
  /** Members that never start. */
  readonly dead: ReadonlySet<number>
  /** When the network turns good, everyone is back, and nothing fails any more. */
  readonly goodFromMs: number
  readonly endMs: number
}

const ROUND_MS = 1000
/** Good rounds at the end: what agreement needs to settle, and then to show that it goes on. */
const GOOD_ROUNDS = 24
/** Seeds of any scenario whose committee is large all the same. */
const LARGE_PER_MILLE = 15
/** A quartz is off by 100 at most; a bad one, in a hot machine, by some more. */
const DRIFT_PPM_MAX = 1000
/** Of any committee. */
export const MEMBERS_MAX = 31
/** Of committees whose size is asked for: in smaller ones nobody may be faulty, and some scenarios are of that. */
export const MEMBERS_ASKED_MIN = 4
/** Real Ed25519 in every twentieth seed. */
const ED25519_EVERY = 20

/**
 * @param name undefined: the seed says
 * @param asked what the seed does not say
 */
export function drawScenario(seed: number, name?: ScenarioName, asked: Asked = {}): Scenario {
  const { vices: only, members: size } = asked
  const prng = new Prng(seed, 'scenario')
  const named = name ?? scenarioNames[seed % scenarioNames.length] ?? 'calm'
  const has = (...names: ScenarioName[]) => names.includes(named)
  const isCalm = has('calm', 'dead-leader')
  const behind = has('behind') ? drawBehind(prng, size) : undefined
  const badRounds = isCalm
    ? 2
    : has('outage')
      ? prng.between(20, 45)
      : behind !== undefined
        ? prng.between(20, 30)
        : has('large')
          ? prng.between(4, 6)
          : prng.between(8, 16)
  const goodFromMs = ORIGIN_MS + badRounds * ROUND_MS
  const isAttacked = has('byzantine', 'storm') || only !== undefined
  // What came later draws from chance of its own, so that seeds stay what they were without it.
  const moreChance = new Prng(seed, 'more faults')
  const smaller = drawWeights(prng, isAttacked || has('lost-log', 'dead-leader') ? 4 : 1)
  const drawn =
    has('large') || (!isCalm && moreChance.chance(LARGE_PER_MILLE))
      ? drawLargeWeights(moreChance)
      : smaller
  const sizeChance = new Prng(seed, 'weights of as many as were asked for')
  const weights = behind?.weights ?? (size === undefined ? drawn : drawWeightsOf(sizeChance, size))
  const observers = prng.chance(300) ? 1 : 0
  const isHandover = has('handover') || (has('storm') && prng.chance(300))
  const drawnNext = drawWeights(prng, isAttacked ? 4 : 1)
  const nextWeights = size === undefined ? drawnNext : drawWeightsOf(sizeChance, size)
  const members = Math.max(weights.length, isHandover ? nextWeights.length : 0)
  const vices = isAttacked
    ? drawVices(prng, weights, isHandover ? nextWeights : weights, only)
    : new Map<number, readonly ViceName[]>()
  const faulty = new Set(vices.keys())
  const twins = [...vices].flatMap(([member, names]) => (names.includes('twin') ? [member] : []))
  const nodes = members + observers + twins.length
  const draw = { prng, nodes, goodFromMs, faulty }
  const more = { ...draw, prng: moreChance }
  return {
    name: named,
    seed,
    asked,
    scheme: seed % ED25519_EVERY === 7 ? 'ed25519' : 'cheap',
    founding: {
      seed,
      weights,
      targets: prng.between(1, 4),
      shards: prng.chance(200) ? 2 : 1,
      ...(isHandover
        ? { handover: { lastHeight: prng.between(3, badRounds), weights: nextWeights } }
        : {}),
    },
    observers,
    clockOffsetsMs: Array.from({ length: nodes }, (_, node) => {
      if (has('clocks', 'storm')) return prng.between(-2500, 2500)
      if (behind === undefined) return isCalm ? 0 : prng.between(-40, 40)
      return node === behind.ahead ? prng.between(1500, 2500) : prng.between(-2500, -1500)
    }),
    driftsPpm: Array.from({ length: nodes }, () =>
      has('slow', 'storm') && moreChance.chance(500)
        ? moreChance.between(-DRIFT_PPM_MAX, DRIFT_PPM_MAX)
        : 0,
    ),
    weather: isCalm
      ? goodWeather
      : {
          ...drawWeather(prng, has('lossy', 'storm')),
          ...(behind === undefined ? {} : { lossPerMille: prng.between(500, 700) }),
          ...(has('links', 'storm') ? { corruptPerMille: moreChance.between(1, 40) } : {}),
        },
    faults: [
      ...(has('crashes', 'storm', 'disks', 'large') || (has('handover') && prng.chance(500))
        ? drawCrashes(draw)
        : []),
      ...(isHandover && prng.chance(700) ? drawHandoverCrashes(draw) : []),
      ...(has('partition', 'storm') ? drawPartitions(draw) : []),
      ...(has('outage') ? drawOutage(draw) : []),
      ...(has('lost-log') ? drawWipe(draw, drawLight(prng, weights)) : []),
      ...(has('clocks') ? drawClockSteps(draw) : []),
      ...(has('disks', 'storm') ? drawDiskFaults(more) : []),
      ...(has('links', 'storm') ? drawOneWays(more) : []),
      ...(has('slow', 'storm') ? drawSlowness(more) : []),
      ...(has('slow', 'storm') ? drawJoins(more) : []),
    ],
    vices,
    twins,
    dead: has('dead-leader')
      ? new Set([drawLight(prng, weights)])
      : new Set(vices.size > 0 ? [] : behind?.dead),
    goodFromMs,
    endMs: goodFromMs + GOOD_ROUNDS * ROUND_MS,
  }
}

/** f of SPEC 1 for these weights. */
export function getFaultyWeight(weights: readonly number[]): number {
  const whole = weights.reduce((total, weight) => total + weight, 0)
  return whole - (Math.floor((2 * whole) / 3) + 1)
}

function drawWeights(prng: Prng, membersMin: number): number[] {
  // Four is the smallest committee that stands a fault, and the commonest.
  return drawWeightsOf(prng, Math.max(membersMin, prng.chance(400) ? 4 : prng.between(1, 7)))
}

function drawWeightsOf(prng: Prng, members: number): number[] {
  if (prng.chance(600)) return Array.from({ length: members }, () => 1)
  for (let tries = 0; tries < 50; tries++) {
    const weights = Array.from({ length: members }, () => prng.between(1, 5))
    if (members < 4 || Math.max(...weights) <= getFaultyWeight(weights)) return weights
  }
  return Array.from({ length: members }, () => 1)
}

function drawLargeWeights(prng: Prng): number[] {
  const members = prng.between(11, MEMBERS_MAX)
  // No member alone outweighs f.
  return Array.from({ length: members }, () => prng.between(1, 3))
}

/**
 * A network that most of what is said does not reach, so that it falls behind by more rounds than blocks
 * may be. As many as may fail are dead, so all others are needed; the clock of one of these is seconds
 * ahead of the rest.
 */
function drawBehind(prng: Prng, size: number | undefined) {
  const drawn = prng.pick([4, 7, 10])
  const weights = Array.from({ length: size ?? drawn }, () => 1)
  const [ahead, ...others] = prng.shuffle([...weights.keys()])
  return { weights, ahead, dead: others.slice(0, getFaultyWeight(weights)) }
}

/** A member no heavier than f. */
function drawLight(prng: Prng, weights: readonly number[]): number {
  const faulty = getFaultyWeight(weights)
  return prng.pick([...weights.keys()].filter((index) => (weights[index] ?? 0) <= faulty))
}

/** Vices for members that together weigh at most f, in each epoch. */
function drawVices(
  prng: Prng,
  weights: readonly number[],
  nextWeights: readonly number[],
  only: readonly ViceName[] | undefined,
): Map<number, readonly ViceName[]> {
  const vices = new Map<number, readonly ViceName[]>()
  const weigh = (members: Iterable<number>, of: readonly number[]) =>
    [...members].reduce((total, member) => total + (of[member] ?? 0), 0)
  for (const member of prng.shuffle([...weights.keys()])) {
    const together = [...vices.keys(), member]
    const fits = [weights, nextWeights].every(
      (of) => weigh(together, of) <= Math.max(0, getFaultyWeight(of)),
    )
    const drawn = drawCombination(prng)
    if (fits) vices.set(member, only ?? drawn)
    if (vices.size > 0 && prng.chance(500)) break
  }
  return vices
}

/** One vice, or now and then two in one node; a twin is twice as much as it is. */
function drawCombination(prng: Prng): readonly ViceName[] {
  const [first, second] = [prng.pick(drawnViceNames), prng.pick(drawnViceNames)]
  const isOne = first === second || [first, second].includes('twin') || !prng.chance(250)
  return isOne ? [first] : [first, second]
}

function drawWeather(prng: Prng, isHard: boolean): Weather {
  return {
    lossPerMille: isHard ? prng.between(50, 400) : prng.between(0, 50),
    duplicatePerMille: prng.between(0, 100),
    delayMsMin: 1,
    delayMsMax: prng.between(10, isHard ? 300 : 80),
    slowPerMille: prng.between(0, isHard ? 100 : 20),
    slowMsMax: 3000,
  }
}
