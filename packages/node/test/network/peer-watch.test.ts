import assert from 'node:assert/strict'
import type { Connection } from '@libp2p/interface'
import { dropCounter } from '../../src/network/drops.ts'
import { makePeerWatch } from '../../src/network/peer-watch.ts'
import { makeCounters, makeManualClock } from './harness.ts'

interface FakeStream {
  direction: string
  status: string
  protocol: string
}
const gossipStream = (): FakeStream => ({
  direction: 'outbound',
  status: 'open',
  protocol: '/meshsub/1.2.0',
})

describe('the watch over connections', () => {
  const make = (facts: { heard?: string[]; trusted?: string[]; gossiping?: string[] }) => {
    const clock = makeManualClock()
    const counters = makeCounters()
    const aborted: string[] = []
    const connections = new Map<string, { streams: FakeStream[] }>()
    const controller = new AbortController()
    makePeerWatch({
      listConnections: () =>
        [...connections].map(([peer, { streams }]) => {
          const abort = () => {
            aborted.push(peer)
            connections.delete(peer)
          }
          return { remotePeer: { toString: () => peer }, streams, abort } as unknown as Connection
        }),
      isSpeaker: (peer) => peer !== 'other-protocol',
      listGossiping: () => new Set(facts.gossiping ?? ['a', 'b']),
      isHeard: (peer) => (facts.heard ?? ['a', 'b', 'other-protocol']).includes(peer),
      isTrusted: (peer) => (facts.trusted ?? []).includes(peer),
      counters,
      clock,
      signal: controller.signal,
    }).start()
    return { clock, counters, aborted, connections, controller }
  }

  it('leaves those alone with whom gossip runs, or who never said they gossip', () => {
    const { clock, aborted, connections } = make({})
    connections.set('a', { streams: [gossipStream()] })
    connections.set('other-protocol', { streams: [] })
    clock.advance(60_000)
    assert.deepEqual(aborted, [])
  })

  it('cuts a connection that gossip stopped running over, after a few looks', () => {
    const { clock, aborted, connections, counters } = make({})
    connections.set('a', { streams: [{ ...gossipStream(), status: 'reset' }] })
    connections.set('b', { streams: [{ ...gossipStream(), direction: 'inbound' }] })
    clock.advance(3000)
    assert.deepEqual(aborted, [])
    clock.advance(1000)
    assert.deepEqual(aborted, ['a', 'b'])
    assert.equal(counters.get(dropCounter, 'gossip-lost'), 2)
  })

  it('cuts a peer that gossipsub has dropped though its stream is open', () => {
    const { clock, aborted, connections } = make({ gossiping: [] })
    connections.set('a', { streams: [gossipStream()] })
    clock.advance(4000)
    assert.deepEqual(aborted, ['a'])
  })

  it('makes a connection anew over which a peer to keep never said what it speaks', () => {
    const { clock, aborted, connections, counters } = make({ trusted: ['other-protocol'] })
    connections.set('other-protocol', { streams: [] })
    // libp2p gives up asking after 5 s.
    clock.advance(7000)
    assert.deepEqual(aborted, [])
    clock.advance(1000)
    assert.deepEqual(aborted, ['other-protocol'])
    assert.equal(counters.get(dropCounter, 'gossip-lost'), 1)
  })

  it('gives gossip that comes in time its peace', () => {
    const { clock, aborted, connections } = make({})
    const streams: FakeStream[] = []
    connections.set('a', { streams })
    clock.advance(3000)
    streams.push(gossipStream())
    clock.advance(1000)
    streams.pop()
    clock.advance(3000)
    assert.deepEqual(aborted, [])
  })

  it('lets go of strangers no longer heard, and keeps those it was told to keep', () => {
    const { clock, aborted, connections, counters } = make({ heard: [], trusted: ['b'] })
    connections.set('a', { streams: [gossipStream()] })
    connections.set('b', { streams: [gossipStream()] })
    clock.advance(1000)
    assert.deepEqual(aborted, ['a'])
    assert.equal(counters.get(dropCounter, 'low-score'), 1)
  })

  it('stops with the node', () => {
    const { clock, aborted, connections, controller } = make({ heard: [] })
    controller.abort()
    connections.set('a', { streams: [] })
    clock.advance(10_000)
    assert.deepEqual(aborted, [])
  })
})
