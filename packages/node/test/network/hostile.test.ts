import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import {
  type Digest,
  encode,
  getAttestationDigest,
  type Round,
  signedAttestationType,
  toHex,
} from '@watchfire/attestation'
import { encode as prefixed } from 'it-length-prefixed'
import { dropCounter, messageCounter } from '../../src/network/drops.ts'
import {
  attestationsRequestType,
  certificatesRequestType,
  directMessageType,
  stateRequestType,
} from '../../src/network/protocols.ts'
import { getGossipName } from '../../src/network/topics.ts'
import type { NetworkSource } from '../../src/ports.ts'
import {
  areJoined,
  emptySource,
  makeFastClock,
  makeNodes,
  networkId,
  type TestNode,
  until,
} from './harness.ts'
import { makeStrangers } from './strangers.ts'

const frame = (bytes: Uint8Array) => prefixed.single(bytes).subarray()
const directFrame = (topic: number, data: Uint8Array) =>
  frame(encode(directMessageType, { topic, data }))
const isOver = (stream: Stream) => stream.status !== 'open'
const drops = (node: TestNode, reason: string) => node.counters.get(dropCounter, reason)
const signal = new AbortController().signal

function makeAttestation(round: number): { digest: Digest; bytes: Uint8Array } {
  const signed = signedAttestationType.defaultValue()
  signed.message.round = round as Round
  return {
    digest: getAttestationDigest(networkId, signed.message),
    bytes: encode(signedAttestationType, signed),
  }
}

