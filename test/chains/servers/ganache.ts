import { join } from 'node:path'
import { getCached, installNpm } from './cache.ts'
import { callRpc } from './json-rpc.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = '7.9.2'

/** A chain of one node, whose blocks come when they are asked for. */
export interface Ganache {
  readonly url: string
  readonly wsUrl: string
  readonly process: ServerProcess
  call(method: string, params: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

/** The directory that it is installed in. */
export function getGanache(): string {
  return getCached(`ganache-${VERSION}`, (dir) => {
    installNpm(dir, { dependencies: { ganache: VERSION } }, process.env)
  })
}

/** Starts a chain. @param bornMs - time of its first block */
export async function startGanache(chainId: number, bornMs: number): Promise<Ganache> {
  const dir = makeServerDir('ganache')
  const [port = 0] = await pickPorts(1)
  const server = startServerProcess({
    command: process.execPath,
    args: [
      join(getGanache(), 'node_modules', 'ganache', 'dist', 'node', 'cli.js'),
      '--server.host=127.0.0.1',
      `--server.port=${port}`,
      `--chain.chainId=${chainId}`,
      `--chain.time=${new Date(bornMs).toISOString()}`,
      // Mines when it is told to, rather than for each transaction.
      '--miner.blockTime=86400',
    ],
    logFile: join(dir, 'log'),
  })
  const url = `http://127.0.0.1:${port}/`
  const call: Ganache['call'] = (method, params) => callRpc(url, method, params)
  await waitForStart(server, () => call('eth_chainId', []))
  return {
    url,
    wsUrl: `ws://127.0.0.1:${port}/`,
    process: server,
    call,
    stop: () => server.stop(),
  }
}
