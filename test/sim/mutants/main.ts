import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { huntAll, type Report } from './hunt-all.ts'
import { mutants } from './mutants.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, jobs: { type: 'string' } },
})
const jobs = Number(values.jobs ?? availableParallelism())
const wanted = mutants.filter(({ name }) => name.includes(values.only ?? ''))
if (!Number.isSafeInteger(jobs) || jobs < 1 || wanted.length === 0) {
  console.error('usage: npm run sim:mutants [-- --only PART-OF-A-NAME --jobs N]')
  process.exitCode = 2
} else {
  const startedMs = performance.now()
  const reports = await huntAll(wanted, jobs, (report) => console.error(toLine(report)))
  const bad = reports.filter(({ fate }) => fate !== 'killed')
  const count = (fate: Report['fate']) => reports.filter((report) => report.fate === fate).length
  const closing = {
    mutants: reports.length,
    killed: count('killed'),
    survived: count('survived'),
    misnamed: count('misnamed'),
    falseAlarms: count('false-alarm'),
    broken: count('broken'),
    elapsedMs: Math.round(performance.now() - startedMs),
    killers: Object.groupBy(
      reports.flatMap(({ hunted }) => hunted?.killedBy ?? []),
      (checker) => checker,
    ),
    bad: bad.map(({ mutant, fate }) => ({ mutant: mutant.name, fate })),
  }
  const killers = Object.fromEntries(
    Object.entries(closing.killers).map(([checker, kills]) => [checker, kills.length]),
  )
  console.log(JSON.stringify({ ...closing, killers }))
  if (bad.length > 0) process.exitCode = 1
}

/** One row of the table: fate, checker, seed, seeds tried, mutant. */
function toLine({ mutant, fate, hunted, detail }: Report): string {
  const { killedBy = '-', seed = '-', seedsTried = '-' } = hunted ?? {}
  const row = [
    fate.padEnd(11),
    killedBy.padEnd(16),
    `seed ${seed}`.padEnd(10),
    `of ${seedsTried}`.padEnd(6),
    mutant.name,
  ].join(' ')
  return fate === 'killed' ? row : `${row}\n  wanted ${mutant.caughtBy}: ${detail.slice(0, 300)}`
}
