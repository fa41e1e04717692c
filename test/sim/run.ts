import type { AlarmCode } from '@watchfire/consensus'
import type { MemberIndex, Parameters } from '@watchfire/attestation'
import { makeCheckers } from './checkers/all.ts'
import { Auditor, type CheckerName, type Violate, type Violation } from './checkers/checker.ts'
import {
  checkAbreast,
  checkCoverage,
  checkDeadLeader,
  checkEnd,
  checkProgress,
  SETTLE_ROUNDS,
  STEADY_ROUNDS,
} from './checkers/liveness.ts'
import { makeVice } from './vices/registry.ts'
import type { Fault } from './faults.ts'
import type { Scenario } from './scenario.ts'
import { Witness } from './checkers/witness.ts'
import { EventQueue } from './world/event-queue.ts'
import { found, ORIGIN_MS } from './world/founding.ts'
import { Health } from './world/health.ts'
import { goodWeather, type NetworkCounts, SimNetwork } from './world/network.ts'
import { Prng } from './world/prng.ts'
import { type Seam, soundSeam } from './world/seam.ts'
import { makeScheme } from './world/signature-scheme.ts'
import { SimNode } from './world/sim-node.ts'
import type { World } from './world/world.ts'
import { type Certified, Stopwatch } from './world/stopwatch.ts'
import { getFingerprint, makeFingerprints, Trace } from './world/trace.ts'
import { withSharedDecoding } from './world/shared-codec.ts'

/** Sizes from which a vote log is written anew: small, so that it happens within a run, or never. */
const COMPACT_BYTES = [2000, 20_000, Number.POSITIVE_INFINITY] as const
/** Virtual time before the first round in which nodes start. */
const HEAD_START_MS = 300

export interface RunResult {
  readonly violations: readonly Violation[]
  readonly traceHash: string
  /** The end of the trace, in words. */
  readonly tail: readonly string[]
  /** Rounds that some honest node finalized. */
  readonly rounds: number
  readonly faults: Readonly<Record<string, number>>
  readonly network: NetworkCounts
  /** How long certificates took, at every honest node. */
  readonly certified: readonly Certified[]
  readonly parameters: Parameters
  /** What faulty nodes did, and what the honest made of it. */
  readonly witness: Witness
  readonly nodes: readonly SimNode[]
}

export interface RunOptions {
  /** Replaces parts of the nodes; mutants do. */
  readonly seam?: Seam
  /** Only what these find counts; undefined: all. */
  readonly checkers?: readonly CheckerName[]
  /** Whether what only bytes say is worked out once a world; undefined: as the scenario's signatures say. */
  readonly isShared?: boolean
  /** Without any checker, for the trace alone, which is the same; undefined: checkers look on. */
  readonly isUnwatched?: boolean
}

/** Runs one scenario to its end, or to its first violation. */
export function runScenario(scenario: Scenario, options: RunOptions = {}): RunResult {
  return isShared(scenario, options)
    ? withSharedDecoding(() => runWorld(scenario, options))
    : runWorld(scenario, options)
}

/** Seeds with real signatures do all work at every node, so that what is shared elsewhere is held against it. */
function isShared({ scheme }: Scenario, { isShared: asked }: RunOptions): boolean {
  return asked ?? scheme === 'cheap'
}

