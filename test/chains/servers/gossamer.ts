import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildGoCopy } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = 'v0.8.0'
/**
 * A node that follows ends so now and then when it has just begun to sync: a block that is final already
 * is not found any more by what handles blocks apart (dot/core/service.go). It begins anew, from nothing,
 * since what is left of it syncs no further; anything else that ends it shows.
 */
const PANIC = 'panic: failed to re-add transactions to chain upon re-org: could not find node'
const RESTARTS_MAX = 5
/** The genesis of the chain `westend-dev` that comes with it: one authority, Alice. */
export const GENESIS_HASH = '0x276bfa91f70859348285599321ea96afd3ae681f0be47d36196bac8075ea32e8'

/** A host of Substrate chains in Go, a node of `westend-dev`. */
export interface Gossamer {
  readonly wsUrl: string
  readonly httpUrl: string
  /** It may not serve yet. @param peers - nodes that it dials, once they listen; nobody if left out */
  start(peers?: readonly Gossamer[]): Promise<void>
  stop(): Promise<void>
  /** It answers no more, but keeps its connections. */
  freeze(): void
  thaw(): void
  /** Forgets all blocks. It must not run. */
  reset(): void
  /** How others dial it, once it listens. */
  getAddress(): Promise<string>
}

/** The directory that it is built in. */
export function getGossamer(): string {
  return buildGoCopy('github.com/ChainSafe/gossamer', VERSION, 'gossamer')
}

/**
 * Makes a node that is not started.
 *
 * @param role - an authority makes blocks, a full node follows. There is one authority, so that two
 *   nodes of that role are of two chains unless they know each other
 */
export async function makeGossamer(role: 'authority' | 'full'): Promise<Gossamer> {
  const source = getGossamer()
  const dir = makeServerDir('gossamer')
  const base = join(dir, 'base')
  const [http = 0, ws = 0, p2p = 0, prometheus = 0] = await pickPorts(4)
  const duties =
    role === 'authority'
      ? ['--key', 'alice']
      : ['--babe-authority=false', '--grandpa-authority=false']
  const ports = [
    ['--rpc-port', http],
    ['--ws-port', ws],
    ['--port', p2p],
    ['--prometheus-port', prometheus],
  ]
  let running: ServerProcess | undefined
  let restarts = 0

  const reset = () => rmSync(base, { recursive: true })

  function run(args: readonly string[]): void {
    const server = startServerProcess({
      command: join(source, 'gossamer'),
      args,
      // It looks for the chain's genesis below where it is started.
      cwd: source,
      logFile: join(dir, 'log'),
      onEnd() {
        if (server.ending() !== 'ended with exit code 2') return
        const log = server.log()
        const isKnown = log.slice(log.lastIndexOf('panic:')).startsWith(PANIC)
        if (role !== 'full' || !isKnown || restarts++ >= RESTARTS_MAX) return
        reset()
        run(args)
      },
    })
    running = server
  }

  return {
    wsUrl: `ws://127.0.0.1:${ws}/`,
    httpUrl: `http://127.0.0.1:${http}/`,
    async start(peers = []) {
      const addresses = await Promise.all(peers.map((peer) => peer.getAddress()))
      run([
        '--chain',
        'westend-dev',
        '--base-path',
        base,
        '--no-mdns',
        '--no-telemetry',
        '--role',
        role,
        ...duties,
        ...(addresses.length === 0 ? ['--no-bootstrap'] : ['--bootnodes', addresses.join(',')]),
        ...ports.flat().map(String),
        '--listen-addr',
        `/ip4/127.0.0.1/tcp/${p2p}`,
      ])
    },
    stop: async () => running?.stop(),
    freeze: () => running?.freeze(),
    thaw: () => running?.thaw(),
    reset,
    getAddress() {
      const server = running
      if (server === undefined) throw new Error('it was not started')
      return waitForStart(server, () => readAddress(server))
    },
  }
}

/** @throws while it does not listen */
function readAddress(server: ServerProcess): string {
  const found = server.log().matchAll(/Started listening on (\/ip4\/127\.0\.0\.1\/\S+)/g)
  const address = [...found].at(-1)?.[1]
  if (address === undefined) throw new Error('it does not listen yet')
  return address
}
