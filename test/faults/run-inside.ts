import { runFaults } from './run.ts'

// The first process in its namespaces: what `main.ts` starts. Its end is everybody's.

/** As a shell says it of SIGINT: stopped, and nothing was found until then. */
const STOPPED = 130

const [dir, minutes, seed, roundMs, isolation] = process.argv.slice(2)
if (dir === undefined || (isolation !== 'namespaces' && isolation !== 'loopback')) {
  throw new TypeError('started by npm run faults, with its arguments')
}
const stop = new AbortController()
const end = (why: string) => {
  console.error(`stopped: ${why}`)
  process.exitCode = STOPPED
  stop.abort()
}
process.stdin.resume().once('end', () => end('its standard input has ended'))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(signal))
const summary = await runFaults({
  dir,
  minutes: Number(minutes),
  seed: Number(seed),
  roundMs: Number(roundMs),
  isolation,
  say: (text) => console.error(text),
  signal: stop.signal,
})
console.log(JSON.stringify(summary))
for (const violation of summary.violations) console.error(`VIOLATION: ${violation}`)
if (summary.violations.length > 0) process.exitCode = 1
process.stdin.destroy()
