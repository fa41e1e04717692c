import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildGo, runCommand } from './cache.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const VERSION = 'v0.38.26'

/** A node of a CometBFT network with its built-in kvstore application. */
export interface CometNode {
  readonly url: string
  /** Its validator's consensus address; one that validates nothing has one all the same. */
  readonly address: string
  /** @param peers - nodes it dials; the validators if left out, so that nobody dials a follower */
  start(peers?: readonly CometNode[]): void
  stop(): Promise<void>
  log(): string
  /** How others dial it. */
  readonly peer: string
}

export interface CometNetwork {
  readonly chainId: string
  /** Four validators, of one vote each. */
  readonly validators: readonly CometNode[]
  /** A node that follows. */
  readonly follower: CometNode
  stop(): Promise<void>
}

const VALIDATORS = 4
/** Blocks come at about this distance. */
export const BLOCK_MS = 500

/** Makes a network of four validators and a follower, none of them started. */
export async function makeCometNetwork(): Promise<CometNetwork> {
  const program = buildGo('github.com/cometbft/cometbft/cmd/cometbft', VERSION, 'cometbft')
  const dir = mkdtempSync(join(tmpdir(), 'watchfire-cometbft-'))
  const size = VALIDATORS + 1
  runCommand(program, [
    'testnet',
    '--v',
    String(VALIDATORS),
    '--n',
    '1',
    '--o',
    dir,
    '--populate-persistent-peers=false',
  ])
  const ports = await pickPorts(2 * size)
  const nodes: CometNode[] = []
  for (let at = 0; at < size; at++) {
    const [p2p = 0, rpc = 0] = ports.slice(2 * at)
    nodes.push(
      makeNode({
        program,
        home: join(dir, `node${at}`),
        p2p,
        rpc,
        getPeers: () => nodes.slice(0, VALIDATORS),
      }),
    )
  }
  const follower = nodes.pop()
  if (follower === undefined) throw new Error('no nodes')
  nodes.push(follower)
  const genesis = readFileSync(join(dir, 'node0', 'config', 'genesis.json'), 'utf8')
  return {
    chainId: (JSON.parse(genesis) as { chain_id: string }).chain_id,
    validators: nodes.slice(0, VALIDATORS),
    follower,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface NodePlace {
  readonly program: string
  readonly home: string
  readonly p2p: number
  readonly rpc: number
  readonly getPeers: () => readonly CometNode[]
}

function makeNode({ program, home, p2p, rpc, getPeers }: NodePlace): CometNode {
  quicken(home)
  const id = runCommand(program, ['show-node-id', '--home', home]).trim()
  const key = readFileSync(join(home, 'config', 'priv_validator_key.json'), 'utf8')
  let running: ServerProcess | undefined
  const node: CometNode = {
    url: `http://127.0.0.1:${rpc}/`,
    address: (JSON.parse(key) as { address: string }).address,
    peer: `${id}@127.0.0.1:${p2p}`,
    start(peers) {
      const others = (peers ?? getPeers()).filter((each) => each !== node)
      running = startServerProcess({
        command: program,
        args: [
          'node',
          '--home',
          home,
          '--proxy_app',
          'kvstore',
          '--rpc.laddr',
          `tcp://127.0.0.1:${rpc}`,
          '--p2p.laddr',
          `tcp://127.0.0.1:${p2p}`,
          '--p2p.persistent_peers',
          others.map(({ peer }) => peer).join(','),
          '--p2p.pex=false',
        ],
        logFile: join(home, 'log'),
      })
    },
    stop: async () => running?.stop(),
    log: () => running?.log() ?? '',
  }
  return node
}

/** Blocks and time-outs of a fraction of a second, so that a test sees many of them. */
function quicken(home: string): void {
  const path = join(home, 'config', 'config.toml')
  const text = readFileSync(path, 'utf8')
    .replace(/^timeout_propose = .*$/m, 'timeout_propose = "400ms"')
    .replace(/^timeout_(prevote|precommit) = .*$/gm, 'timeout_$1 = "200ms"')
    .replace(/^timeout_(propose|prevote|precommit)_delta = .*$/gm, 'timeout_$1_delta = "50ms"')
    .replace(/^timeout_commit = .*$/m, `timeout_commit = "${BLOCK_MS - 100}ms"`)
  writeFileSync(path, text)
}
