import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { evmRpcKind } from '../../src/kinds/evm-rpc.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { type Anvil, startAnvil } from '../anvil.ts'
import { makeBlock, type OnBatch, type RpcTable, startRpcServer } from '../rpc-server.ts'

const CHAIN_ID = 31_337
const NOW_S = 1_750_000_000
const BLOCK_MS = 12_000
const answers = {
  eth_chainId: { result: '0x7a69' },
  eth_syncing: { result: false },
  eth_getBlockByNumber: { result: makeBlock(0, NOW_S) },
} satisfies RpcTable
const healthy: RpcTable = answers

/** Probes a server that answers as healthy, except where `table` says otherwise. */
async function probe(table: RpcTable, onBatch?: OnBatch): Promise<ProbeResult> {
  const server = await startRpcServer({ ...healthy, ...table }, onBatch)
  try {
    const params = { url: server.url, chainId: CHAIN_ID }
    return await probeOnce(evmRpcKind, params, { roundStartMs: Date.now() })
  } finally {
    await server.close()
  }
}

/** A server whose chain has a block every 12 s up to `head`, the last at `NOW_S`. */
function makeChain(head: number, fields: object = {}): RpcTable {
  return {
    ...healthy,
    eth_getBlockByNumber: ([tag]) => {
      const height = tag === 'latest' ? head : Number(tag)
      return { result: { ...makeBlock(height, NOW_S - (head - height) * 12), ...fields } }
    },
  }
}

