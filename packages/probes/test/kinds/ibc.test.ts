import assert from 'node:assert/strict'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { ibcKind } from '../../src/kinds/ibc.ts'
import { parseParams } from '../../src/params.ts'
import { encodeMessage } from '../../src/protocols/grpc/protobuf.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { readRecording, startRecorded } from '../recorded-server.ts'
import { type RpcReply, type RpcTable, startRpcServer } from '../rpc-server.ts'

/** The start of the round in which is asked: what is asked in one that is over is late. */
let roundStartMs = 0
const params = { chainId: 'ibc-0', clientId: '07-tendermint-0' }
const channel = { id: 'channel-0' }

type Message = Parameters<typeof encodeMessage>[0]

const message = (...fields: Message) => encodeMessage(fields)
const any = (type: string, value: Uint8Array) =>
  message([1, `/ibc.lightclients.tendermint.v1.${type}`], [2, value])

/** Responses by the query's last word, as messages or as codes of failure. */
type Responses = Readonly<Record<string, Uint8Array | number>>

function makeResponses(): Responses {
  return {
    ClientStatus: message([1, 'Active']),
    ClientState: message([1, any('ClientState', message([1, 'ibc-1'], [3, message([1, 1000])]))]),
    ConsensusState: learned(100),
    Channel: message([1, message([1, 3])]),
    PacketCommitments: pending(['9', '10', '11']),
  }
}

/** That the client learned of a block so long before the round. */
function learned(seconds: number) {
  const time = message([1, roundStartMs / 1000 - seconds])
  return message([1, any('ConsensusState', message([1, time]))])
}

function pending(sequences: readonly string[], page: Message = [[2, sequences.length]]) {
  const commitments = sequences
    .toSorted()
    .map((sequence): Message[number] => [1, message([1, 'transfer'], [3, Number(sequence)])])
  return message(...commitments, [2, message(...page)])
}

const status = (over: object = {}) => ({
  node_info: { network: 'ibc-0' },
  sync_info: {
    latest_block_height: '77',
    latest_block_time: new Date(roundStartMs - 2000).toISOString(),
    catching_up: false,
    ...over,
  },
})

function blocks([from]: readonly unknown[]): RpcReply {
  const header = {
    height: from,
    time: new Date(roundStartMs - 40_000).toISOString(),
    evidence_hash: '',
  }
  return { result: { block_metas: [{ block_id: { hash: 'AB'.repeat(32) }, header }] } }
}

function makeTable(over: Responses = {}, more: RpcTable = {}): RpcTable {
  const all = { ...makeResponses(), ...over }
  return {
    status: () => ({ result: status() }),
    abci_query([path]) {
      const response = all[String(path).split('/').at(-1) ?? '']
      if (typeof response === 'number') {
        return { result: { response: { code: response, log: 'so it says', value: null } } }
      }
      const value = Buffer.from(response ?? '').toString('base64')
      return { result: { response: { code: 0, log: '', value } } }
    },
    tx_search: { result: { txs: [{ height: '42' }], total_count: '1' } },
    blockchain: blocks,
    ...more,
  }
}

/** @param makeOwn - called once the round has begun */
async function probe(makeOwn: () => RpcTable, over: object = {}): Promise<ProbeResult> {
  beginRound()
  const server = await startRpcServer(makeOwn())
  try {
    return await probeOnce(ibcKind, { url: server.url, ...params, ...over }, { roundStartMs })
  } finally {
    await server.close()
  }
}

function beginRound(): void {
  roundStartMs = Math.floor(Date.now() / 1000) * 1000
}

async function readSignals(makeOwn: () => RpcTable, over: object = {}) {
  const result = await probe(makeOwn, over)
  assert.ok(result.status === 'reached', getEnding(result))
  const { latency, ...signals } = result.signals
  assert.ok(latency !== undefined && latency > 0n)
  return signals
}

const client = {
  'catching-up': 0n,
  'head-age': 2000n,
  'client-active': 1n,
  'client-expiry': 900n,
  'trusting-period': 1000n,
}

