import { join } from 'node:path'
import { type DebianProgram, getDebian } from './debian.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

/** A Monero node with a chain of its own, which grows when it is told to. */
export interface Monerod {
  /** Where it answers JSON-RPC. */
  readonly url: string
  readonly process: ServerProcess
  /** Makes blocks at once. */
  mine(blocks: number): Promise<void>
}

/** Of the Monero project itself, as it is published: some address must be rewarded. */
const REWARDED =
  '44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A'

/** The program, with its libraries. */
export function getMonerod(): DebianProgram {
  const boost = ['chrono', 'serialization', 'thread'].map((name) => `libboost-${name}1.74.0`)
  const usb = ['libusb-1.0-0', 'libhidapi-libusb0']
  const net = ['libminiupnpc17', 'libnorm1', 'libpgm-5.3-0', 'libzmq5']
  return getDebian('usr/bin/monerod', ['monero', ...boost, ...usb, ...net, 'librandomx0'])
}

/** Starts one, which talks to nobody; it serves once this resolves. */
export async function startMonerod(): Promise<Monerod> {
  const { command, env } = getMonerod()
  const dir = makeServerDir('monerod')
  const [rpc = 0, p2p = 0] = await pickPorts(2)
  const url = `http://127.0.0.1:${rpc}/json_rpc`
  const server = startServerProcess({
    command,
    env,
    args: [
      '--regtest',
      '--offline',
      '--fixed-difficulty=1',
      '--non-interactive',
      '--no-zmq',
      '--no-igd',
      '--check-updates=disabled',
      `--data-dir=${dir}`,
      '--rpc-bind-ip=127.0.0.1',
      `--rpc-bind-port=${rpc}`,
      '--p2p-bind-ip=127.0.0.1',
      `--p2p-bind-port=${p2p}`,
      `--log-file=${join(dir, 'monero.log')}`,
    ],
    logFile: join(dir, 'log'),
  })
  const call = async (method: string, params: object = {}): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: '0', method, params })
    const answer = (await (await fetch(url, { method: 'POST', body })).json()) as object
    if ('error' in answer) throw new Error(`${method}: ${JSON.stringify(answer.error)}`)
  }
  await waitForStart(server, () => call('get_info'))
  return {
    url,
    process: server,
    mine: (blocks) =>
      call('generateblocks', { amount_of_blocks: blocks, wallet_address: REWARDED }),
  }
}