function runWorld(scenario: Scenario, options: RunOptions): RunResult {
  const { world, stopwatch } = makeWorld(scenario, options)
  const { queue, network, auditor, nodes } = world
  const parameters = world.founding.epochs[0]?.parameters
  if (parameters === undefined) throw new Error('a network without an epoch')
  const violate: Violate = (checker, detail) => auditor.violate(checker, detail)
  const faults: Record<string, number> = {}
  const count = (name: string) => {
    faults[name] = (faults[name] ?? 0) + 1
  }
  for (const vice of [...scenario.vices.values()].flat()) count(vice)

  for (const ppm of scenario.driftsPpm) if (ppm !== 0) count('drift')
  const joins = new Set(
    scenario.faults.flatMap((fault) => (fault.kind === 'join' ? [fault.node] : [])),
  )
  for (const node of nodes) {
    if (scenario.dead.has(node.index)) count('dead')
    else if (joins.has(node.index)) continue
    else queue.after(node.prng.between(0, HEAD_START_MS), () => node.boot())
  }
  for (const fault of scenario.faults) {
    queue.at(fault.atMs, () => {
      count(nameFault(fault))
      happen(world, fault)
    })
  }
  queue.at(scenario.goodFromMs, () => {
    network.setWeather(goodWeather)
    network.partition([])
    network.mendLinks()
    for (const node of nodes) {
      node.disk.mend()
      node.slowDown(0)
    }
    for (const node of nodes) revive(node, scenario)
  })
  const isWatched = options.isUnwatched !== true
  if (isWatched) scheduleChecks(world, scenario, violate)
  for (let atMs = ORIGIN_MS; atMs <= scenario.endMs; atMs += 250) {
    runUntil(queue, atMs, scenario)
    auditor.tell((checker) => checker.onLook?.(nodes))
    if (auditor.violations.length > 0) break
  }
  if (isWatched && auditor.violations.length === 0) {
    checkCoverage(scenario, nodes, violate)
    checkEnd(scenario, nodes, violate)
    const isCalm = scenario.name === 'dead-leader' || scenario.name === 'calm'
    if (isCalm) checkDeadLeader(scenario, nodes, parameters, violate)
    auditor.tell((checker) => checker.onEnd?.(nodes))
  }
  const honest = nodes.filter((node) => node.isHonest)
  return {
    violations: auditor.violations,
    tail: world.trace.getTail(),
    traceHash: world.trace.hash,
    witness: world.witness,
    rounds: new Set(honest.flatMap((node) => [...node.finalizedAtMs.keys()])).size,
    faults: { ...faults, ...Object.fromEntries(world.witness.deeds) },
    network: network.counts,
    certified: stopwatch.certified.filter(({ node }) => nodes[node]?.isHonest === true),
    parameters,
    nodes,
  }
}

function runUntil(queue: EventQueue, atMs: number, { seed, name }: Scenario): void {
  try {
    queue.runUntil(atMs)
  } catch (cause) {
    throw new Error(`seed ${seed}, ${name}: ${String(cause)}`, { cause })
  }
}

function scheduleChecks({ queue, nodes }: World, scenario: Scenario, violate: Violate): void {
  const progressMs = scenario.goodFromMs + SETTLE_ROUNDS * 1000
  queue.at(progressMs, () => checkProgress(scenario, nodes, progressMs, violate))
  const steadyFromMs = scenario.goodFromMs + STEADY_ROUNDS * 1000
  for (let atMs = steadyFromMs; atMs < scenario.endMs; atMs += 500) {
    queue.at(atMs, () => {
      checkCoverage(scenario, nodes, violate)
      checkAbreast(scenario, nodes, atMs, violate)
    })
  }
}

/**
 * Runs a scenario twice; two traces that differ are a violation, `determinism`. The second run is for the
 * trace alone: what checkers would find in it they found in the first, if the traces are equal, and equal
 * traces show as well that checkers only look on.
 *
 * @param makeOptions called for each run, so that a seam may keep state of its own
 */
export function runTwice(
  scenario: Scenario,
  makeOptions: () => RunOptions = () => ({}),
): RunResult {
  const first = runScenario(scenario, makeOptions())
  if (first.violations.length > 0) return first
  const second = runScenario(scenario, { ...makeOptions(), isUnwatched: true })
  if (first.traceHash === second.traceHash) return first
  const detail = `one seed, two traces: ${first.traceHash} and ${second.traceHash}`
  return { ...second, violations: [...second.violations, { checker: 'determinism', detail }] }
}