describe('kind ibc', () => {
  it('tells when a client expires: its trusting period after the last block it learned of', async () => {
    assert.deepEqual(await readSignals(() => makeTable()), client)
  })

  it('tells what is pending on a channel, and since when the packet that was sent first', async () => {
    const asked: unknown[] = []
    const makeOwn = () =>
      makeTable(
        {},
        {
          tx_search([query]) {
            asked.push(query)
            return { result: { txs: [{ height: '42' }], total_count: '1' } }
          },
        },
      )
    assert.deepEqual(await readSignals(makeOwn, { channel }), {
      ...client,
      'channel-open': 1n,
      backlog: 3n,
      'oldest-pending': 40_000n,
    })
    // The commitments come in the order of their digits: 10, 11, 9.
    assert.deepEqual(asked, [
      "send_packet.packet_src_port='transfer' AND send_packet.packet_src_channel='channel-0' AND " +
        "send_packet.packet_sequence='9'",
    ])
  })

  it('has nothing pending for 0 ms where nothing is', async () => {
    const signals = await readSignals(() => makeTable({ PacketCommitments: pending([]) }), {
      channel,
    })
    assert.equal(signals['backlog'], 0n)
    assert.equal(signals['oldest-pending'], 0n)
  })

  it('leaves out since when, where the node has no index, or no block, or there are too many', async () => {
    const refused: RpcReply = { error: { code: -32_603, message: 'indexing is disabled' } }
    for (const [over, more] of [
      [{}, { tx_search: refused }],
      [{}, { tx_search: { result: { txs: [], total_count: '0' } } }],
      [{}, { blockchain: refused }],
      [
        {
          PacketCommitments: pending(
            ['1', '2'],
            [
              [1, 'next'],
              [2, 2000],
            ],
          ),
        },
        {},
      ],
    ] as const) {
      const signals = await readSignals(() => makeTable(over, more), { channel })
      assert.equal(signals['oldest-pending'], undefined)
      assert.equal(signals['backlog'], over.PacketCommitments === undefined ? 3n : 2000n)
    }
  })

  it('says what the chain says of a client that expired, or is frozen, and of a closed channel', async () => {
    const gone = await readSignals(() =>
      makeTable({ ClientStatus: message([1, 'Expired']), ConsensusState: 22 }),
    )
    assert.equal(gone['client-active'], 0n)
    assert.equal(gone['client-expiry'], undefined)
    const late = await readSignals(() => makeTable({ ConsensusState: learned(1001) }))
    assert.equal(late['client-expiry'], -1n)
    const makeShut = () =>
      makeTable({
        ClientStatus: message([1, 'Frozen']),
        Channel: message([1, message([1, 4])]),
      })
    const closed = await readSignals(makeShut, { channel })
    assert.equal(closed['client-active'], 0n)
    assert.equal(closed['channel-open'], 0n)
  })

  it('asks five times where the node takes several calls at once, eight times where it does not', async () => {
    for (const [batch, requests] of [
      [true, 5],
      [false, 8],
    ] as const) {
      beginRound()
      const server = await startRpcServer(makeTable())
      const all = { url: server.url, ...params, channel, batch }
      const result = await probeOnce(ibcKind, all, { roundStartMs })
      assert.equal(getEnding(result), 'reached')
      assert.equal(server.requests(), requests)
      await server.close()
    }
  })

  it('reads a real chain’s answers', async () => {
    beginRound()
    const server = await startRecorded(readRecording('simd').replies)
    const all = { url: server.url, ...params, channel }
    const result = await probeOnce(ibcKind, all, { roundStartMs })
    await server.close()
    assert.ok(result.status === 'reached', getEnding(result))
    const { latency, ...signals } = result.signals
    assert.ok(latency !== undefined && latency > 0n)
    const since = (time: string) => BigInt(roundStartMs - Date.parse(time))
    assert.deepEqual(signals, {
      'catching-up': 0n,
      'head-age': since('2026-11-26T16:08:19.453Z'),
      'client-active': 1n,
      'client-expiry': (240_000n - since('2026-11-26T16:07:44.545Z')) / 1000n,
      'trusting-period': 240n,
      'channel-open': 1n,
      backlog: 2n,
      'oldest-pending': since('2026-11-26T16:08:13.771Z'),
    })
  })

  it('says what else an answer means', async () => {
    const badTime = any('ConsensusState', message([1, message([1, 1], [2, 1_000_000_000])]))
    const far = any('ClientState', message([3, message([1, 400_000_000_000])]))
    const none: RpcReply = { result: { response: { code: 0, value: 5 } } }
    for (const [over, more, ending] of [
      [{ ClientStatus: 22 }, {}, 'content'],
      [{ ClientState: 22 }, {}, 'content'],
      [{ Channel: 22 }, {}, 'content'],
      [{ ClientStatus: 6 }, {}, 'content'],
      [{ ClientState: message([1, any('Header', message([3, message([1, 9])]))]) }, {}, 'protocol'],
      [{ ClientState: message([1, far]) }, {}, 'protocol'],
      [{ ConsensusState: message([1, badTime]) }, {}, 'protocol'],
      [{ ConsensusState: Uint8Array.of(8) }, {}, 'protocol'],
      [{ PacketCommitments: pending(['0']) }, {}, 'protocol'],
      [{ PacketCommitments: pending(['1', '2'], [[2, 1]]) }, {}, 'protocol'],
      [{}, { abci_query: none }, 'protocol'],
      // Found by fuzzing: a code that is an object whose text cannot be had threw.
      [{}, { abci_query: { result: { response: { code: { toString: 'x' } } } } }, 'protocol'],
      [{}, { abci_query: { error: { code: -32_005, message: 'quota' } } }, 'status'],
      [{}, { status: { result: { ...status(), node_info: { network: 'ibc-9' } } } }, 'wrong-chain'],
      [{}, { status: { result: 1 } }, 'protocol'],
    ] as const) {
      const result = await probe(() => makeTable(over, more), { channel })
      assert.equal(getEnding(result), ending, JSON.stringify([over, more]))
    }
  })

  it('takes no client but those of CometBFT chains, and no name that could end a query’s', () => {
    for (const over of [
      { clientId: '08-wasm-1' },
      { clientId: '07-tendermint-' },
      { channel: { id: "channel-0'" } },
      { channel: { id: 'channel 0' } },
      { channel: { port: 'a/b', id: 'channel-0' } },
    ]) {
      const parsed = parseParams(ibcKind, { url: 'http://chain.example/', ...params, ...over })
      assert.equal(parsed.ok, false, JSON.stringify(over))
    }
  })

  it('is down by default for a client or a channel that takes no packets, and degraded before', () => {
    const listThresholds = (over: object) => {
      const draft = {
        id: 'end',
        kind: 'ibc',
        timeoutMs: 800,
        params: { url: 'http://chain.example/', ...params, blockMs: 1000, ...over },
      }
      const expanded = expandTarget(draft, makeRegistry([ibcKind]))
      assert.ok(expanded.ok, JSON.stringify(expanded))
      return expanded.target.policy.thresholds.slice(0, -1)
    }
    const severity = 'degraded'
    const own = [
      { signal: 'catching-up', above: 0, severity },
      { signal: 'head-age', above: 20_000, clear: 10_000, severity },
      { signal: 'client-active', below: 1, severity: 'down' },
      { signal: 'client-expiry', below: 86_400, severity },
    ]
    assert.deepEqual(listThresholds({}), own)
    assert.deepEqual(listThresholds({ channel, backlogMax: 5, pendingMsMax: 6 }), [
      ...own,
      { signal: 'channel-open', below: 1, severity: 'down' },
      { signal: 'oldest-pending', above: 6, clear: 3, severity },
      { signal: 'backlog', above: 5, clear: 2, severity },
    ])
  })
})
