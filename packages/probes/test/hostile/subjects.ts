import type { ProbeKind } from '../../src/kind.ts'
import { builtinKinds } from '../../src/builtin-kinds.ts'

/** What a kind speaks, and so which vices it can meet. */
export type Speech = 'tcp' | 'tls' | 'http' | 'ws' | 'http2' | 'dns' | 'libp2p'

/** A kind, asked over one of the protocols that it speaks. */
export interface Subject {
  /** The kind, and what it speaks where it has the choice. */
  readonly name: string
  readonly kind: ProbeKind
  readonly speech: Speech
  getParams(host: string, port: number): Readonly<Record<string, unknown>>
}

const byName = new Map(builtinKinds.map((kind) => [kind.kind, kind]))

function subject(
  name: string,
  speech: Speech,
  getParams: Subject['getParams'],
  kindName = name.split(' ')[0] ?? name,
): Subject {
  const kind = byName.get(kindName)
  if (kind === undefined) throw new TypeError(`no kind ${kindName}`)
  return { name, kind, speech, getParams }
}

/** With parameters besides the URL. */
function web(
  scheme: 'http' | 'https' | 'ws' | 'wss',
  params: Readonly<Record<string, unknown>> = {},
) {
  return (host: string, port: number) => ({ ...params, url: `${scheme}://${host}:${port}/` })
}

/** Of several sources, as they must be; all are the one. */
function sources(scheme: 'http' | 'https') {
  return (host: string, port: number) => ({
    sources: ['a', 'b', 'c'].map((path) => ({
      url: `${scheme}://${host}:${port}/${path}`,
      price: '/price',
    })),
  })
}

const HASH = '11'.repeat(32)
const address = `0x${'11'.repeat(20)}`
const chain = { chainId: 1 }
const beacon = { genesisValidatorsRoot: `0x${HASH}`, validators: ['0'] }
const comet = { chainId: 'test', validators: ['B32395C8807D9FF65A7E7A584DEB316ED4D12622'] }
const ibc = { chainId: 'test', clientId: '07-tendermint-0', channel: { id: 'channel-0' } }
const feed = { ...chain, address, decimals: 8, heartbeatMs: 60_000 }
const pyth = { feed: 'pyth', priceId: HASH, heartbeatMs: 60_000 }
const calls = { ...chain, calls: [{ signal: 'value', address, data: '0x313ce567' }] }

/** Every built-in kind, over everything that it speaks. */
export const subjects: readonly Subject[] = [
  subject('tcp', 'tcp', (host, port) => ({
    host,
    port,
    dialogue: [{ send: 'hi\n' }, { expect: 'welcome', lines: 1 }],
  })),
  subject('tcp by TLS', 'tls', (host, port) => ({
    host,
    port,
    tls: true,
    dialogue: [{ expect: 'welcome', lines: 1 }],
  })),
  subject('tls', 'tls', (host, port) => ({ host, port })),
  subject('http', 'http', web('http', { contains: 'welcome' })),
  subject('http by TLS', 'tls', web('https')),
  subject('websocket', 'ws', web('ws', { contains: 'welcome' })),
  subject('websocket by TLS', 'tls', web('wss')),
  subject('dns', 'dns', (host, port) => ({ host, port, name: 'example.com', transport: 'tcp' })),
  subject('dns by TLS', 'tls', (host, port) => ({
    host,
    port,
    name: 'example.com',
    transport: 'tls',
  })),
  subject('grpc-health', 'http2', (host, port) => ({ host, port, tls: false })),
  subject('grpc-health by TLS', 'tls', (host, port) => ({ host, port })),
  subject('libp2p', 'libp2p', (host, port) => ({
    multiaddr: `/${/[a-z]/.test(host) ? 'dns4' : 'ip4'}/${host}/tcp/${port}`,
  })),
  subject('evm-rpc', 'http', web('http', chain)),
  subject('evm-rpc by WebSocket', 'ws', web('ws', chain)),
  subject('evm-rpc by TLS', 'tls', web('https', chain)),
  subject('eth-beacon', 'http', web('http', beacon)),
  subject('cometbft', 'http', web('http', comet)),
  subject('substrate', 'http', web('http', { genesisHash: `0x${HASH}` })),
  subject('substrate by WebSocket', 'ws', web('ws', { genesisHash: `0x${HASH}` })),
  subject('solana', 'http', web('http', { genesisHash: '1'.repeat(32) })),
  subject('bitcoin', 'http', web('http', { chain: 'regtest' })),
  subject('price-feed', 'http', web('http', feed)),
  subject('price-feed by WebSocket', 'ws', web('ws', feed)),
  subject('price-feed of Pyth', 'http', web('http', pyth)),
  subject('price-reference', 'http', sources('http')),
  subject('price-reference by TLS', 'tls', sources('https')),
  subject('relayer', 'http', web('http', { software: 'hermes' })),
  subject('ibc', 'http', web('http', ibc)),
  subject('contract', 'http', web('http', calls)),
  subject('contract by WebSocket', 'ws', web('ws', calls)),
]
