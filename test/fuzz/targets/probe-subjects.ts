import type { ProbeKind } from '@watchfire/probes'
import { parseParams } from '../../../packages/probes/src/params.ts'
import type { JsonValue } from '../mutate-json.ts'
import { findKind } from './run-probe.ts'

/** A text, one that comes compressed, or results of JSON-RPC calls: of one, or of a batch. */
export type HealthyReply = string | { readonly gzip: string } | readonly JsonValue[]

/** A kind with parameters, and what a healthy target answers each of its requests with. */
export interface Subject {
  readonly kind: ProbeKind
  readonly params: object
  readonly replies: readonly HealthyReply[]
}

const rpc = {
  url: 'http://target.example/',
  headers: {},
  chainId: 1,
  blockMs: 12_000,
  batch: true,
}
const feed = { ...rpc, referenceDepth: 1, unit: 'usd', heartbeatMs: 60_000 }
const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0')
const block = {
  number: '0x1500',
  timestamp: '0x691f0000',
  hash: `0x${'5a'.repeat(32)}`,
  gasUsed: '0x112a880',
  gasLimit: '0x2255100',
  baseFeePerGas: '0x3b9aca00',
  transactions: ['0x1', '0x2'],
}
const reference = { ...block, number: '0x14e0' }
const roundData = `0x${[2n ** 64n + 7n, 3_000n * 10n ** 8n, 1n, 1_763_683_200n, 2n ** 64n + 7n].map(word).join('')}`
const newest = { oldestBlock: '0x14c0', gasUsedRatio: [0.5] }
const pythPrice = { price: '300000000000', conf: '40000000', expo: -8, publish_time: 1_763_683_258 }
const priceId = '5a'.repeat(32)
const pythUpdate = {
  parsed: [{ id: priceId, price: pythPrice, ema_price: pythPrice, metadata: { slot: 77 } }],
}

const words = (...values: readonly bigint[]): string => values.map(word).join('')
const contract = { url: rpc.url, chainId: 1 }
const call = { address: `0x${'ab'.repeat(20)}` }
const queue = `0x${words(3n, 64n, 2n, 11n, 12n)}`
const list = `0x${words(32n, 1n, 32n, 64n, 1n, 2n, 5n, 6n)}`
const exposition = `# HELP backlog_size Packets.
# TYPE backlog_size gauge
backlog_size{chain="a",channel="channel-0"} 3
backlog_size{chain="b",channel="channel-\\"1\\n"} 2e0 1763683260000
backlog_oldest_timestamp{chain="a"} 1763683200
wallet_balance{chain="a",denom="uatom"} 1.5e+07
workers{type="packet"} 2
queue NaN
queue 1.25
seen_seconds 1763683250.5
`

/** Kinds that ask over HTTP, with what they ask for. Kept inputs name one by its place. */
export const subjects: readonly Subject[] = [
  {
    kind: findKind('http'),
    params: complete('http', {
      url: 'http://target.example/health',
      contains: 'ok',
      redirects: 2,
      bodyBytesMax: 65_536,
    }),
    replies: ['all is ok', 'no', ''],
  },
  {
    kind: findKind('evm-rpc'),
    params: { ...rpc, referenceDepth: 8, referenceStep: 32 },
    replies: [[block], ['0x1', reference, false, '0x19', 'Geth/v1.17.4/linux', newest, newest]],
  },
  {
    kind: findKind('price-feed'),
    params: { ...feed, feed: 'aggregator', address: `0x${'ab'.repeat(20)}`, decimals: 8 },
    replies: [[block], ['0x1', roundData, `0x${word(8n)}`]],
  },
  {
    kind: findKind('price-feed'),
    params: { ...feed, feed: 'pyth', priceId },
    replies: [JSON.stringify(pythUpdate)],
  },
  {
    kind: findKind('relayer'),
    params: complete('relayer', {
      url: 'http://target.example/metrics',
      software: 'hermes',
      metrics: [
        { signal: 'queue', metric: 'queue', reduce: 'max', scale: 3 },
        { signal: 'seen', metric: 'seen_seconds', take: 'age', reduce: 'min' },
      ],
    }),
    replies: [exposition],
  },
  {
    kind: findKind('contract'),
    params: complete('contract', {
      ...contract,
      calls: [
        { ...call, signal: 'word', data: '0x18160ddd', type: 'int', word: 1 },
        {
          ...call,
          signal: 'queue',
          function: 'queue() view returns (uint8, uint256[] ids)',
          output: 'ids',
        },
        {
          ...call,
          signal: 'rate',
          function: 'get() returns ((uint64[] rates, bool on)[] list)',
          output: 'list.0.rates.1',
        },
      ],
      ratios: [{ signal: 'ratio', of: 'word', over: 'queue' }],
    }),
    replies: [[block], ['0x1', `0x${words(7n, 9n)}`, queue, list]],
  },
  {
    kind: findKind('price-reference'),
    params: complete('price-reference', {
      sources: [
        { url: 'http://a.example/', price: '/data/0/last', time: '/data/0/time' },
        { url: 'http://b.example/', price: '/price', time: '/at', timeUnit: 'ms' },
        { url: 'http://c.example/', price: '/price', decimals: 4 },
      ],
      oracles: [
        { name: 'pyth', feed: 'pyth', url: 'http://d.example/', priceId },
        { ...contract, ...call, name: 'own', decimals: 8 },
      ],
    }),
    // A server's end for each connection, in the order in which they are made.
    replies: [
      '{"data":[{"last":3000.25,"time":"2025-11-21T00:01:00Z"}]}',
      '{"price":"3001","at":1763683259000}',
      '{"price":30005000}',
      JSON.stringify(pythUpdate),
      [block],
      ['0x1', roundData, `0x${word(8n)}`],
    ],
  },
  {
    kind: findKind('http'),
    params: complete('http', {
      url: 'http://target.example/health',
      bodyBytesMax: 4096,
      headerMatches: [{ name: 'content-type', pattern: '^text/', optional: true }],
      headerMatchesNot: [{ name: 'set-cookie', pattern: '.' }],
      bodyMatches: ['(?i)"status":\\s*"(ok|fine)"'],
      bodyMatchesNot: ['error|\\bfail(ed|ure)?\\b'],
    }),
    replies: ['{"status": "OK"}', '{"status":"fine","detail":"no error"}'],
  },
  {
    kind: findKind('http'),
    params: complete('http', {
      url: 'http://target.example/health',
      bodyBytesMax: 4096,
      compression: 'gzip',
      bodyMatches: ['ok'],
    }),
    replies: [{ gzip: 'all is ok '.repeat(20) }],
  },
]

function complete(name: string, given: object): object {
  const parsed = parseParams(findKind(name), given)
  if (!parsed.ok) throw new RangeError(`${name} refuses ${JSON.stringify(parsed.problems)}`)
  return parsed.params
}
