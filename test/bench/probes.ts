import { type Blackbox, startBlackbox } from './blackbox.ts'
import {
  type Benchmark,
  type Finding,
  getMedian,
  type Measurement,
  makeMeasurement,
  type Say,
} from './measurement.ts'
import { canFavour, canPin, startPlainServer, startProber } from './prober-process.ts'

const names = { rate: 'probe-rate', cpu: 'probe-cpu', late: 'probe-lateness', core: 'probe-core' }
const BATCH = 1000
const PAIRS = 20
const WARM_UP_PAIRS = 5
/** What one monitor is to watch, each every round of 5 s. */
const TARGETS = 2000
const ROUNDS = 6
const ROUND_MS = 5000
/** A tenth of the time that a target is promised: one begun later is no full probe any more. */
const LATE_MS_MAX = 100

/** What probes cost: `http`, each on a connection of its own, to a plain server on another core. */
export const probesBenchmark: Benchmark = { names: Object.values(names), run: measureProbes }

type Prober = ReturnType<typeof startProber>

async function measureProbes(say: Say): Promise<readonly Measurement[]> {
  if (!canPin)
    say(
      'probes, their server and blackbox_exporter share cores: taskset or a second core is missing',
    )
  if (!canFavour)
    say('they share their cores with what else runs here: only root may give priority')
  const server = await startPlainServer()
  const prober = startProber()
  // A process of its own: garbage of the one is never collected in a turn of the other.
  const asker = startProber()
  try {
    const blackbox = await startBlackbox().catch((error: unknown) => {
      say(`${names.cpu} is left out: blackbox_exporter cannot be had here: ${String(error)}`)
      return undefined
    })
    try {
      say(`batches of ${BATCH} probes in turns with the same by others`)
      const costs = await compareCosts({ prober, asker, blackbox }, server.port)
      say(`${TARGETS} targets for ${ROUNDS} rounds of ${ROUND_MS} ms`)
      return [...costs, ...(await measureTime(prober, server.port, say))]
    } finally {
      await blackbox?.stop()
    }
  } finally {
    prober.stop()
    asker.stop()
    server.stop()
  }
}

interface Rivals {
  readonly prober: Prober
  /** Asks by undici alone. */
  readonly asker: Prober
  readonly blackbox: Blackbox | undefined
}

async function compareCosts(
  { prober, asker, blackbox }: Rivals,
  port: number,
): Promise<readonly Measurement[]> {
  const ours: number[] = []
  const undici: number[] = []
  const others: number[] = []
  const turns = [
    async () => ours.push(await getCost(prober, port, 'probes')),
    async () => undici.push(await getCost(asker, port, 'undici')),
    async () => {
      if (blackbox === undefined) return
      others.push(((await blackbox.probe(`http://127.0.0.1:${port}/`, BATCH)) * 1000) / BATCH)
    },
  ]
  for (let pair = 0; pair < WARM_UP_PAIRS + PAIRS; pair++) {
    if (pair === WARM_UP_PAIRS) for (const list of [ours, undici, others]) list.length = 0
    for (const turn of pair % 2 === 0 ? turns : turns.toReversed()) await turn()
  }
  const toRates = (costsUs: readonly number[]) => costsUs.map((us) => 1e6 / us)
  const rate = pairUp(toRates(ours), toRates(undici), {
    name: names.rate,
    unit: 'probes per second of one core',
    against: 'bare undici: the same requests, a Client each, as many at once',
    aim: { atLeast: 0.8 },
  })
  if (blackbox === undefined) return [rate]
  const cpu = pairUp(ours, others, {
    name: names.cpu,
    unit: 'microseconds of processor time per probe',
    against: 'blackbox_exporter: the same check',
    aim: { atMost: 1 },
  })
  return [rate, cpu]
}

/** Microseconds of processor time for one. */
async function getCost(prober: Prober, port: number, ask: 'probes' | 'undici'): Promise<number> {
  const { cpuMs, bad } = await prober.tell({ ask, port, count: BATCH })
  if (bad > 0) throw new Error(`${bad} of ${BATCH} ${ask} did not reach a healthy server`)
  return (cpuMs * 1000) / BATCH
}

type About = Pick<Finding, 'name' | 'unit' | 'against' | 'aim'>

function pairUp(values: readonly number[], peers: readonly number[], about: About): Measurement {
  const ratios = values.map((value, index) => value / (peers[index] ?? Number.NaN))
  return makeMeasurement({
    ...about,
    value: getMedian(values),
    againstValue: getMedian(peers),
    ratio: getMedian(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    samples: ratios.length,
  })
}

async function measureTime(
  prober: Prober,
  port: number,
  say: Say,
): Promise<readonly Measurement[]> {
  const { lateMs, bad, cpuMs, waitedMs } = await prober.tell({
    rounds: ROUNDS,
    port,
    targets: TARGETS,
  })
  const sorted = lateMs.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  const late = sorted.filter((ms) => !(ms <= LATE_MS_MAX)).length
  const told = [0.5, 0.9, 0.99, 0.999, 1]
    .map((part) => `${part * 100} %: ${Math.round(at(part))} ms`)
    .join(', ')
  say(`lateness of ${sorted.length} probes: ${told}; ${late} late, ${bad} did not reach`)
  say(`the core was not free for ${Math.round(waitedMs)} ms of ${ROUNDS * ROUND_MS} ms`)
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    Math.max(...lateMs.slice(round * TARGETS, (round + 1) * TARGETS)),
  )
  say(`the latest of each round: ${rounds.map(Math.round).join(', ')} ms`)
  if (bad > 0) throw new Error(`${bad} of ${sorted.length} probes did not reach a healthy server`)
  const one = (finding: Pick<Finding, 'value' | 'againstValue'> & About) => {
    const ratio = finding.value / finding.againstValue
    return makeMeasurement({
      ...finding,
      ratio,
      ratioMin: ratio,
      ratioMax: ratio,
      samples: sorted.length,
    })
  }
  return [
    one({
      name: names.late,
      value: Math.max(at(1), 1),
      unit: 'ms from the planned moment to the probe’s beginning, the worst',
      against: 'a tenth of the target’s time: later is late',
      againstValue: LATE_MS_MAX,
      aim: { atMost: 1 },
    }),
    one({
      name: names.core,
      value: (cpuMs * 100) / (ROUNDS * ROUND_MS),
      unit: 'percent of one core, of 2,000 targets every 5 s',
      against: 'one core',
      againstValue: 100,
      aim: { atMost: 1 },
    }),
  ]
}