describe('kind evm-rpc', () => {
  describe('with a real chain', () => {
    const HEAD = 48
    let headMs: number
    let anvil: Anvil
    before(async () => {
      // A few seconds old: the probe of a round long past would come too late.
      headMs = Math.floor(Date.now() / 1000) * 1000 - 2000
      anvil = await startAnvil(CHAIN_ID, headMs - HEAD * BLOCK_MS)
      // Each at its time: what is mined by interval also gains the seconds that mining takes.
      for (let height = HEAD - 1; height >= 0; height--) {
        await anvil.call('evm_mine', [(headMs - height * BLOCK_MS) / 1000])
      }
    })
    after(() => anvil.stop())

    const ask = (params: object, roundStartMs: number) =>
      probeOnce(
        evmRpcKind,
        { url: anvil.url, chainId: CHAIN_ID, referenceStep: 16, ...params },
        { roundStartMs },
      )

    it('reads the head, and the hash of a block below it that others read too', async () => {
      const result = await ask({}, headMs + 3000)
      assert.ok(result.status === 'reached', getEnding(result))
      const { latency = 0n, ...signals } = result.signals
      const { 'connect-time': connect = 0n, 'wait-time': wait = 0n, ...rest } = signals
      const { 'transfer-time': transfer = -1n, 'base-fee': fee = 0n, ...values } = rest
      assert.ok(connect > 0n && wait > 0n && transfer >= 0n)
      assert.ok(latency >= connect + wait + transfer)
      assert.ok(fee > 0n)
      assert.deepEqual(values, {
        head: 48n,
        'head-age': 3000n,
        finalized: 0n,
        'finalized-lag': 48n,
        'safe-lag': 32n,
        'block-interval': 12_000n,
        'gas-used': 0n,
        'gas-rate': 0n,
        'tx-rate': 0n,
      })
      assert.deepEqual(result.reference, { kind: 'height', value: 32 })
      const block = (await anvil.call('eth_getBlockByNumber', ['0x20', false])) as { hash: string }
      const hash = Buffer.from(result.identities['block-hash'] ?? []).toString('hex')
      assert.equal(hash, block.hash.slice(2))
      const client = Buffer.from(result.identities['client'] ?? []).toString('latin1')
      assert.match(client, /^anvil\/v\d+\.\d+\.\d+$/)
    })

    it('asks twice, over one connection', async () => {
      const { phases } = await ask({}, Date.now())
      assert.equal(phases.filter(({ name }) => name === 'connect').length, 1)
      assert.equal(phases.filter(({ name }) => name === 'request').length, 2)
    })

    it('reads the same without a batch', async () => {
      const roundStartMs = headMs + 3000
      const [batched, single] = [
        await ask({}, roundStartMs),
        await ask({ batch: false }, roundStartMs),
      ]
      assert.ok(batched.status === 'reached' && single.status === 'reached')
      assert.deepEqual(single.identities, batched.identities)
      assert.deepEqual(Object.keys(single.signals), Object.keys(batched.signals))
      assert.equal(single.phases.filter(({ name }) => name === 'request').length, 8)
    })

    it('reads the same over a WebSocket, in one connection', async () => {
      const roundStartMs = headMs + 3000
      const url = anvil.url.replace('http', 'ws')
      for (const batch of [true, false]) {
        const [http, ws] = [await ask({}, roundStartMs), await ask({ url, batch }, roundStartMs)]
        assert.ok(http.status === 'reached' && ws.status === 'reached', getEnding(ws))
        assert.deepEqual(ws.identities, http.identities)
        assert.deepEqual(ws.reference, http.reference)
        const kept = ({ signals }: typeof ws) =>
          Object.entries(signals).filter(([name]) => !/time$|latency/.test(name))
        assert.deepEqual(kept(ws), kept(http))
        assert.ok((ws.signals['wait-time'] ?? 0n) > 0n)
        assert.ok(!('transfer-time' in ws.signals))
        assert.equal(ws.phases.filter(({ name }) => name === 'connect').length, 1)
      }
    })

    it('says wrong-chain of another chain', async () => {
      assert.equal(getEnding(await ask({ chainId: 1 }, Date.now())), 'wrong-chain')
    })

    it('compares one block in a round, whatever the head when a monitor asks', async () => {
      const roundStartMs = headMs + 3000
      const early = await ask({ referenceStep: 1 }, roundStartMs)
      await anvil.call('anvil_mine', ['0x2', '0xc'])
      const late = await ask({ referenceStep: 1 }, roundStartMs)
      assert.ok(early.status === 'reached' && late.status === 'reached')
      assert.equal(late.signals['head'], (early.signals['head'] ?? 0n) + 2n)
      assert.deepEqual(early.reference, { kind: 'height', value: 40 })
      assert.deepEqual(late.reference, early.reference)
      assert.deepEqual(late.identities, early.identities)
    })
  })

  it('measures what the latest block used, by the mean interval since the reference block', async () => {
    const transactions = Array.from({ length: 150 }, () => `0x${'11'.repeat(32)}`)
    const fields = { gasUsed: '0x112a880', gasLimit: '0x2255100', baseFeePerGas: '0x4a817c801' }
    const result = await probe(makeChain(1000, { ...fields, transactions }))
    assert.ok(result.status === 'reached', getEnding(result))
    const { signals } = result
    assert.equal(signals['gas-used'], 5000n, 'half of it, in hundredths of a percent')
    assert.equal(signals['gas-rate'], 1_500_000n, '18 million gas every 12 s')
    assert.equal(signals['tx-rate'], 12_500n, '12.5 a second')
    assert.equal(signals['base-fee'], 20_000_000_001n)
    assert.equal(signals['block-interval'], 12_000n)
  })

  it('leaves out what a node does not offer, or does not say in numbers', async () => {
    const bare = await probe(makeChain(1000))
    assert.ok(bare.status === 'reached', getEnding(bare))
    const [connect, wait, transfer] = ['connect-time', 'wait-time', 'transfer-time']
    const basic = ['latency', connect, wait, transfer, 'head', 'head-age', 'block-interval']
    assert.deepEqual(Object.keys(bare.signals).toSorted(), basic.toSorted())
    assert.deepEqual(Object.keys(bare.identities), ['block-hash'])
    for (const result of [null, {}, [], 'many', -1, 1.5, '0x', { oldestBlock: 7 }]) {
      const odd = await probe({
        ...makeChain(1000, { gasUsed: result, gasLimit: result, baseFeePerGas: result }),
        net_peerCount: { result },
        eth_feeHistory: { result },
        web3_clientVersion: { result: typeof result === 'string' ? '' : result },
      })
      assert.ok(odd.status === 'reached', getEnding(odd))
      assert.deepEqual(
        Object.keys(odd.signals).toSorted(),
        basic.toSorted(),
        JSON.stringify(result),
      )
      assert.deepEqual(Object.keys(odd.identities), ['block-hash'])
    }
  })

  it('reads peers, safe and finalized blocks, and the software’s name and version', async () => {
    const result = await probe({
      ...makeChain(1000),
      net_peerCount: { result: '0x19' },
      eth_feeHistory: ([, tag]) => ({
        result: { oldestBlock: tag === 'safe' ? '0x3c8' : '0x3a8' },
      }),
      web3_clientVersion: {
        result: 'Geth/my node/v1.17.4-stable-2bd6bd01/linux-amd64/go1.26.8',
      },
    })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.equal(result.signals['peers'], 25n)
    assert.equal(result.signals['safe-lag'], 32n)
    assert.equal(result.signals['finalized'], 936n)
    assert.equal(result.signals['finalized-lag'], 64n)
    const client = Buffer.from(result.identities['client'] ?? []).toString('latin1')
    assert.equal(client, 'Geth/v1.17.4')
  })

  it('cuts the name of the software to what an identity holds, in plain characters', async () => {
    for (const [name, expected] of [
      [`${'x'.repeat(40)}/v1.2.3`, 'x'.repeat(32)],
      ['Erigon/2.58.1\n/linux', 'Erigon/2.58.1'],
      ['reth/v1.3.0-beta+c/x86_64', 'reth/v1.3.0'],
      ['ünknown', 'nknown'],
    ] as const) {
      const result = await probe({ ...makeChain(9), web3_clientVersion: { result: name } })
      assert.ok(result.status === 'reached', getEnding(result))
      assert.equal(Buffer.from(result.identities['client'] ?? []).toString(), expected)
    }
  })

  it('asks one by one where a server refuses a batch, in whatever way', async () => {
    const refusals: OnBatch[] = [
      (response) => response.end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600}}'),
      (response) => response.writeHead(400).end('no batches'),
      (response) => response.writeHead(403).end(),
      (response) => response.end('<html>'),
      (response) => response.end('"no"'),
      (response) => response.end('[]'),
      (response) => response.end('[{"jsonrpc":"2.0","id":2}]'),
      (response) => response.writeHead(200, { 'content-length': '9000000' }).write('['),
    ]
    for (const [index, refuse] of refusals.entries()) {
      const result = await probe({ ...makeChain(9), net_peerCount: { result: '0x1' } }, refuse)
      assert.ok(result.status === 'reached', `${index}: ${getEnding(result)}`)
      assert.equal(result.signals['peers'], 1n)
    }
  })

  it('takes the answers of a batch in any order, and one that is left out as not offered', async () => {
    const result = await probe(makeChain(40), (response, calls) => {
      const own = (id: number, value: unknown) => ({ jsonrpc: '2.0', id, result: value })
      const [chain, block, , peers] = calls
      assert.ok(chain !== undefined && block !== undefined && peers !== undefined)
      const answered = [
        own(peers.id, '0x2'),
        own(block.id, makeBlock(Number(block.params[0]), NOW_S - 96)),
        own(chain.id, '0x7a69'),
        own(chain.id, '0x1'),
        'rubbish',
      ]
      response.end(JSON.stringify(answered))
    })
    assert.ok(result.status === 'reached', getEnding(result))
    assert.equal(result.signals['peers'], 2n)
    const chainless = await probe(makeChain(40), (response, [, block]) => {
      const value = makeBlock(32, NOW_S)
      response.end(JSON.stringify([{ jsonrpc: '2.0', id: block?.id, result: value }]))
    })
    assert.equal(getEnding(chainless), 'protocol', 'it cannot do without the chain’s id')
  })

  it('says syncing of a node that is', async () => {
    const state = { startingBlock: '0x0', currentBlock: '0x1', highestBlock: '0x2' }
    assert.equal(getEnding(await probe({ eth_syncing: { result: state } })), 'syncing')
  })

  it('says syncing of a node whose state nests deeper than can be written out', async () => {
    const levels = 100_000
    interface Asked {
      readonly id: number
      readonly method: keyof typeof answers
    }
    const deep = `{"currentBlock":"0x1","a":${'['.repeat(levels)}${']'.repeat(levels)}}`
    const server = createHttpServer((request, response) => {
      request.setEncoding('utf8')
      let text = ''
      request.on('data', (piece: string) => (text += piece))
      request.on('end', () => {
        const asked = JSON.parse(text) as Asked | Asked[]
        const write = ({ id, method }: Asked) => {
          const result = method === 'eth_syncing' ? deep : JSON.stringify(answers[method]?.result)
          return `{"jsonrpc":"2.0","id":${id},"result":${result ?? null}}`
        }
        response.end(Array.isArray(asked) ? `[${asked.map(write).join()}]` : write(asked))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const params = { url: `http://127.0.0.1:${port}/`, chainId: CHAIN_ID }
    const result = await probeOnce(evmRpcKind, params, { roundStartMs: Date.now() })
    server.close()
    server.closeAllConnections()
    assert.equal(getEnding(result), 'syncing')
    assert.ok(result.status === 'failed')
    assert.equal(result.detail, 'at block 1 of unknown')
  })

  it('does without eth_syncing where a server does not offer it', async () => {
    for (const code of [-32_601, -32_004, -32_000]) {
      const error = { code, message: 'the method is not available' }
      assert.equal(getEnding(await probe({ eth_syncing: { error } })), 'reached')
    }
  })

  it('takes a state that has caught up for no syncing, and knows no other', async () => {
    const caughtUp = { currentBlock: '0x20', highestBlock: '0x20' }
    assert.equal(getEnding(await probe({ eth_syncing: { result: caughtUp } })), 'reached')
    const fresh = { currentBlock: '0x0', highestBlock: '0x0' }
    assert.equal(getEnding(await probe({ eth_syncing: { result: fresh } })), 'syncing')
    assert.equal(getEnding(await probe({ eth_syncing: { result: true } })), 'syncing')
    assert.equal(getEnding(await probe({ eth_syncing: { result: 'no' } })), 'protocol')
  })

  it('says content of a node that lacks the block below its own head', async () => {
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: { result: null } })), 'content')
    const other = { result: makeBlock(100, NOW_S) }
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: other })), 'content')
  })

  it('says protocol of what is no block, no number, or no answer', async () => {
    for (const result of [{}, [], 'block', { ...makeBlock(0, NOW_S), hash: '0x00' }, 1]) {
      const ending = getEnding(await probe({ eth_getBlockByNumber: { result } }))
      assert.equal(ending, 'protocol', JSON.stringify(result))
    }
    const huge = { result: { ...makeBlock(0, NOW_S), timestamp: '0xffffffffffffffff' } }
    assert.equal(getEnding(await probe({ eth_getBlockByNumber: huge })), 'protocol')
    for (const result of ['31337', null, '0x', 31_337]) {
      assert.equal(getEnding(await probe({ eth_chainId: { result } })), 'protocol')
    }
    assert.equal(getEnding(await probe({ eth_syncing: { result: 'maybe' } })), 'protocol')
  })

  it('says protocol of what is no answer to its call', async () => {
    for (const body of ['not JSON', '[]', '{"jsonrpc":"2.0","id":7,"result":"0x1"}', '{"id":1}']) {
      const server = createHttpServer((_request, response) => response.end(body))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      try {
        const { port } = server.address() as AddressInfo
        const params = { url: `http://127.0.0.1:${port}/`, chainId: CHAIN_ID }
        assert.equal(getEnding(await probeOnce(evmRpcKind, params)), 'protocol', body)
      } finally {
        await new Promise((resolve) => server.close(resolve))
      }
    }
  })

  it('says status of a provider whose quota is used up, and protocol of other errors', async () => {
    const limit = { error: { code: -32_005, message: 'limit exceeded' } }
    assert.equal(getEnding(await probe({ eth_chainId: limit })), 'status')
    const other = { error: { code: -32_603, message: 'internal error' } }
    assert.equal(getEnding(await probe({ eth_chainId: other })), 'protocol')
  })

  it('opens another connection where a server closes each without a word', async () => {
    interface Asked {
      readonly id: number
      readonly method: keyof typeof answers
    }
    const server = createServer((socket) => {
      socket.once('data', (chunk) => {
        const asked = JSON.parse(chunk.toString().split('\r\n\r\n')[1] ?? '') as Asked | Asked[]
        const unknown = { error: { code: -32_601, message: 'no such method' } }
        const answer = ({ id, method }: Asked) => ({
          jsonrpc: '2.0',
          id,
          ...(answers[method] ?? unknown),
        })
        const body = JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked))
        // HTTP/1.0: the connection ends with the answer, and no header says so.
        socket.end(`HTTP/1.0 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const result = await probeOnce(evmRpcKind, {
        url: `http://127.0.0.1:${port}`,
        chainId: CHAIN_ID,
      })
      assert.equal(getEnding(result), 'reached')
      assert.equal(result.phases.filter(({ name }) => name === 'connect').length, 2)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('measures lag by default only within a group', () => {
    const registry = makeRegistry([evmRpcKind])
    const params = { url: 'http://127.0.0.1/', chainId: 1, blockMs: 1000 }
    const draft = { id: 'node', kind: 'evm-rpc', timeoutMs: 800, params }
    const alone = expandTarget(draft, registry)
    const grouped = expandTarget({ ...draft, group: 'mainnet' }, registry)
    assert.ok(alone.ok && grouped.ok)
    assert.deepEqual(
      alone.target.policy.thresholds.map(({ signal }) => signal),
      ['latency', 'head-age'],
    )
    assert.deepEqual(grouped.target.policy.thresholds.at(-1), {
      signal: 'head',
      lag: 30,
      clear: 15,
      severity: 'degraded',
    })
  })
})
