import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MONITORS_DEFAULT, ROUND_MS_DEFAULT } from '../../packages/cli/src/devnet/setup.ts'
import { type CertificateLine, type NetworkLine, root } from '../e2e/devnet-run.ts'
import { startIdlePeers, stopProcess } from './idle-peers.ts'
import type { Benchmark, Say } from './measurement.ts'
import { measureInTurns } from './turns.ts'

const TIMES = 5
/** Of the devnet: a chain, a price feed, and a service over HTTP, TLS and TCP each. */
const TARGETS = 5
/** A start that takes longer ends the benchmark. */
const PATIENCE_S = 120

const NAME = 'devnet-first-certificate'
const launcher = join(root, 'packages/cli/bin/watchfire.js')

/**
 * What somebody waits for who tries Watchfire out: from the start of the command behind `npm start` to
 * the first certified round that it prints.
 *
 * Held against the least that such a network takes on the same machine: a process for each monitor and
 * target that does the least of its sort, all started at once, and one round. That is about what passes
 * from when monitors could look until they have certified: on average half a round until the next
 * begins, and less than half until the probes' answers are in and agreed on.
 */
export const devnetStartBenchmark: Benchmark = {
  names: [NAME],
  needsBuild: true,
  run: async (say) => {
    say(`a devnet starts, certifies a round and ends, ${TIMES + 1} times`)
    const against = `${MONITORS_DEFAULT} idle libp2p nodes of the same build and ${TARGETS} plain servers, a process each, until all listen, and one round`
    const subject = () => timeDevnet(say)
    return [await measureInTurns({ name: NAME, subject, against, peer: timeLeast, times: TIMES })]
  },
}

/** Waits for its end too, so that the next one has the machine. @throws when it does not exit 0 */
async function timeDevnet(say: Say): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'watchfire-bench-'))
  try {
    const startMs = performance.now()
    const flags = ['--json', '--rounds', '1', '--deadline', `${PATIENCE_S}s`]
    const child = spawn(process.execPath, [launcher, 'devnet', ...flags, '--data-dir', dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    let startedMs = Number.NaN
    let certified: { readonly tookMs: number; readonly round: number } | undefined
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as NetworkLine | CertificateLine
      const tookMs = performance.now() - startMs
      if (line.type === 'network') startedMs = tookMs
      else certified ??= { tookMs, round: line.round }
    })
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0 || certified === undefined) throw new Error(`exit ${code}: ${stderr}`)
    const { tookMs, round } = certified
    const started = `targets serve and monitors are started after ${formatS(startedMs)}`
    say(`${started}, and round ${round} is certified after ${formatS(tookMs)}`)
    return tookMs
  } finally {
    rmSync(dataDir, { recursive: true })
  }
}

function formatS(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

async function timeLeast(): Promise<number> {
  const startMs = performance.now()
  const starting = [
    ...Array.from({ length: TARGETS }, startPlainServer),
    ...Array.from({ length: MONITORS_DEFAULT }, () => startIdlePeers(1)),
  ]
  try {
    await Promise.all(starting)
    return performance.now() - startMs + ROUND_MS_DEFAULT
  } finally {
    for (const each of await Promise.allSettled(starting)) {
      if (each.status === 'fulfilled') await each.value.stop()
    }
  }
}

/** Resolves once it listens. */
async function startPlainServer(): Promise<{ stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'plain-server.js'), { execArgv: [] })
  await Promise.race([once(child, 'message'), failOnExit(child)])
  return { stop: () => stopProcess(child) }
}

async function failOnExit(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the plain server ended before it spoke: ${code}`)
}
