import assert from 'node:assert/strict'
import {
  type Block,
  blockType,
  type Certificate,
  certificateType,
  type Digest,
  type Epoch,
  encode,
  getAttestationDigest,
  getBodyHash,
  getHeaderDigest,
  type Height,
  type MemberIndex,
  type Round,
  type SignedAttestation,
  signedAttestationType,
  signedVoteType,
  toHex,
  type View,
  type ViewCertificate,
  viewCertificateType,
} from '@watchfire/attestation'
import { dropCounter, servedCounter } from '../../src/network/drops.ts'
import type { NetworkSource } from '../../src/ports.ts'
import {
  areJoined,
  emptySource,
  makeNodes,
  networkId,
  scoreOf,
  type TestNode,
  until,
} from './harness.ts'

const signal = new AbortController().signal

function makeAttestation(round: number): { digest: Digest; bytes: Uint8Array } {
  const signed: SignedAttestation = signedAttestationType.defaultValue()
  signed.message.round = round as Round
  return {
    digest: getAttestationDigest(networkId, signed.message),
    bytes: encode(signedAttestationType, signed),
  }
}
function makeBlock(height: number): { digest: Digest; bytes: Uint8Array; block: Block } {
  const block: Block = blockType.defaultValue()
  block.header.height = height as Height
  block.header.body = getBodyHash(block.body)
  return {
    digest: getHeaderDigest(networkId, block.header),
    bytes: encode(blockType, block),
    block,
  }
}
function makeViewCertificate(view: number, kind: number): Uint8Array {
  const certificate: ViewCertificate = viewCertificateType.defaultValue()
  certificate.view = view as View
  certificate.kind = kind
  return encode(viewCertificateType, certificate)
}
function makeCertificate(height: number): Uint8Array {
  const certificate: Certificate = certificateType.defaultValue()
  certificate.header.height = height as Height
  return encode(certificateType, certificate)
}
/** Holds the things given, by digest. */
function holding(
  things: readonly { digest: Digest; bytes: Uint8Array }[],
): (digest: Digest) => Uint8Array | undefined {
  const byDigest = new Map(things.map(({ digest, bytes }) => [toHex(digest), bytes]))
  return (digest) => byDigest.get(toHex(digest))
}

