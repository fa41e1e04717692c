import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { toHex } from '@watchfire/attestation'
import { createMonitorKey, readOrCreatePeerKey } from '../../src/keys/node-keys.ts'
import { getPeerId } from '../../src/keys/peer-id.ts'

const script = join(import.meta.dirname, 'node-process.ts')

/** What a node process printed. */
export interface Line {
  readonly type: 'started' | 'final' | 'fault' | 'end'
  readonly api?: string
  readonly code?: string
  readonly detail?: string
  readonly height?: number
  readonly round?: number
  readonly digest?: string
  readonly ok?: boolean
}

/** What is wrong with the machine that a process runs on. */
export interface ProcessFaults {
  /** Blocks of 512 bytes that a file of the process may have. */
  readonly fileBlocksMax?: number
  /** Its wall clock less the right one. */
  readonly clockOffsetMs?: number
  /** Its operating system by name: one whose locks see no further than a directory. */
  readonly platform?: string
  /** Another configuration than the member's own. */
  readonly config?: string
}

export interface NodeProcess {
  readonly child: ChildProcess
  readonly lines: Line[]
  /** The first line that matches, printed already or to come. */
  wait(matches: (line: Line) => boolean): Promise<Line>
  /** @returns once the process is gone */
  kill(signal: NodeJS.Signals): Promise<void>
}

/** A network of node processes on loopback, each with its own data directory, and a TCP target. */
export interface ProcessNetwork {
  readonly directory: string
  readonly port: number
  configOf(member: number): string
  dataOf(member: number): string
  start(member: number, faults?: ProcessFaults): NodeProcess
  close(): Promise<void>
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return address.port
}

/** Ports that were free a moment ago, each another. */
async function findPorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(servers.map(listen))
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/**
 * @param roundMs length of a round; attestations are due at half of it
 * @param extra lines of further targets, and what else `probe` says in each configuration
 */
export async function makeProcessNetwork(
  members: number,
  roundMs: number,
  extra: { readonly targets?: readonly string[]; readonly probe?: string } = {},
): Promise<ProcessNetwork> {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-nodes-'))
  const target = createServer((socket) => socket.end())
  const port = await listen(target)
  const ports = await findPorts(members)
  const configOf = (member: number): string => join(directory, `m${member}.yaml`)
  const dataOf = (member: number): string => join(directory, `m${member}`)
  const committee: string[] = []
  const peers: string[] = []
  for (const [index, p2pPort] of ports.entries()) {
    const key = createMonitorKey(dataOf(index))
    const peer = readOrCreatePeerKey(dataOf(index))
    if (!key.ok || !peer.ok) throw new Error('no keys')
    committee.push(`  - { id: m${index}, publicKey: "${toHex(key.value.publicKey)}", weight: 1 }`)
    peers.push(`/ip4/127.0.0.1/tcp/${p2pPort}/p2p/${await getPeerId(peer.value)}`)
  }
  const manifest = [
    'format: 1',
    'protocol: 1',
    'name: processes',
    'committee:',
    ...committee,
    'parameters:',
    `  originMs: ${Math.floor(Date.now() / roundMs) * roundMs}`,
    `  roundMs: ${roundMs}`,
    `  attestByMs: ${roundMs / 2}`,
    `  proposeAtMs: ${(roundMs * 13) / 20}`,
    `  viewTimeoutMs: ${roundMs / 4}`,
    '  targets:',
    '    - id: shop',
    '      kind: tcp',
    `      timeoutMs: ${(roundMs * 3) / 10}`,
    `      params: { host: 127.0.0.1, port: ${port} }`,
    '      signals: []',
    '      policy: { reachedMin: 667, failedMin: 667, fallRounds: 2, riseRounds: 2, thresholds: [] }',
    ...(extra.targets ?? []),
  ]
  writeFileSync(join(directory, 'network.yaml'), `${manifest.join('\n')}\n`)
  for (const [index, p2pPort] of ports.entries()) {
    const others = peers.filter((_, other) => other !== index)
    const config = [
      'manifest: network.yaml',
      `dataDir: m${index}`,
      `monitor: m${index}`,
      `p2p: { listen: [/ip4/127.0.0.1/tcp/${p2pPort}], bootstrap: [${others.join(', ')}] }`,
      'http: { port: 0 }',
      `probe: { allow: [127.0.0.0/8]${extra.probe ?? ''} }`,
    ]
    writeFileSync(configOf(index), `${config.join('\n')}\n`)
  }
  const running = new Set<NodeProcess>()

  function start(member: number, faults: ProcessFaults = {}): NodeProcess {
    const command = [
      process.execPath,
      '--conditions=watchfire-source',
      script,
      faults.config ?? configOf(member),
    ]
    const limit = `ulimit -f ${faults.fileBlocksMax ?? 'unlimited'}; exec "$@"`
    const child = spawn('/bin/sh', ['-c', limit, 'sh', ...command], {
      // Its standard input ends with us, however we end, and it with that.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        CLOCK_OFFSET_MS: String(faults.clockOffsetMs ?? 0),
        PLATFORM: faults.platform ?? process.platform,
      },
    })
    const lines: Line[] = []
    const waiting = new Set<() => void>()
    let isGone = false
    createInterface({ input: child.stdout }).on('line', (text) => {
      lines.push(JSON.parse(text) as Line)
      for (const look of waiting) look()
    })
    child.once('exit', () => {
      isGone = true
      running.delete(node)
      for (const look of waiting) look()
    })
    const node: NodeProcess = {
      child,
      lines,
      wait(matches) {
        const { promise, resolve, reject } = Promise.withResolvers<Line>()
        const look = (): void => {
          const found = lines.find(matches)
          if (found !== undefined) resolve(found)
          else if (isGone) reject(new Error(`m${member} is gone: ${JSON.stringify(lines.at(-1))}`))
        }
        waiting.add(look)
        look()
        return promise.finally(() => waiting.delete(look))
      },
      async kill(signal) {
        if (isGone) return
        const gone = once(child, 'exit')
        child.kill(signal)
        await gone
      },
    }
    running.add(node)
    return node
  }

  return {
    directory,
    port,
    configOf,
    dataOf,
    start,
    async close() {
      await Promise.all([...running].map((node) => node.kill('SIGKILL')))
      target.close()
      rmSync(directory, { recursive: true })
    },
  }
}
