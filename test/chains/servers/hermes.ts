import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildCargo, runCommand } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import {
  listFirstEnds,
  type PathOptions,
  RELAYER_KEY,
  type RelayerProgram,
} from './relayer-program.ts'
import { startServerProcess } from './server-process.ts'
import { GAS_DENOM, GAS_PRICE, type Simd } from './simd.ts'
import { waitForStart } from './wait.ts'

/** Of 1.13.2 the tree is more than twice as large, and needs libclang for its RocksDB. */
const VERSION = '1.10.5'
/** How often, in blocks, it looks for packets that it has missed, and counts them. */
const CLEAR_INTERVAL = 10

/** The program. */
export function getHermes(): string {
  return buildCargo('ibc-relayer-cli', VERSION, 'hermes')
}

/** Has Hermes make a path between two chains, and relay on it. */
export async function startHermes({
  chains,
  trustingSeconds,
}: PathOptions): Promise<RelayerProgram> {
  const program = getHermes()
  const home = makeServerDir('hermes')
  const config = join(home, 'config.toml')
  const [port = 0] = await pickPorts(1)
  const keys = join(home, 'keys')
  const sections = chains.map((chain) => describeChain(chain, keys, trustingSeconds))
  writeFileSync(config, [describeOwn(port), ...sections].join('\n'))
  const hermes = (...args: readonly string[]) => runCommand(program, ['--config', config, ...args])
  for (const { chainId, relayerWords } of chains) {
    const words = join(home, `${chainId}.words`)
    writeFileSync(words, relayerWords)
    const key = ['--key-name', RELAYER_KEY, '--mnemonic-file', words]
    hermes('keys', 'add', '--chain', chainId, ...key)
  }
  const [one, other] = chains
  const ports = ['--a-port', 'transfer', '--b-port', 'transfer']
  const between = ['--a-chain', one.chainId, '--b-chain', other.chainId]
  hermes('create', 'channel', ...between, ...ports, '--new-client-connection', '--yes')

  const metricsUrl = `http://127.0.0.1:${port}/metrics`
  const server = startServerProcess({
    command: program,
    args: ['--config', config, 'start'],
    logFile: join(home, 'log'),
  })
  await waitForStart(server, async () => {
    const metrics = await (await fetch(metricsUrl)).text()
    if (!metrics.includes('wallet_balance')) throw new Error('not yet')
  })
  return { metricsUrl, ends: listFirstEnds(chains), process: server }
}

function describeOwn(port: number): string {
  return `
[global]
log_level = 'info'

[mode.clients]
enabled = true
refresh = true
misbehaviour = false

[mode.connections]
enabled = false

[mode.channels]
enabled = false

[mode.packets]
enabled = true
clear_interval = ${CLEAR_INTERVAL}
clear_on_start = true
tx_confirmation = true

[telemetry]
enabled = true
host = '127.0.0.1'
port = ${port}
`
}

function describeChain(
  { chainId, rpcUrl, grpcUrl }: Simd,
  keys: string,
  trustingSeconds: number,
): string {
  return `
[[chains]]
id = '${chainId}'
type = 'CosmosSdk'
rpc_addr = '${rpcUrl}'
grpc_addr = '${grpcUrl}'
event_source = { mode = 'pull', interval = '500ms' }
rpc_timeout = '10s'
account_prefix = 'cosmos'
key_name = '${RELAYER_KEY}'
key_store_folder = '${keys}'
store_prefix = 'ibc'
default_gas = 200000
max_gas = 4000000
gas_price = { price = ${GAS_PRICE}, denom = '${GAS_DENOM}' }
gas_multiplier = 1.3
clock_drift = '15s'
max_block_time = '10s'
trusting_period = '${trustingSeconds}s'
trust_threshold = { numerator = '1', denominator = '3' }
address_type = { derivation = 'cosmos' }
`
}
