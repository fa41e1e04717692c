import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildGoCopy, runCommand } from './cache.ts'
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

const VERSION = 'v2.5.2'
const PATH = 'path'
/** How often it looks for packets that it has missed, and counts them. */
const FLUSH_INTERVAL = '5s'

/** The program. */
export function getRly(): string {
  // It comes with a workspace that names a directory which the module lacks.
  const env = { GOWORK: 'off' }
  return join(buildGoCopy('github.com/cosmos/relayer/v2', VERSION, 'rly', '.', env), 'rly')
}

/** Has the Go relayer make a path between two chains, and relay on it. */
export async function startRly({ chains, trustingSeconds }: PathOptions): Promise<RelayerProgram> {
  const program = getRly()
  const home = makeServerDir('rly')
  const rly = (...args: readonly string[]) => runCommand(program, [...args, '--home', home])
  rly('config', 'init')
  for (const chain of chains) {
    const file = join(home, `${chain.chainId}.json`)
    writeFileSync(file, JSON.stringify(describeChain(chain)))
    rly('chains', 'add', '--file', file, chain.chainId)
    rly('keys', 'restore', chain.chainId, RELAYER_KEY, chain.relayerWords)
  }
  const [one, other] = chains
  rly('paths', 'new', one.chainId, other.chainId, PATH)
  rly('transact', 'link', PATH, '--client-tp', `${trustingSeconds}s`, '--block-history', '0')
  const [port = 0] = await pickPorts(1)
  const metricsUrl = `http://127.0.0.1:${port}/relayer/metrics`
  const server = startServerProcess({
    command: program,
    args: [
      'start',
      PATH,
      '--home',
      home,
      '--debug-addr',
      `127.0.0.1:${port}`,
      '--flush-interval',
      FLUSH_INTERVAL,
    ],
    logFile: join(home, 'log'),
  })
  await waitForStart(server, async () => {
    const metrics = await (await fetch(metricsUrl)).text()
    if (!metrics.includes('cosmos_relayer_client_expiration_seconds')) throw new Error('not yet')
  })
  return {
    metricsUrl,
    ends: listFirstEnds(chains),
    process: server,
  }
}

function describeChain({ chainId, rpcUrl }: Simd) {
  return {
    type: 'cosmos',
    value: {
      key: RELAYER_KEY,
      'chain-id': chainId,
      'rpc-addr': rpcUrl.replace(/\/$/, ''),
      'account-prefix': 'cosmos',
      'keyring-backend': 'test',
      'gas-adjustment': 1.5,
      'gas-prices': `${GAS_PRICE}${GAS_DENOM}`,
      timeout: '10s',
      'output-format': 'json',
      'sign-mode': 'direct',
      'min-loop-duration': 500_000_000,
    },
  }
}
