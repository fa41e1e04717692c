import { join } from 'node:path'
import { buildGoCopy } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = 'v0.8.0'
/** The genesis of the chain `westend-dev` that comes with it: one authority, Alice. */
export const GENESIS_HASH = '0x276bfa91f70859348285599321ea96afd3ae681f0be47d36196bac8075ea32e8'

/** A host of Substrate chains in Go. */
export interface Gossamer {
  readonly wsUrl: string
  readonly httpUrl: string
  readonly process: ServerProcess
  /** How others dial it, once it listens. */
  getAddress(): Promise<string>
  stop(): Promise<void>
}

export interface GossamerOptions {
  /** Makes blocks; else it follows. */
  readonly isAuthority: boolean
  /** Multiaddresses of nodes to dial. */
  readonly peers?: readonly string[]
}

/** The directory that it is built in. */
export function getGossamer(): string {
  return buildGoCopy('github.com/ChainSafe/gossamer', VERSION, 'gossamer')
}

/** Starts a node of `westend-dev`; it may not serve yet. */
export async function startGossamer(options: GossamerOptions): Promise<Gossamer> {
  const source = getGossamer()
  const dir = makeServerDir('gossamer')
  const [http = 0, ws = 0, p2p = 0, prometheus = 0] = await pickPorts(4)
  const { isAuthority, peers = [] } = options
  const server = startServerProcess({
    command: join(source, 'gossamer'),
    args: [
      '--chain',
      'westend-dev',
      '--base-path',
      dir,
      '--no-mdns',
      '--no-telemetry',
      ...(isAuthority ? ['--key', 'alice', '--role', 'authority'] : ['--role', 'full']),
      ...(isAuthority ? [] : ['--babe-authority=false', '--grandpa-authority=false']),
      ...(peers.length === 0 ? ['--no-bootstrap'] : ['--bootnodes', peers.join(',')]),
      '--rpc-port',
      String(http),
      '--ws-port',
      String(ws),
      '--port',
      String(p2p),
      '--listen-addr',
      `/ip4/127.0.0.1/tcp/${p2p}`,
      '--prometheus-port',
      String(prometheus),
    ],
    // It looks for the chain's genesis below where it is started.
    cwd: source,
    logFile: join(dir, 'log'),
  })
  return {
    wsUrl: `ws://127.0.0.1:${ws}/`,
    httpUrl: `http://127.0.0.1:${http}/`,
    process: server,
    getAddress: () => waitForStart(server, () => readAddress(server)),
    stop: () => server.stop(),
  }
}

/** @throws while it does not listen */
function readAddress(server: ServerProcess): string {
  const address = /Started listening on (\/ip4\/127\.0\.0\.1\/\S+)/.exec(server.log())?.[1]
  if (address === undefined) throw new Error('it does not listen yet')
  return address
}
