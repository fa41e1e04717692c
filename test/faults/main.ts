import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findIsolation } from './isolation.ts'

const usage = `usage: npm run faults -- [--minutes N] [--seed S] [--round MS] [--loopback] [--keep]
  --minutes   how long faults come (default 10)
  --round     length of a round (default 3000)
  --loopback  on loopback, through the relay, even where namespaces can be made
  --keep      leaves the nodes' data and logs, as a violation does`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    round: { type: 'string', default: '3000' },
    loopback: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const [minutes, seed, roundMs] = [values.minutes, values.seed, values.round].map(Number)
if (
  minutes === undefined ||
  !(minutes > 0) ||
  !Number.isSafeInteger(seed) ||
  !Number.isSafeInteger(roundMs)
) {
  console.error(usage)
  process.exitCode = 2
} else {
  process.exitCode = await main()
}

/** Runs the run itself in namespaces, where these can be made. @returns its exit code */
async function main(): Promise<number> {
  const isolation = values.loopback
    ? ({ mode: 'loopback', prefix: [], why: 'asked for' } as const)
    : findIsolation()
  if (isolation.mode === 'loopback') console.error(`no namespaces: ${isolation.why}`)
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'watchfire-faults-')))
  const script = fileURLToPath(new URL('run-inside.ts', import.meta.url))
  const given = [dir, String(minutes), String(seed), String(roundMs), isolation.mode]
  const argv = [...isolation.prefix, process.execPath, ...process.execArgv, script, ...given]
  console.error(`seed ${seed}, ${minutes} min, in ${dir}`)
  const [command = '', ...args] = argv
  const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] })
  // The run ends when its standard input does: `unshare` hands on no signal, and a kill is none.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.stdin?.end())
  await once(child, 'exit')
  const code = child.exitCode ?? 1
  // What a run left is wanted where it found something, or broke.
  if (code !== 1 && !values.keep) rmSync(dir, { recursive: true, force: true })
  else console.error(`kept: ${dir}`)
  return code
}
