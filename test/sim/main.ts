import { parseArgs } from 'node:util'
import { drawScenario, type ScenarioName, scenarioNames } from './scenario.ts'
import { describeFailure, runSeeds } from './seeds.ts'
import { viceNames } from './vices/registry.ts'

const usage = [
  `usage: npm run sim -- [--seeds N] [--from S] [--scenario ${scenarioNames.join('|')}]`,
  `       [--vice NAME[,NAME]] (of every faulty member, in byzantine and storm: ${viceNames.join(', ')})`,
].join('\n')

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    scenario: { type: 'string' },
    vice: { type: 'string' },
  },
})
const [seeds, from] = [Number(values.seeds), Number(values.from)]
const scenario = scenarioNames.find((name) => name === values.scenario)
const asked = values.vice?.split(',')
const vices = asked?.flatMap((name) => viceNames.find((vice) => vice === name) ?? [])
const isNamed =
  (values.scenario === undefined || scenario !== undefined) && vices?.length === asked?.length
if (!Number.isSafeInteger(seeds) || !Number.isSafeInteger(from) || seeds < 1 || !isNamed) {
  console.error(usage)
  process.exitCode = 2
} else {
  main(seeds, from, scenario ?? (vices === undefined ? undefined : 'byzantine'))
}

function main(count: number, first: number, name: ScenarioName | undefined): void {
  const summary = runSeeds({
    first,
    count,
    draw: (seed) => drawScenario(seed, name, vices),
    onFailure: (failure) => console.error(describeFailure(failure)),
    onProgress: ({ seeds: done, rounds, failures, elapsedMs }) => {
      if (done % 20 !== 0) return
      const speed = Math.round(rounds / (elapsedMs / 1000))
      console.error(`${done}/${count} seeds, ${failures.length} failed, ${speed} rounds/s`)
    },
  })
  const { failures, ...counted } = summary
  const violations = failures.map(({ scenario: { seed, name: of }, violations: found }) => ({
    seed,
    scenario: of,
    checkers: [...new Set(found.map(({ checker }) => checker))],
  }))
  const roundsPerSecond = Math.round(counted.rounds / (counted.elapsedMs / 1000))
  console.log(JSON.stringify({ ...counted, roundsPerSecond, violations }))
  if (violations.length > 0) process.exitCode = 1
}
