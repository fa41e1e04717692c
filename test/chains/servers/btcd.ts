import { join } from 'node:path'
import { buildGo } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = 'v0.24.2'
const USER = 'watchfire'
const PASSWORD = 'not-a-secret'
/** A valid address of the test chains, whose key nobody here needs. */
const MINING_ADDRESS = 'mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt'

/** A Bitcoin node in Go. Blocks come when they are asked for. */
export interface Btcd {
  readonly url: string
  /** What its RPC wants to be sent. */
  readonly authorization: string
  /** The same, as `user:password`. */
  readonly basic: string
  readonly process: ServerProcess
  /** Mines so many blocks. */
  generate(count: number): Promise<void>
  connect(other: Btcd): Promise<void>
  /** Undoes it. */
  disconnect(other: Btcd): Promise<void>
  readonly p2p: string
  stop(): Promise<void>
}

/** The program. */
export function getBtcd(): string {
  return buildGo('github.com/btcsuite/btcd', VERSION, 'btcd')
}

/** Starts a node without peers, on regtest or simnet, and waits until it answers. */
export async function startBtcd(chain: 'regtest' | 'simnet'): Promise<Btcd> {
  const program = getBtcd()
  const dir = makeServerDir('btcd')
  const [rpc = 0, p2p = 0, nobody = 0] = await pickPorts(3)
  const server = startServerProcess({
    command: program,
    args: [
      `--${chain}`,
      `--configfile=${join(dir, 'none')}`,
      `--datadir=${join(dir, 'data')}`,
      `--logdir=${join(dir, 'logs')}`,
      '--notls',
      `--rpcuser=${USER}`,
      `--rpcpass=${PASSWORD}`,
      `--rpclisten=127.0.0.1:${rpc}`,
      `--listen=127.0.0.1:${p2p}`,
      '--nodnsseed',
      // Else it connects to whomever its peers know.
      `--connect=127.0.0.1:${nobody}`,
      ...(chain === 'regtest' ? [`--miningaddr=${MINING_ADDRESS}`] : []),
    ],
    logFile: join(dir, 'log'),
  })
  const url = `http://127.0.0.1:${rpc}/`
  const basic = `${USER}:${PASSWORD}`
  const authorization = `Basic ${Buffer.from(basic).toString('base64')}`

  async function call(method: string, params: readonly unknown[]): Promise<unknown> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
    })
    const answer = (await response.json()) as { result: unknown; error: { message: string } | null }
    if (answer.error !== null) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }

  await waitForStart(server, () => call('getblockcount', []))
  return {
    url,
    authorization,
    basic,
    process: server,
    p2p: `127.0.0.1:${p2p}`,
    generate: async (count) => void (await call('generate', [count])),
    connect: async (other) => void (await call('node', ['connect', other.p2p, 'temp'])),
    disconnect: async (other) => void (await call('node', ['disconnect', other.p2p])),
    stop: () => server.stop(),
  }
}
