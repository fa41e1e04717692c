import { createHmac, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildGo, runCommand } from './cache.ts'
import { callRpc } from './json-rpc.ts'
import { makeServerDir } from './lifetime.ts'
import { pickPorts } from './ports.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { waitForStart } from './wait.ts'

const VERSION = 'v1.17.10'

/** An execution client. Blocks come when a consensus client says so, by the Engine API. */
export interface Geth {
  readonly url: string
  readonly wsUrl: string
  readonly process: ServerProcess
  call(method: string, params: readonly unknown[]): Promise<unknown>
  /** A call of the Engine API, with the secret that the two clients share. */
  callEngine(method: string, params: readonly unknown[]): Promise<unknown>
  /** Connects to another node as its peer, and waits until both say so. */
  connect(other: Geth): Promise<void>
  disconnect(other: Geth): Promise<void>
  stop(): Promise<void>
}

/** As geth reads it of a file, of which this is what is looked at here. */
interface Genesis {
  readonly config: { readonly chainId: number }
}

/** Starts a node of the chain that begins as `genesis` says, without peers. */
export async function startGeth(genesis: Genesis): Promise<Geth> {
  const dir = makeServerDir('geth')
  const genesisFile = join(dir, 'genesis.json')
  writeFileSync(genesisFile, JSON.stringify(genesis))
  const data = ['--datadir', join(dir, 'data')]
  runCommand(getGeth(), ['init', ...data, genesisFile])
  const networkId = String(genesis.config.chainId)
  return start(dir, [...data, '--networkid', networkId, '--syncmode', 'full'])
}

/** Starts a chain of one node, which makes a block in so many seconds. */
export async function startGethDev(seconds: number): Promise<Geth> {
  const dir = makeServerDir('geth')
  const data = ['--datadir', join(dir, 'data')]
  return start(dir, [...data, '--dev', '--dev.period', String(seconds)])
}

/** The program. */
export function getGeth(): string {
  return buildGo('github.com/ethereum/go-ethereum/cmd/geth', VERSION, 'geth')
}

async function start(dir: string, args: readonly string[]): Promise<Geth> {
  const [http = 0, ws = 0, engine = 0, p2p = 0] = await pickPorts(4)
  const secret = randomBytes(32)
  const secretFile = join(dir, 'secret')
  writeFileSync(secretFile, secret.toString('hex'), { mode: 0o600 })
  const server = startServerProcess({
    command: getGeth(),
    args: [
      ...args,
      '--http',
      `--http.port=${http}`,
      '--http.api=eth,net,web3,admin',
      '--ws',
      `--ws.port=${ws}`,
      `--authrpc.port=${engine}`,
      `--authrpc.jwtsecret=${secretFile}`,
      `--port=${p2p}`,
      '--nodiscover',
      '--nat=extip:127.0.0.1',
      '--netrestrict=127.0.0.0/8',
      '--ipcdisable',
      '--cache=64',
    ],
    logFile: join(dir, 'log'),
  })
  const url = `http://127.0.0.1:${http}/`
  const call: Geth['call'] = (method, params) => callRpc(url, method, params)
  await waitForStart(server, () => call('eth_chainId', []))
  const node: Geth = {
    url,
    wsUrl: `ws://127.0.0.1:${ws}/`,
    process: server,
    call,
    callEngine(method, params) {
      const authorization = `Bearer ${makeToken(secret)}`
      return callRpc(`http://127.0.0.1:${engine}/`, method, params, { authorization })
    },
    async connect(other) {
      await call('admin_addPeer', [await readAddress(other)])
      await waitForStart(server, async () => {
        for (const each of [node, other]) {
          if (Number(await each.call('net_peerCount', [])) === 0) throw new Error('no peer yet')
        }
      })
    },
    async disconnect(other) {
      await call('admin_removePeer', [await readAddress(other)])
    },
    stop: () => server.stop(),
  }
  return node
}

async function readAddress(node: Geth): Promise<string> {
  const { enode } = (await node.call('admin_nodeInfo', [])) as { enode: string }
  return enode
}

/** As the Engine API's authentication has it: HS256, over the time of issue. */
function makeToken(secret: Uint8Array): string {
  const encode = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ iat: Math.floor(Date.now() / 1000) })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
