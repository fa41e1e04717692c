import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Stream } from '@libp2p/interface'
import { decode } from '@watchfire/attestation'
import { decode as unprefixed } from 'it-length-prefixed'
import { makeDirect } from '../../src/network/direct.ts'
import { dropCounter } from '../../src/network/drops.ts'
import { makePeerLedger } from '../../src/network/peer-ledger.ts'
import { directMessageType } from '../../src/network/protocols.ts'
import { makeCounters, makeManualClock } from './harness.ts'

/** A stream whose reader takes nothing until told to. */
class FakeStream {
  status = 'open'
  writableNeedsDrain = false
  readonly sent: Uint8Array[] = []
  isSlow = false
  readonly #events = new EventEmitter()

  addEventListener(name: string, listener: (event: unknown) => void) {
    this.#events.on(name, listener)
  }
  removeEventListener(name: string, listener: (event: unknown) => void) {
    this.#events.off(name, listener)
  }
  send(data: { subarray(): Uint8Array }) {
    if (this.status !== 'open') throw new Error('closed')
    this.sent.push(data.subarray())
    this.writableNeedsDrain = this.isSlow
    return !this.isSlow
  }
  drain() {
    this.writableNeedsDrain = false
    this.#events.emit('drain', {})
  }
  abort(error: Error) {
    if (this.status !== 'open') return
    this.status = 'aborted'
    this.#events.emit('close', { error })
  }
}
const settle = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve()
}
const vote = (value: number) => ({ topic: 'vote' as const, bytes: Uint8Array.of(value) })

function listSent(stream: FakeStream): number[] {
  return stream.sent.flatMap((data) =>
    [...unprefixed([data])].map((frame) => {
      const decoded = decode(directMessageType, frame.slice())
      return decoded.ok ? (decoded.value.data[0] ?? -1) : -1
    }),
  )
}

describe('direct streams', () => {
  const make = () => {
    const clock = makeManualClock()
    const counters = makeCounters()
    const streams: FakeStream[] = []
    const controller = new AbortController()
    const state = { isReachable: true, isSlow: false }
    const direct = makeDirect({
      open: async () => {
        if (!state.isReachable) throw new Error('not connected')
        const stream = new FakeStream()
        stream.isSlow = state.isSlow
        streams.push(stream)
        return stream as unknown as Stream
      },
      deliver: () => 'accept',
      isHeard: () => true,
      ledger: makePeerLedger(() => clock.monotonicMs()),
      clock,
      counters,
      signal: controller.signal,
    })
    return { direct, clock, counters, streams, state, controller }
  }

  it('carry what is sent in its order, over one stream a peer', async () => {
    const { direct, streams } = make()
    direct.onConnected('a')
    direct.onConnected('b')
    direct.onConnected('a')
    direct.send([vote(1), vote(2)])
    await settle()
    direct.send([vote(3)])
    await settle()
    assert.deepEqual(streams.map(listSent), [
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  it('wait for a slow reader each time, and drop its oldest messages, counted, never the newest', async () => {
    const { direct, streams, state, counters } = make()
    state.isSlow = true
    direct.onConnected('a')
    direct.send([vote(0)])
    await settle()
    const [stream] = streams
    assert.ok(stream)
    assert.deepEqual(listSent(stream), [0])
    direct.send(Array.from({ length: 600 }, (_, i) => vote(i % 256)))
    await settle()
    assert.deepEqual(listSent(stream), [0], 'nothing is pushed on it')
    // 601 were queued, the one being written among them; 512 may wait.
    assert.equal(counters.get(dropCounter, 'queue-full'), 89)
    for (let i = 1; i <= 3; i++) {
      stream.drain()
      await settle()
      assert.equal(stream.sent.length, 1 + i, 'one more for each time it drains')
    }
    stream.isSlow = false
    stream.drain()
    await settle()
    for (let i = 0; i < 40; i++) await settle()
    assert.equal(listSent(stream).length, 1 + 512)
    assert.equal(listSent(stream).at(-1), 599 % 256)
  })

  it('are opened anew when they break, and what was not written goes first', async () => {
    const { direct, streams, clock, counters, state } = make()
    state.isSlow = true
    direct.onConnected('a')
    direct.send([vote(1), vote(2)])
    await settle()
    state.isSlow = false
    state.isReachable = false
    streams[0]?.abort(new Error('reset'))
    await settle()
    clock.advance(250)
    await settle()
    assert.equal(counters.get(dropCounter, 'stream-broken'), 2)
    state.isReachable = true
    clock.advance(500)
    await settle()
    assert.equal(streams.length, 2)
    assert.deepEqual(streams[1] && listSent(streams[1]), [1, 2])
  })

  it('end with the peer, and forget what was for it', async () => {
    const { direct, streams, state } = make()
    state.isSlow = true
    direct.onConnected('a')
    direct.send([vote(1), vote(2)])
    await settle()
    direct.onDisconnected('a')
    await settle()
    assert.equal(streams[0]?.status, 'aborted')
    direct.onConnected('a')
    state.isSlow = false
    direct.send([vote(3)])
    await settle()
    assert.deepEqual(streams[1] && listSent(streams[1]), [3])
  })
})
