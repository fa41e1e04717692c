import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { measureDeadLeader, measureFaultless } from '../bench/agreement.ts'
import { isCut } from './cuts.ts'
import { describeFailure } from './failure.ts'
import { FigureSums } from './figures.ts'
import { runJobs, type SeedTask } from './jobs.ts'
import { MEMBERS_ASKED_MIN, MEMBERS_MAX, scenarioNames } from './scenario.ts'
import type { SeedRun } from './seed-run.ts'
import { viceNames } from './vices/registry.ts'

const usage = [
  `usage: npm run sim -- [--seeds N] [--from S] [--jobs N] [--scenario ${scenarioNames.join('|')}]`,
  `       [--vice NAME[,NAME]] (of every faulty member, in byzantine and storm: ${viceNames.join(', ')})`,
  `       [--members N] (of every committee, ${MEMBERS_ASKED_MIN} to ${MEMBERS_MAX}; unless told, the seed says)`,
  '       [--twice-every N] (one turn of all scenarios in N runs a second time, to leave the same traces: 16 unless told; 1: each)',
  '       (--jobs: threads that run seeds, as many as there are cores unless told)',
  '       [--without CUT[,CUT]] (as a violation names them: fault:N, vice:N, dead:N, clock:N, drift:N, observers, weather)',
].join('\n')

/** Between two lines of progress. */
const PROGRESS_MS = 10_000
/** Rounds of the runs with constant delays, from which the delays of agreement are told. */
const DELAY_ROUNDS = 20

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    members: { type: 'string' },
    'twice-every': { type: 'string', default: '16' },
    scenario: { type: 'string' },
    vice: { type: 'string' },
    without: { type: 'string' },
  },
})
const [seeds, from, jobs] = [Number(values.seeds), Number(values.from), Number(values.jobs)]
const scenario = scenarioNames.find((name) => name === values.scenario)
const asked = values.vice?.split(',')
const vices = asked?.flatMap((name) => viceNames.find((vice) => vice === name) ?? [])
const cuts = values.without?.split(',') ?? []
const twiceEvery = Number(values['twice-every'])
const isWhole = [seeds, from, jobs, twiceEvery].every(
  (number) => Number.isSafeInteger(number) && number >= 0,
)
const members = values.members === undefined ? undefined : Number(values.members)
const isSize =
  members === undefined ||
  (Number.isSafeInteger(members) && members >= MEMBERS_ASKED_MIN && members <= MEMBERS_MAX)
const isNamed =
  (values.scenario === undefined || scenario !== undefined) &&
  vices?.length === asked?.length &&
  cuts.every(isCut)
if (!isWhole || seeds < 1 || jobs < 1 || twiceEvery < 1 || !isSize || !isNamed) {
  console.error(usage)
  process.exitCode = 2
} else {
  const named = scenario ?? (vices === undefined ? undefined : 'byzantine')
  await main(seeds, from, {
    scenario: named,
    asked: { vices, members },
    cuts,
    twiceEvery,
  })
}

async function main(count: number, first: number, task: SeedTask): Promise<void> {
  const startedMs = performance.now()
  const sums = new FigureSums()
  const failures: SeedRun[] = []
  let toldMs = startedMs
  const getSpeed = (elapsedMs: number) => Math.round(sums.rounds / (elapsedMs / 1000))
  const all = Array.from({ length: count }, (_, index) => first + index)
  await runJobs(all, jobs, task, (run) => {
    sums.add(run)
    if (run.violations.length > 0) {
      failures.push(run)
      console.error(describeFailure(run))
    }
    const nowMs = performance.now()
    if (nowMs - toldMs < PROGRESS_MS) return
    toldMs = nowMs
    const share = ((100 * sums.seeds) / count).toFixed(0)
    console.error(
      `${sums.seeds}/${count} seeds (${share} %), ${failures.length} failed, ${getSpeed(nowMs - startedMs)} rounds/s`,
    )
  })
  const { cpuMs, ...figures } = sums.read()
  const elapsedMs = Math.round(performance.now() - startedMs)
  const violations = failures
    .toSorted((a, b) => a.scenario.seed - b.scenario.seed)
    .map(({ scenario: { seed, name }, violations: found }) => ({
      seed,
      scenario: name,
      checkers: [...new Set(found.map(({ checker }) => checker))],
    }))
  const closing = {
    from: first,
    ...figures,
    networkDelays: measureNetworkDelays(),
    violations,
    jobs,
    elapsedMs,
    roundsPerSecond: getSpeed(elapsedMs),
    roundsPerCpuSecond: Math.round(figures.rounds / (cpuMs / 1000)),
  }
  console.log(JSON.stringify(closing))
  if (violations.length > 0) process.exitCode = 1
}

/** With delays that are all alike: what the protocol needs, to the last one (docs/bench.md). */
function measureNetworkDelays() {
  const faultless = measureFaultless(DELAY_ROUNDS)
  const deadLeader = measureDeadLeader(DELAY_ROUNDS)
  return {
    faultFree: { worst: faultless.value, limit: faultless.againstValue },
    deadLeaderMs: { worst: deadLeader.value, limit: deadLeader.againstValue },
  }
}