describe('requests between peers', () => {
  const nodes = makeNodes()
  afterEach(() => nodes.close())

  /** A node that asks, and one for each source, all joined to it. */
  const openWith = async (...sources: Partial<NetworkSource>[]) => {
    const asking = await nodes.open()
    const holders: TestNode[] = []
    for (const source of sources) {
      holders.push(
        await nodes.open({ bootstrap: [asking.address], source: { ...emptySource, ...source } }),
      )
    }
    await until(() => holders.every((holder) => areJoined(asking, holder)), 'all are joined')
    return { asking, holders }
  }

  it('fetches attestations by digest from whichever peers hold them', async () => {
    const [one, two, three] = [makeAttestation(1), makeAttestation(2), makeAttestation(3)]
    const { asking, holders } = await openWith(
      { getAttestation: holding([one]) },
      { getAttestation: holding([two]) },
    )
    const [first, second] = holders
    assert.ok(first && second)
    const found = await asking.network.fetchAttestations(
      [one.digest, two.digest, three.digest],
      second.network.peerId,
      signal,
    )
    const byPeer = new Map(found.map(({ bytes, from }) => [from, toHex(bytes)]))
    assert.deepEqual(
      byPeer,
      new Map([
        [first.network.peerId, toHex(one.bytes)],
        [second.network.peerId, toHex(two.bytes)],
      ]),
    )
    assert.equal(first.counters.get(servedCounter, 'attestations'), 1)
  })

  it('fetches more attestations than one request may name', async () => {
    const many = Array.from({ length: 300 }, (_, round) => makeAttestation(round))
    const { asking } = await openWith({ getAttestation: holding(many) })
    const found = await asking.network.fetchAttestations(
      many.map(({ digest }) => digest),
      undefined,
      signal,
    )
    assert.equal(found.length, 300)
  })

  it('fetches blocks by the digest of their header', async () => {
    const block = makeBlock(4)
    const { asking } = await openWith({ getBlock: holding([block]) })
    const found = await asking.network.fetchBlocks([block.digest], undefined, signal)
    assert.deepEqual(
      found.map(({ bytes }) => toHex(bytes)),
      [toHex(block.bytes)],
    )
  })

  it('takes no block whose body is not the one its header names, and asks the next peer', async () => {
    const block = makeBlock(4)
    const forged = structuredClone(block.block)
    forged.body.attestations.push({
      shard: 0,
      member: 0 as MemberIndex,
      digest: new Uint8Array(32) as Digest,
    })
    const lie = { digest: block.digest, bytes: encode(blockType, forged) }
    const { asking, holders } = await openWith(
      { getBlock: holding([lie]) },
      { getBlock: holding([block]) },
    )
    const [liar] = holders
    assert.ok(liar)
    const hint = liar.network.peerId
    const found = await asking.network.fetchBlocks([block.digest], hint, signal)
    assert.deepEqual(
      found.map(({ bytes }) => toHex(bytes)),
      [toHex(block.bytes)],
    )
    assert.equal(asking.counters.get(dropCounter, 'unexpected-answer'), 1)
    await until(() => scoreOf(asking, liar) < -10, 'the liar pays')
  })

  it('fetches view certificates of a span from every peer that has some', async () => {
    const list = (held: readonly number[]) => (_: Epoch, from: View, to: View) =>
      held.filter((view) => view >= from && view <= to).map((view) => makeViewCertificate(view, 2))
    const { asking } = await openWith(
      { listViewCertificates: list([1, 2, 3]) },
      { listViewCertificates: list([3, 4, 9]) },
    )
    const found = await asking.network.fetchViews(0 as Epoch, 2 as View, 5 as View, signal)
    const views = new Set(found.map(({ bytes }) => viewCertificateType.deserialize(bytes).view))
    assert.deepEqual(views, new Set([3, 2, 4]))
  })

  it('fetches certificates ascending, as one peer holds them', async () => {
    const { asking } = await openWith({
      listCertificates: (from, count) =>
        Array.from({ length: Math.min(count, Math.max(0, 41 - from)) }, (_, i) =>
          makeCertificate(from + i),
        ),
    })
    const found = await asking.network.fetchCertificates(3 as Height, 256, signal)
    assert.deepEqual(
      found.map(({ bytes }) => certificateType.deserialize(bytes).header.height),
      Array.from({ length: 38 }, (_, i) => i + 3),
    )
  })

  it('takes certificates out of order for what they are, and keeps what came before', async () => {
    const { asking } = await openWith({
      listCertificates: () => [makeCertificate(3), makeCertificate(5)],
    })
    const found = await asking.network.fetchCertificates(3 as Height, 9, signal)
    assert.equal(found.length, 1)
    assert.equal(asking.counters.get(dropCounter, 'unexpected-answer'), 1)
  })

  it('joins a state from chunks, and goes on with another peer where one stops', async () => {
    const state = new Uint8Array(700_000).map((_, i) => i % 251)
    const root = new Uint8Array(32).fill(3) as Digest
    let reads = 0
    const { asking } = await openWith(
      {
        // Loses the state after its first chunk.
        getStateBytes: () => (reads++ === 0 ? state : undefined),
      },
      { getStateBytes: (asked) => (toHex(asked) === toHex(root) ? state : undefined) },
    )
    const found = await asking.network.fetchState(root, signal)
    assert.ok(found)
    assert.equal(toHex(found.bytes), toHex(state))
    const none = await asking.network.fetchState(new Uint8Array(32) as Digest, signal)
    assert.equal(none?.bytes.length, undefined)
  })

  it('is not led astray by a peer that gives another length for the state first', async () => {
    const state = new Uint8Array(400_000).fill(1)
    const root = new Uint8Array(32).fill(3) as Digest
    const wrong = new Uint8Array(300_000).fill(2)
    let reads = 0
    const { asking } = await openWith(
      { getStateBytes: () => (reads++ % 2 === 0 ? wrong : undefined) },
      { getStateBytes: () => state },
    )
    for (let i = 0; i < 2; i++) {
      const found = await asking.network.fetchState(root, signal)
      assert.equal(toHex(found?.bytes ?? new Uint8Array()), toHex(state))
    }
  })

  it('asks every peer for the highest certificate it holds', async () => {
    const vote = encode(signedVoteType, signedVoteType.defaultValue())
    const { asking, holders } = await openWith(
      {
        getHighest: () => ({
          certificate: makeViewCertificate(8, 1),
          height: 5 as Height,
          round: 6 as Round,
          member: 2 as MemberIndex,
          own: [vote],
        }),
      },
      {},
    )
    const answers = await asking.network.fetchHighest(0 as Epoch, signal)
    assert.equal(answers.length, 2)
    const [first] = holders
    const answer = answers.find(({ from }) => from === first?.network.peerId)
    assert.deepEqual(answer && { ...answer, from: '' }, {
      from: '',
      certificate: makeViewCertificate(8, 1),
      height: 5,
      round: 6,
      member: 2,
      own: [vote],
    })
  })

  it('answers nothing, and does not fail, when no peer is there', async () => {
    const { asking } = await openWith()
    const digest = makeAttestation(1).digest
    assert.deepEqual(await asking.network.fetchAttestations([digest], undefined, signal), [])
    assert.deepEqual(await asking.network.fetchCertificates(1 as Height, 9, signal), [])
    assert.equal(await asking.network.fetchState(digest, signal), undefined)
    assert.deepEqual(await asking.network.fetchHighest(0 as Epoch, signal), [])
  })

  it('counts a fault of our own store, and the peer that asked does not pay', async () => {
    const { asking, holders } = await openWith({
      getAttestation: () => {
        throw new Error('the disk is gone')
      },
    })
    const [holder] = holders
    assert.ok(holder)
    const digest = makeAttestation(1).digest
    assert.deepEqual(await asking.network.fetchAttestations([digest], undefined, signal), [])
    assert.equal(holder.counters.get(dropCounter, 'source-error'), 1)
    assert.ok(scoreOf(holder, asking) >= 0)
  })
})
