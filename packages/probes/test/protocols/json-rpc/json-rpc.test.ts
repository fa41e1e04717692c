import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { getEnding, probeOnce } from '../../../src/compliance/harness.ts'
import type { ProbeResult } from '../../../src/kind.ts'
import { evmRpcKind } from '../../../src/kinds/evm-rpc.ts'
import { startAnvil } from '../../anvil.ts'
import { makeBlock } from '../../rpc-server.ts'

const CHAIN_ID = 31_337
const results: Readonly<Record<string, unknown>> = {
  eth_chainId: '0x7a69',
  eth_syncing: false,
  eth_getBlockByNumber: makeBlock(0, 1_750_000_000),
}

interface Call {
  readonly id: number
  readonly method: string
}

/** Probes a server that says, for each call, what `answer` makes of the call's id and result. */
async function probe(
  answer: (id: number, result: unknown) => readonly unknown[],
): Promise<{ result: ProbeResult; connections: number }> {
  let connections = 0
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => {
    connections++
    socket.on('message', (data) => {
      const asked = JSON.parse((data as Buffer).toString()) as Call | Call[]
      const calls = Array.isArray(asked) ? asked : [asked]
      const said = calls.map(({ id, method }) => answer(id, results[method] ?? null))
      // Of a batch the last messages come as one, and the others by themselves.
      const last = said.map((messages) => messages.at(-1))
      for (const message of [
        ...said.flatMap((messages) => messages.slice(0, -1)),
        Array.isArray(asked) ? last : last[0],
      ]) {
        socket.send(typeof message === 'string' ? message : JSON.stringify(message))
      }
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const params = { url: `ws://127.0.0.1:${port}/`, chainId: CHAIN_ID }
    return { result: await probeOnce(evmRpcKind, params), connections }
  } finally {
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe('JSON-RPC over a WebSocket', () => {
  it('asks a real chain what it asks over HTTP, over one connection', async () => {
    const anvil = await startAnvil(CHAIN_ID)
    try {
      await anvil.call('anvil_mine', ['0x30'])
      const params = { chainId: CHAIN_ID }
      const url = anvil.url.replace('http:', 'ws:')
      const result = await probeOnce(evmRpcKind, { ...params, url })
      assert.ok(result.status === 'reached', getEnding(result))
      assert.equal(result.signals['head'], 0x30n)
      const byPost = await probeOnce(evmRpcKind, { ...params, url: anvil.url })
      assert.ok(byPost.status === 'reached')
      assert.deepEqual(result.identities, byPost.identities)
      assert.equal(result.phases.filter(({ name }) => name === 'connect').length, 1)
    } finally {
      await anvil.stop()
    }
  })

  it('reads over notifications, and answers to calls that it did not make', async () => {
    const { result, connections } = await probe((id, value) => [
      { jsonrpc: '2.0', method: 'eth_subscription', params: { result: value } },
      { jsonrpc: '2.0', id: id + 1000, result: '0xbad' },
      { jsonrpc: '2.0', id: null, result: '0xbad' },
      { jsonrpc: '2.0', id, result: value },
    ])
    assert.equal(getEnding(result), 'reached')
    assert.equal(connections, 1)
  })

  it('says protocol of what is no JSON-RPC', async () => {
    for (const message of ['{', { id: 1 }]) {
      const { result } = await probe(() => [message])
      assert.equal(getEnding(result), 'protocol', JSON.stringify(message))
    }
  })

  it('says too-large of a server that goes on saying something else', async () => {
    const filler = { jsonrpc: '2.0', method: 'filler', params: 'x'.repeat(500_000) }
    const { result } = await probe(() => Array<unknown>(20).fill(filler))
    assert.equal(getEnding(result), 'too-large')
  })
})