function makeWorld(
  scenario: Scenario,
  options: RunOptions,
): { readonly world: World; readonly stopwatch: Stopwatch } {
  const { seam = soundSeam, checkers } = options
  const isWatched = options.isUnwatched !== true
  const { seed } = scenario
  const queue = new EventQueue(ORIGIN_MS - 2 * HEAD_START_MS)
  const scheme = makeScheme(scenario.scheme)
  const founding = found(scenario.founding, scheme)
  const network = new SimNetwork(queue, new Prng(seed, 'network'), scenario.weather)
  const honest = founding.keys.flatMap((_, index) => (scenario.vices.has(index) ? [] : [index]))
  const alarms = new Set<AlarmCode>(scenario.name === 'lost-log' ? ['unknown-own-signature'] : [])
  const context = {
    founding,
    verify: scheme.verify,
    honest: new Set(honest),
    goodFromMs: scenario.goodFromMs,
    nowMs: () => queue.nowMs,
  }
  const witness = new Witness()
  const auditor = new Auditor(checkers, (violate) =>
    isWatched ? [...makeCheckers(context, violate, alarms), witness] : [],
  )
  const nodes: SimNode[] = []
  const trace = new Trace()
  const health = new Health(seed)
  const stopwatch = new Stopwatch(queue, founding)
  const world = {
    seed,
    queue,
    network,
    trace,
    auditor,
    witness,
    founding,
    scheme,
    seam: {
      ...seam,
      makeEngine: (node: number) => {
        const engine = seam.makeEngine(node)
        return isWatched ? stopwatch.watch(engine, node) : engine
      },
    },
    health,
    nodes,
    isShared: isShared(scenario, options),
    getFingerprint: isShared(scenario, options) ? makeFingerprints() : getFingerprint,
  }
  const seats = [
    ...founding.keys.keys(),
    ...Array.from({ length: scenario.observers }, () => undefined),
    ...scenario.twins,
  ]
  for (const [index, member] of seats.entries()) {
    const vices = member === undefined ? undefined : scenario.vices.get(member)
    const plan = {
      index,
      member: member as MemberIndex | undefined,
      clockOffsetMs: scenario.clockOffsetsMs[index] ?? 0,
      driftPpm: scenario.driftsPpm[index] ?? 0,
      compactBytes: new Prng(seed, `log of ${index}`).pick(COMPACT_BYTES),
      vice: vices === undefined ? undefined : makeVice(vices),
    }
    nodes.push(new SimNode(world, plan, new Prng(seed, `node ${index}`)))
  }
  return { world, stopwatch }
}

/** As it is counted. */
function nameFault(fault: Fault): string {
  if (fault.kind === 'disk') return `disk-${fault.how}`
  return 'how' in fault ? fault.how : fault.kind
}

function happen(world: World, fault: Fault): void {
  const { network, nodes, queue } = world
  switch (fault.kind) {
    case 'crash':
      crash(world, fault)
      break
    case 'crash-at-handover': {
      const node = nodes[fault.node]
      if (node !== undefined) node.onNewEpoch = () => crash(world, fault)
      break
    }
    case 'disk': {
      const node = nodes[fault.node]
      node?.disk.fail(fault.how, node.prng)
      queue.after(fault.forMs, () => node?.disk.mend())
      break
    }
    case 'one-way':
      network.breakLink(fault.from, fault.to)
      queue.after(fault.forMs, () => network.mendLink(fault.from, fault.to))
      break
    case 'slow':
      nodes[fault.node]?.slowDown(fault.costMs)
      queue.after(fault.forMs, () => nodes[fault.node]?.slowDown(0))
      break
    case 'join': {
      const node = nodes[fault.node]
      if (node !== undefined && !node.isUp && !node.isBroken) node.boot()
      break
    }
    case 'partition':
      network.partition(fault.sides)
      break
    case 'heal':
      network.partition([])
      break
    case 'clock':
      nodes[fault.node]?.setClockOffset(fault.offsetMs)
      break
  }
}

function crash(
  { queue, nodes }: World,
  fault: Fault & { kind: 'crash' | 'crash-at-handover' },
): void {
  const node = nodes[fault.node]
  if (node === undefined || !node.isUp) return
  node.crash(fault.how, fault.afterOps)
  queue.after(fault.downMs, () => {
    node.crashNow()
    if (!node.isUp && !node.isBroken) node.boot()
  })
}

/** Everyone is back for the good time, in which nothing fails. */
function revive(node: SimNode, scenario: Scenario): void {
  node.onNewEpoch = undefined
  node.crashNow()
  if (!node.isUp && !node.isBroken && !scenario.dead.has(node.index)) node.boot()
}
