import assert from 'node:assert/strict'
import { type HostileHost, startHostileHost } from './hostile-host.ts'
import { meet } from './meet.ts'
import { type Subject, subjects } from './subjects.ts'
import { waitUntil } from './wait-until.ts'

/** Hostile targets probed at once. */
const CROWD = 200
const TIMEOUT_MS = 6000
const DEADLINES_MAX = 2
const MIB = 2 ** 20
/** What all probes of a round may read together (scheduler), and what one read of each goes beyond. */
const ROUND_BYTES_MAX = 64 * MIB
/** What is kept of that: each byte once as it came and once joined, and the connections themselves. */
const HELD_BYTES_MAX = 2 * ROUND_BYTES_MAX + 32 * MIB
const SAMPLE_MS = 5

function find(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name)
  assert.ok(found !== undefined)
  return found
}

/** Memory that is in use, whoever manages it: the heap, and bytes outside of it. */
function getHeld(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a crowd of hostile targets', () => {
  let host: HostileHost
  before(() => {
    host = startHostileHost()
  })
  after(() => host.stop())

  for (const [vice, name] of [
    ['sends a body without end', 'http'],
    ['sends a body without end', 'cometbft'],
    ['answers with a compressed bomb that nobody asked for', 'http'],
    ['answers with a compressed bomb that nobody asked for', 'evm-rpc'],
    ['sends headers without end', 'http'],
    ['sends interim answers without end', 'websocket'],
    ['sends a message in pieces without end', 'evm-rpc by WebSocket'],
    ['sends pings without end', 'evm-rpc by WebSocket'],
    ['sends messages of gRPC without end', 'grpc-health'],
    ['sends a bomb of compressed headers', 'grpc-health'],
    ['sends rubbish without end', 'libp2p'],
  ] as const) {
    it(`each of which ${vice} holds no more than a round may read, asked by ${name}`, async () => {
      const crowd = Array.from({ length: CROWD }, () => find(name))
      const port = await host.serve(vice)
      // Collected now or later, what was there before only makes the growth seem less by its own size.
      const before = getHeld()
      let held = before
      const sampler = setInterval(() => {
        held = Math.max(held, getHeld())
      }, SAMPLE_MS)
      try {
        const { meetings, tookMs } = await meet(crowd, port, { timeoutMs: TIMEOUT_MS })
        held = Math.max(held, getHeld())
        assert.ok(tookMs <= TIMEOUT_MS * DEADLINES_MAX, `took ${tookMs} ms`)
        assert.equal(meetings.length, CROWD)
        const bytes = meetings.reduce((sum, { meter }) => sum + meter.bytesRead(), 0)
        // What is beyond the bound was read before anybody could say no: one chunk each.
        assert.ok(bytes <= ROUND_BYTES_MAX + CROWD * 2 * 65_536, `read ${bytes} bytes`)
        assert.ok(held - before <= HELD_BYTES_MAX, `held ${(held - before) / MIB} MiB`)
        await waitUntil(() => meetings.every(({ meter }) => meter.underWay() === 0), 'goes on')
      } finally {
        clearInterval(sampler)
      }
      const { taken } = await host.count(port)
      assert.ok(taken >= CROWD, `only ${taken} connections came`)
      await waitUntil(async () => (await host.count(port)).open === 0, 'a connection stays open')
    })
  }
})
