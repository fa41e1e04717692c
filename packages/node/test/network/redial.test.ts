import assert from 'node:assert/strict'
import { makeRedialer } from '../../src/network/redial.ts'
import { makeManualClock } from './harness.ts'

/** Lets promises that have settled run what waits for them. */
const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('redialling', () => {
  const make = () => {
    const clock = makeManualClock()
    const controller = new AbortController()
    const connected = new Set<string>()
    const reachable = new Set<string>()
    const dials: [number, string][] = []
    const startMs = clock.monotonicMs()
    const redialer = makeRedialer({
      peers: ['a', 'b'],
      isConnected: (peer) => connected.has(peer),
      dial: async (peer) => {
        dials.push([clock.monotonicMs() - startMs, peer])
        if (!reachable.has(peer)) throw new Error('refused')
        connected.add(peer)
      },
      clock,
      random: () => 1,
      signal: controller.signal,
    })
    const advance = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100)
        await settle()
      }
    }
    return { redialer, connected, reachable, dials, controller, advance }
  }

  it('tries a peer that is not there again and again, at most a second apart', async () => {
    const { redialer, reachable, dials, advance, connected } = make()
    reachable.add('b')
    redialer.start()
    await settle()
    assert.ok(connected.has('b'))
    await advance(10_000)
    const times = dials.filter(([, peer]) => peer === 'a').map(([atMs]) => atMs)
    assert.deepEqual(times.slice(0, 5), [0, 100, 300, 700, 1500])
    const gaps = times.slice(1).map((atMs, i) => atMs - (times[i] ?? 0))
    assert.ok(Math.max(...gaps) <= 1000)
    reachable.add('a')
    await advance(1000)
    assert.ok(connected.has('a'))
    const count = dials.length
    await advance(5000)
    assert.equal(dials.length, count, 'who is connected is not dialled')
  })

  it('dials a lost peer at once, and none that is not its to keep', async () => {
    const { redialer, reachable, dials, connected } = make()
    reachable.add('a').add('b')
    redialer.start()
    await settle()
    connected.delete('a')
    redialer.onDisconnected('a')
    redialer.onDisconnected('stranger')
    await settle()
    assert.deepEqual(
      dials.map(([, peer]) => peer),
      ['a', 'b', 'a'],
    )
    assert.ok(connected.has('a'))
  })

  it('dials once at a time, however often a peer is lost meanwhile', async () => {
    const { redialer, dials } = make()
    redialer.start()
    redialer.onDisconnected('a')
    redialer.onDisconnected('a')
    await settle()
    assert.equal(dials.filter(([, peer]) => peer === 'a').length, 1)
  })

  it('stops for good when the node does', async () => {
    const { redialer, dials, controller, advance } = make()
    redialer.start()
    await settle()
    controller.abort()
    const count = dials.length
    await advance(5000)
    redialer.onDisconnected('a')
    assert.equal(dials.length, count)
  })
})
