import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { toHex } from '@watchfire/attestation'
import { createMonitorKey } from '@watchfire/node'
import { root } from '../e2e/devnet-run.ts'
import { foundBenchNetwork } from './bench-network.ts'
import { makeOneCertificate } from './certificates.ts'
import { startIdlePeers, stopProcess } from './idle-peers.ts'
import type { Benchmark, Measurement } from './measurement.ts'
import { measureInTurns } from './turns.ts'

const TIMES = 7
/** Rounds begin long after the node has ended: nothing is probed. */
const ORIGIN_AHEAD_MS = 86_400_000

const names = { run: 'node-start', verify: 'certificate-verify-command' }
const launcher = join(root, 'packages/cli/bin/watchfire.js')

/**
 * What somebody waits for: a node from the start of its process until it says that it lives, and a
 * certificate verified on the command line. Time on the wall, each against a process of the same
 * Node that does the least of its sort, in turns.
 */
export const startupBenchmark: Benchmark = {
  names: Object.values(names),
  needsBuild: true,
  run: async (say) => {
    say('processes start and end')
    return [await measureNode(), await measureVerify()]
  },
}

async function measureNode(): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-bench-'))
  try {
    const config = writeNode(directory)
    return await measureInTurns({
      name: names.run,
      subject: () => timeNode(config),
      against: 'an idle libp2p node of the same build, until it listens',
      peer: async () => {
        const startMs = performance.now()
        const peer = await startIdlePeers(1)
        const tookMs = performance.now() - startMs
        await peer.stop()
        return tookMs
      },
      times: TIMES,
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Keys, manifest and config of a monitor. @returns where the config lies */
function writeNode(directory: string): string {
  const key = createMonitorKey(join(directory, 'data'))
  if (!key.ok) throw new Error(key.detail)
  const { file } = foundBenchNetwork(4, 10)
  const [first, ...others] = file.committee
  const own = { ...first, publicKey: toHex(key.value.publicKey) }
  const originMs = Math.ceil(Date.now() / 1000) * 1000 + ORIGIN_AHEAD_MS
  const manifest = {
    ...file,
    committee: [own, ...others],
    parameters: { ...file.parameters, originMs },
  }
  writeFileSync(join(directory, 'network.json'), JSON.stringify(manifest))
  const config = {
    manifest: 'network.json',
    dataDir: 'data',
    monitor: own.id,
    p2p: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    http: { port: 0 },
  }
  const path = join(directory, 'node.json')
  writeFileSync(path, JSON.stringify(config))
  return path
}

/** From the start of the process to an answer of `/livez`. */
async function timeNode(config: string): Promise<number> {
  const startMs = performance.now()
  const child = spawn(process.execPath, [launcher, 'run', '--json', '--config', config], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = (await Promise.race([
      once(createInterface({ input: child.stdout }), 'line'),
      failOnExit(child),
    ])) as [string]
    const { api } = JSON.parse(line) as { api: string }
    const { status } = await fetch(`${api}/livez`)
    if (status !== 200) throw new Error(`/livez says ${status}`)
    return performance.now() - startMs
  } finally {
    await stopProcess(child)
  }
}

async function measureVerify(): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-bench-'))
  try {
    const network = foundBenchNetwork(4, 10)
    const manifest = join(directory, 'network.json')
    const certificate = join(directory, 'round.wfcert')
    writeFileSync(manifest, JSON.stringify(network.file))
    writeFileSync(certificate, makeOneCertificate(network))
    const args = ['certificate', 'verify', certificate, '--manifest', manifest]
    return await measureInTurns({
      name: names.verify,
      subject: () => timeProcess([launcher, ...args]),
      against: 'a Node process that does nothing',
      peer: () => timeProcess(['--input-type=module', '--eval', '']),
      times: TIMES,
    })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** From the start of a process to its end. @throws when it does not exit 0 */
async function timeProcess(argv: readonly string[]): Promise<number> {
  const startMs = performance.now()
  const child = spawn(process.execPath, argv, { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`exit ${code}: ${argv.join(' ')}`)
  return performance.now() - startMs
}

async function failOnExit(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null]
  throw new Error(`the node ended before it spoke: ${code}`)
}
