import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildGoCopy, runCommand } from './cache.ts'
import { callRpc } from './json-rpc.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = 'v8.8.0'
/** Blocks come at about this distance. */
export const SIMD_BLOCK_MS = 500
/** What every transaction pays a unit of gas, and in what. */
export const GAS_PRICE = '0.01'
export const GAS_DENOM = 'stake'
/** What each account has at the start. */
export const FUNDS = 1_000_000_000

/** A chain of ibc-go's own application, with one validator. */
export interface Simd {
  readonly chainId: string
  readonly rpcUrl: string
  readonly grpcUrl: string
  /** The words from which a relayer's key is made. */
  readonly relayerWords: string
  /** Sends that many packets over a channel of `transfer`, each with its own transaction. */
  sendPackets(channel: string, count: number): Promise<void>
  /** What the relayer has. */
  getRelayerBalance(): Promise<number>
  /** Leaves the relayer that much. */
  leaveRelayer(amount: number): Promise<void>
  /** Gives the relayer that much. */
  payRelayer(amount: number): Promise<void>
}

/** The program. */
export function getSimd(): string {
  const module = 'github.com/cosmos/ibc-go/v8'
  return join(buildGoCopy(module, VERSION, 'simd', './testing/simapp/simd'), 'simd')
}

/** Starts a chain, and waits for its first block. */
export async function startSimd(chainId: string): Promise<Simd> {
  const program = getSimd()
  const home = makeServerDir('simd')
  const simd = (...args: readonly string[]) => runCommand(program, [...args, '--home', home])
  const keyring = ['--keyring-backend', 'test']

  simd('init', 'node', '--chain-id', chainId)
  const makeKey = (name: string) =>
    JSON.parse(simd('keys', 'add', name, ...keyring, '--output', 'json')) as {
      readonly address: string
      readonly mnemonic: string
    }
  const [validator, relayer, user] = ['validator', 'relayer', 'user'].map(makeKey)
  if (validator === undefined || relayer === undefined || user === undefined)
    throw new Error('keys')
  for (const { address } of [validator, relayer, user]) {
    simd('genesis', 'add-genesis-account', address, `${FUNDS}${GAS_DENOM}`)
  }
  simd(
    'genesis',
    'gentx',
    'validator',
    `${FUNDS / 2}${GAS_DENOM}`,
    '--chain-id',
    chainId,
    ...keyring,
  )
  simd('genesis', 'collect-gentxs')
  quicken(home)

  const [rpc = 0, p2p = 0, grpc = 0] = await pickPorts(3)
  const rpcUrl = `http://127.0.0.1:${rpc}/`
  const server = startServerProcess({
    command: program,
    args: [
      'start',
      '--home',
      home,
      '--minimum-gas-prices',
      `${GAS_PRICE}${GAS_DENOM}`,
      '--rpc.laddr',
      `tcp://127.0.0.1:${rpc}`,
      '--p2p.laddr',
      `tcp://127.0.0.1:${p2p}`,
      '--grpc.address',
      `127.0.0.1:${grpc}`,
      '--rpc.pprof_laddr',
      '',
      '--log_level',
      'warn',
    ],
    logFile: join(home, 'log'),
  })

  const readHeight = async () => {
    const status = (await callRpc(rpcUrl, 'status', [])) as {
      readonly sync_info: { readonly latest_block_height: string }
    }
    return Number(status.sync_info.latest_block_height)
  }
  await waitForStart(server, async () => {
    if ((await readHeight()) < 1) throw new Error('no block yet')
  })

  /** Sends a transaction, and waits until it is in a block. */
  async function send(from: string, ...args: readonly string[]): Promise<void> {
    const common = ['--node', `tcp://127.0.0.1:${rpc}`, '--chain-id', chainId, '--yes', ...keyring]
    const fees = ['--gas', '300000', '--gas-prices', `${GAS_PRICE}${GAS_DENOM}`]
    const sent = simd('tx', ...args, '--from', from, ...common, ...fees, '--output', 'json')
    const { txhash, code, raw_log: why } = JSON.parse(sent) as Record<string, unknown>
    if (code !== 0) throw new Error(`${args.join(' ')}: ${String(why)}`)
    const hash = Buffer.from(String(txhash), 'hex').toString('base64')
    await waitForStart(server, () => callRpc(rpcUrl, 'tx', [hash, false]))
  }

  async function getBalance(address: string): Promise<number> {
    const args = ['query', 'bank', 'balances', address, '--node', `tcp://127.0.0.1:${rpc}`]
    const { balances } = JSON.parse(simd(...args, '--output', 'json')) as {
      readonly balances: readonly { readonly denom: string; readonly amount: string }[]
    }
    return Number(balances.find(({ denom }) => denom === GAS_DENOM)?.amount ?? 0)
  }

  return {
    chainId,
    rpcUrl,
    grpcUrl: `http://127.0.0.1:${grpc}`,
    relayerWords: relayer.mnemonic,
    async sendPackets(channel, count) {
      const transfer = [
        'ibc-transfer',
        'transfer',
        'transfer',
        channel,
        user.address,
        `1${GAS_DENOM}`,
      ]
      for (let sent = 0; sent < count; sent++) await send('user', ...transfer)
    },
    getRelayerBalance: () => getBalance(relayer.address),
    async leaveRelayer(amount) {
      const fee = 3000
      const spare = (await getBalance(relayer.address)) - fee - amount
      await send('relayer', 'bank', 'send', relayer.address, user.address, `${spare}${GAS_DENOM}`)
    },
    async payRelayer(amount) {
      await send('user', 'bank', 'send', user.address, relayer.address, `${amount}${GAS_DENOM}`)
    },
  }
}

/** Blocks and time-outs of a fraction of a second, so that a test sees many of them. */
function quicken(home: string): void {
  const path = join(home, 'config', 'config.toml')
  const text = readFileSync(path, 'utf8')
    .replace(/^timeout_propose = .*$/m, 'timeout_propose = "400ms"')
    .replace(/^timeout_(prevote|precommit) = .*$/gm, 'timeout_$1 = "200ms"')
    .replace(/^timeout_commit = .*$/m, `timeout_commit = "${SIMD_BLOCK_MS - 100}ms"`)
  writeFileSync(path, text)
}
