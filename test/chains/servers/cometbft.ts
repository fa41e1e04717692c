import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildGo, runCommand } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
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
  /** It answers no more, but keeps its connections. */
  freeze(): void
  thaw(): void
  /** Forgets all blocks. It must not run. */
  reset(): void
  /** How others dial it. */
  readonly peer: string
}

export interface CometNetwork {
  readonly chainId: string
  /** Four validators, of one vote each. */
  readonly validators: readonly CometNode[]
  /** A node that follows. */
  readonly follower: CometNode
  /**
   * Other nodes with the keys of three validators, which is a quorum, and with the blocks that they
   * have; none may run meanwhile. What both are to decide from then on, they decide apart.
   */
  copyQuorum(): Promise<readonly CometNode[]>
  /** Another node with the key of a validator, which may not run meanwhile: among peers, two of them. */
  makeTwin(validator: CometNode): Promise<CometNode>
}

const VALIDATORS = 4
const QUORUM = 3
/** Blocks come at about this distance. */
export const BLOCK_MS = 500

/** The program. */
export function getCometBft(): string {
  return buildGo('github.com/cometbft/cometbft/cmd/cometbft', VERSION, 'cometbft')
}

/** Makes a network of four validators and a follower, none of them started. */
export async function makeCometNetwork(): Promise<CometNetwork> {
  const program = getCometBft()
  const dir = makeServerDir('cometbft')
  const count = ['--v', String(VALIDATORS), '--n', '1']
  runCommand(program, ['testnet', ...count, '--o', dir, '--populate-persistent-peers=false'])
  const homes = Array.from({ length: VALIDATORS + 1 }, (_value, at) => join(dir, `node${at}`))
  const nodes = await makeNodes(program, homes, VALIDATORS)
  const follower = nodes[VALIDATORS]
  if (follower === undefined) throw new Error('no follower')
  const genesis = readFileSync(join(dir, 'node0', 'config', 'genesis.json'), 'utf8')
  return {
    chainId: (JSON.parse(genesis) as { chain_id: string }).chain_id,
    validators: nodes.slice(0, VALIDATORS),
    follower,
    async copyQuorum() {
      const copies = homes.slice(0, QUORUM).map((home) => {
        cpSync(home, `${home}-copy`, { recursive: true })
        return `${home}-copy`
      })
      return makeNodes(program, copies, QUORUM)
    },
    async makeTwin(validator) {
      const home = homes[nodes.indexOf(validator)]
      if (home === undefined) throw new Error('no such validator')
      const copy = `${home}-twin`
      cpSync(home, copy, { recursive: true })
      rmSync(join(copy, 'config', 'node_key.json'))
      runCommand(program, ['gen-node-key', '--home', copy])
      const [twin] = await makeNodes(program, [copy], 0)
      if (twin === undefined) throw new Error('no twin')
      return twin
    },
  }
}

/** @param dialled - so many of them, from the first on, are dialled by all */
async function makeNodes(
  program: string,
  homes: readonly string[],
  dialled: number,
): Promise<readonly CometNode[]> {
  const ports = await pickPorts(2 * homes.length)
  const nodes: CometNode[] = homes.map((home, at) => {
    const [p2p = 0, rpc = 0] = ports.slice(2 * at)
    return makeNode({ program, home, p2p, rpc, getPeers: () => nodes.slice(0, dialled) })
  })
  return nodes
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
  const listen = ['--rpc.laddr', `tcp://127.0.0.1:${rpc}`, '--p2p.laddr', `tcp://127.0.0.1:${p2p}`]
  let running: ServerProcess | undefined
  const node: CometNode = {
    url: `http://127.0.0.1:${rpc}/`,
    address: (JSON.parse(key) as { address: string }).address,
    peer: `${id}@127.0.0.1:${p2p}`,
    start(peers) {
      const others = (peers ?? getPeers()).filter((each) => each !== node)
      const dial = ['--p2p.persistent_peers', others.map(({ peer }) => peer).join(',')]
      running = startServerProcess({
        command: program,
        args: [
          'node',
          '--home',
          home,
          '--proxy_app',
          'kvstore',
          ...listen,
          ...dial,
          '--p2p.pex=false',
        ],
        logFile: join(home, 'log'),
      })
    },
    stop: async () => running?.stop(),
    freeze: () => running?.freeze(),
    thaw: () => running?.thaw(),
    reset: () => void runCommand(program, ['unsafe-reset-all', '--home', home]),
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