describe('a hostile peer', () => {
  const nodes = makeNodes()
  const strangers = makeStrangers()
  afterEach(async () => {
    await strangers.stop()
    await nodes.close()
  })

  describe('on a direct stream', () => {
    it('that announces more bytes than a message may have is cut off at the announcement', async () => {
      const node = await nodes.open()
      const stranger = await strangers.make()
      const stream = await stranger.open(node, 'direct')
      stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))
      await until(() => drops(node, 'oversized') === 1 && isOver(stream), 'counted and cut')
    })

    it('that sends a length without end is cut off', async () => {
      const node = await nodes.open()
      const stranger = await strangers.make()
      const stream = await stranger.open(node, 'direct')
      stream.send(new Uint8Array(10).fill(0x80))
      await until(() => drops(node, 'malformed') === 1 && isOver(stream), 'counted and cut')
    })

    it('that sends rubbish, unknown topics and outsized messages is counted, charged, then let go', async () => {
      const node = await nodes.open()
      const stranger = await strangers.make()
      const stream = await stranger.open(node, 'direct')
      stream.send(frame(Uint8Array.of(1, 2, 3)))
      stream.send(directFrame(9, new Uint8Array(4)))
      stream.send(directFrame(2, new Uint8Array(257)))
      stream.send(directFrame(2, new Uint8Array(1)))
      await until(() => isOver(stream), 'no longer read')
      assert.equal(drops(node, 'malformed'), 2)
      assert.equal(drops(node, 'oversized'), 1)
      assert.equal(node.counters.get(messageCounter, 'vote-reject'), 1)
      assert.equal(node.received.length, 0)
      await until(() => node.network.peers().length === 0, 'no longer connected')
      await assert.rejects(stranger.open(node, 'direct'), 'nor let in again')
    })

    it('that floods is read no faster than its share, and holds up nobody else', async () => {
      const node = await nodes.open()
      const other = await nodes.open({ bootstrap: [node.address] })
      const stranger = await strangers.make()
      await until(() => areJoined(node, other), 'joined')
      const stream = await stranger.open(node, 'direct')
      const startMs = performance.now()
      for (let i = 0; i < 4000; i++) stream.send(directFrame(2, Uint8Array.of(i & 255, i >> 8)))
      await until(() => drops(node, 'rate-limited') > 0, 'it is slowed down')
      other.network.sendDirect([{ topic: 'vote', bytes: Uint8Array.of(7) }])
      await until(
        () => node.received.some(({ from }) => from === other.network.peerId),
        'the other one gets through',
      )
      const seconds = (performance.now() - startMs) / 1000
      assert.ok(node.received.length <= 1024 + 200 * seconds + 10, `${node.received.length} read`)
    })
  })

  describe('on gossip', () => {
    /** An RPC of gossipsub with one message; lengths in one or two bytes. */
    const rpc = (topic: string, data: Uint8Array) => {
      const field = (number: number, bytes: Uint8Array) =>
        Buffer.concat([Buffer.of((number << 3) | 2), prefixed.single(bytes).subarray()])
      const message = Buffer.concat([field(2, data), field(4, Buffer.from(topic))])
      return frame(field(2, message))
    }
    const voteTopic = getGossipName(networkId, 'vote', 0)

    it('that sends what no handler should see costs the node nothing, and itself its hearing', async () => {
      const node = await nodes.open({}, () => 'reject')
      const other = await nodes.open({ bootstrap: [node.address] })
      await until(() => areJoined(node, other), 'joined')
      const stranger = await strangers.make()
      const stream = await stranger.openGossip(node)
      stream.send(frame(Uint8Array.of(1, 2, 3, 4)))
      stream.send(rpc('/another/topic', Uint8Array.of(1)))
      stream.send(rpc(voteTopic, new Uint8Array(300)))
      await until(() => drops(node, 'oversized') === 1, 'the oversized vote is counted')
      for (let i = 0; i < 5; i++) stream.send(rpc(voteTopic, Uint8Array.of(i)))
      await until(
        () => node.network.peers().every(({ peerId }) => peerId === other.network.peerId),
        'it is let go',
      )
      assert.ok(node.received.every(({ topic }) => topic === 'vote'))
      assert.ok(areJoined(node, other))
    })

    it('that announces an RPC without bound, or speaks all but gossip, is cut', async () => {
      const node = await nodes.open({ clock: makeFastClock(10) })
      const stranger = await strangers.make({ direct: () => undefined })
      const stream = await stranger.openGossip(node)
      await until(() => node.counters.get('network-speakers') === 1, 'it speaks')
      stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f))
      await until(() => drops(node, 'gossip-lost') === 1, 'cut')
      const deaf = await strangers.make({ direct: () => undefined }, { gossips: false })
      await deaf.connect(node)
      await until(() => drops(node, 'gossip-lost') === 2, 'cut as well')
    })
  })

  describe('that asks', () => {
    const openServing = (source: Partial<NetworkSource>) =>
      nodes.open({ source: { ...emptySource, ...source }, clock: makeFastClock(40) })

    it('and never says what is let go', async () => {
      const node = await openServing({})
      const stranger = await strangers.make()
      const stream = await stranger.open(node, 'attestations')
      await until(() => drops(node, 'slow-request') === 1 && isOver(stream), 'let go')
    })

    it('for what nobody may ask is refused and charged', async () => {
      const node = await openServing({})
      const stranger = await strangers.make()
      const tooMany = await stranger.open(node, 'certificates')
      tooMany.send(frame(encode(certificatesRequestType, { fromHeight: 1, count: 257 })))
      await until(() => drops(node, 'malformed') === 1 && isOver(tooMany), 'refused')
      const rubbish = await stranger.open(node, 'views')
      rubbish.send(frame(new Uint8Array(23)))
      await until(() => drops(node, 'malformed') === 2 && isOver(rubbish), 'refused')
      const large = await stranger.open(node, 'highest')
      large.send(frame(new Uint8Array(9)))
      await until(() => drops(node, 'oversized') === 1 && isOver(large), 'refused')
      await until(() => node.network.peers().length === 0, 'no longer connected')
    })

    it('and does not read the answer is let go, and holds one place until then', async () => {
      const state = new Uint8Array(4_000_000)
      const node = await openServing({
        getStateBytes: () => state,
        getAttestation: () => state.subarray(0, 1_000_000),
      })
      const stranger = await strangers.make()
      const stream = await stranger.open(node, 'attestations')
      stream.pause()
      const digests = Array.from({ length: 256 }, () => new Uint8Array(32) as Digest)
      stream.send(frame(encode(attestationsRequestType, digests)))
      await until(() => drops(node, 'slow-reader') === 1, 'let go')
      const answered = await stranger.open(node, 'state')
      let bytes = 0
      answered.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
      })
      answered.send(frame(encode(stateRequestType, { root: digests[0] as Digest, index: 0 })))
      await until(() => bytes > 262_144, 'other requests are answered')
    })

    it('too often is not answered', async () => {
      // A clock that nearly stands: no time passes in which more might be asked.
      const node = await nodes.open({ clock: makeFastClock(0.001) })
      const stranger = await strangers.make()
      const request = frame(encode(certificatesRequestType, { fromHeight: 1, count: 1 }))
      for (let i = 0; i < 257; i++) {
        const stream = await stranger.open(node, 'certificates')
        // The last is refused, maybe before this.
        if (stream.status === 'open') stream.send(request)
        stream.abort(new Error('next'))
      }
      await until(() => drops(node, 'rate-limited') === 1, 'counted')
    })

    it('many things at once gets some of them', async () => {
      const node = await nodes.open()
      const stranger = await strangers.make()
      const streams: Stream[] = []
      for (let i = 0; i < 5; i++) {
        streams.push(await stranger.open(node, 'certificates'))
        streams.push(await stranger.open(node, 'views'))
      }
      await until(() => drops(node, 'rate-limited') === 2, 'two are refused')
      assert.equal(streams.filter(isOver).length, 2)
    })
  })

  describe('that is asked', () => {
    const one = makeAttestation(1)
    const other = makeAttestation(2)
    /**
     * A node asks a stranger who answers as given, and an honest peer that holds attestation 1 only
     * later: so that the stranger's answer is judged, and after it another peer still found.
     */
    const ask = async (answer: (stream: Stream) => void, reason: string, clockFactor = 1) => {
      const asking = await nodes.open({ clock: makeFastClock(clockFactor) })
      let isHeld = false
      const honest = await nodes.open({
        bootstrap: [asking.address],
        source: { ...emptySource, getAttestation: () => (isHeld ? one.bytes : undefined) },
      })
      const stranger = await strangers.make({ attestations: answer, direct: () => undefined })
      await stranger.connect(asking)
      const peer = stranger.node.peerId.toString()
      await until(() => areJoined(asking, honest), 'the honest one is there')
      // Asked are those who are known to speak the protocols.
      await until(() => asking.counters.get('network-speakers') === 2, 'both are known to speak')
      const digests = [one.digest, makeAttestation(3).digest]
      const before = await asking.network.fetchAttestations(digests, peer, signal)
      assert.equal(drops(asking, reason), 1)
      isHeld = true
      const found = await asking.network.fetchAttestations([one.digest], peer, signal)
      assert.deepEqual(
        found.map(({ bytes }) => toHex(bytes)),
        [toHex(one.bytes)],
      )
      return before
    }

    it('and never answers is given up and counted, and another peer found', async () => {
      assert.deepEqual(await ask(() => undefined, 'timeout', 10), [])
    })

    it('and answers without end, and not what was asked for, is cut off and charged', async () => {
      const pourInto = (stream: Stream) => {
        const pour = () => {
          while (stream.status === 'open' && stream.writeStatus === 'writable') {
            if (!stream.send(frame(other.bytes))) break
          }
        }
        stream.addEventListener('drain', pour)
        pour()
      }
      assert.deepEqual(await ask(pourInto, 'unexpected-answer'), [])
    })

    it('and repeats the right answer for ever is cut off at the count', async () => {
      const before = await ask((stream) => {
        for (let i = 0; i < 300; i++) stream.send(frame(one.bytes))
      }, 'unexpected-answer')
      assert.equal(before.length, 1)
    })

    it('and announces an answer above the bound is cut off and charged', async () => {
      const announce = (stream: Stream) => stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0x7f))
      assert.deepEqual(await ask(announce, 'oversized'), [])
    })
  })
})
