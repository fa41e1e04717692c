import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { root } from '../e2e/devnet-run.ts'
import { benchmarks, measurementNames } from './benchmarks.ts'

// `npm run bench [-- --only NAME]...`: one JSON object a line on stdout, progress on stderr.
// Exits 1 if a measurement misses its aim, 2 for a name that there is not.

const usage = `usage: npm run bench -- [--only NAME]...; names: ${measurementNames.join(', ')}`

await main(readWanted())

/** @returns undefined where the arguments make no sense */
function readWanted(): ReadonlySet<string> | undefined {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
    const wanted = values.only ?? measurementNames
    const unknown = wanted.filter((name) => !measurementNames.includes(name))
    if (unknown.length === 0) return new Set(wanted)
    console.error(`no measurement is named ${unknown.join(', ')}`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
  }
  return undefined
}

async function main(wanted: ReadonlySet<string> | undefined): Promise<void> {
  if (wanted === undefined) {
    console.error(usage)
    process.exitCode = 2
    return
  }
  const chosen = benchmarks.filter(({ names }) => names.some((name) => wanted.has(name)))
  // Processes are measured as they are installed: built.
  if (chosen.some(({ needsBuild }) => needsBuild === true)) {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/cli'], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    })
  }
  for (const benchmark of chosen) {
    for (const measurement of await benchmark.run((text) => console.error(text))) {
      if (!wanted.has(measurement.name)) continue
      console.log(JSON.stringify(measurement))
      if (measurement.met !== false) continue
      console.error(`${measurement.name} misses its aim: ${JSON.stringify(measurement.aim)}`)
      process.exitCode = 1
    }
  }
}
