import { type DevnetRun, startDevnet } from '../e2e/devnet-run.ts'
import { startIdlePeers } from './idle-peers.ts'
import {
  type Benchmark,
  getMedian,
  type Measurement,
  makeMeasurement,
  type Say,
} from './measurement.ts'
import { type ProcessCost, readProcessCost } from './process-cost.ts'

const MONITORS = 4
/** Certified rounds before and while it is measured: code is compiled and the heap has settled. */
const WARM_UP_ROUNDS = 10
const ROUNDS = 20
const MIB = 2 ** 20

const names = { cpu: 'monitor-cpu', memory: 'monitor-memory' }

/**
 * What a monitor of the devnet costs (4 monitors, 5 targets, rounds of 2 s), against a libp2p node of
 * the same build that is connected to as many peers over the same time, and has nothing to say.
 */
export const devnetBenchmark: Benchmark = {
  names: Object.values(names),
  needsBuild: true,
  run: measureDevnet,
}

async function measureDevnet(say: Say): Promise<readonly Measurement[]> {
  say('a devnet starts')
  const devnet = await startDevnet(['--monitors', String(MONITORS)])
  try {
    const peers = await startIdlePeers(MONITORS - 1)
    try {
      const idle = await startIdlePeers(1, peers.addresses)
      try {
        return await watch(devnet, idle.pid, say)
      } finally {
        await idle.stop()
      }
    } finally {
      await peers.stop()
    }
  } finally {
    await devnet.stop()
  }
}

async function watch(devnet: DevnetRun, idle: number, say: Say): Promise<readonly Measurement[]> {
  const monitors = devnet.network.nodes.map(({ pid }) => pid)
  say(`${WARM_UP_ROUNDS} rounds to settle, ${ROUNDS} rounds measured`)
  await certify(devnet, WARM_UP_ROUNDS)
  const startMs = performance.now()
  const before = [...monitors, idle].map(readProcessCost)
  await certify(devnet, ROUNDS)
  const after = [...monitors, idle].map(readProcessCost)
  const elapsedMs = performance.now() - startMs

  const shares = after.map(({ cpuMs }, index) => {
    const begun = before[index] as ProcessCost
    return ((cpuMs - begun.cpuMs) * 100) / elapsedMs
  })
  const sizes = after.map(({ rssBytes }) => rssBytes / MIB)
  const idleName = 'an idle libp2p node of the same build with as many peers, over the same time'
  return [
    compare(names.cpu, 'percent of one core, median of four monitors', idleName, shares),
    compare(names.memory, 'MiB resident, median of four monitors', idleName, sizes),
  ]
}

async function certify(devnet: DevnetRun, rounds: number): Promise<void> {
  let count = 0
  await devnet.next(`${rounds} certified rounds`, rounds * 10_000, () => {
    count += 1
    return count === rounds
  })
}

/** @param values of the monitors, and last of the idle node */
function compare(
  name: string,
  unit: string,
  against: string,
  values: readonly number[],
): Measurement {
  const monitors = values.slice(0, -1)
  const againstValue = values.at(-1) ?? Number.NaN
  const value = getMedian(monitors)
  return makeMeasurement({
    name,
    value,
    unit,
    against,
    againstValue,
    ratio: value / againstValue,
    ratioMin: Math.min(...monitors) / againstValue,
    ratioMax: Math.max(...monitors) / againstValue,
    samples: monitors.length,
  })
}
