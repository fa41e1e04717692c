import assert from 'node:assert/strict'
import {
  blockType,
  certificateType,
  type Digest,
  encode,
  getBodyHash,
  getHeaderDigest,
  getStateRoot,
  type Height,
  type MemberIndex,
  type Round,
  type State,
  stateType,
  verifySignature,
} from '@watchfire/attestation'
import { makeExcludedEvidence } from '../../src/loop/excluded-evidence.ts'
import { makeSync } from '../../src/loop/sync.ts'
import type { FinalRecord, Store } from '../../src/ports.ts'
import { openChainStore } from '../../src/store/chain-store.ts'
import {
  certify,
  makeBlock,
  makeContext,
  makeEvidence,
  makeState,
  makeTestLog,
  makeTestMeter,
} from '../fixtures.ts'
import { FakeNetwork } from './fake-network.ts'

const context = makeContext()
const bounds = {
  attestationRounds: 10,
  attestationBytesMax: 1e9,
  stateHeights: 10,
  stateBytesMax: 1e9,
}

/** @param from first height of a fork, whose blocks are of other rounds */
function makeChain(length: number, from = length + 1): FinalRecord[] {
  const chain: FinalRecord[] = []
  let parent = new Uint8Array(32) as Digest
  for (let height = 1; height <= length; height += 1) {
    const state = makeState(context, height)
    const block = makeBlock(context, height, parent)
    const parentRound = (block.header.parentRound - (height >= from ? 1 : 0)) as Round
    const header = { ...block.header, parentRound, stateRoot: getStateRoot(state) }
    const headerDigest = getHeaderDigest(context.networkId, header)
    chain.push({ header, headerDigest, certificate: certify(context, header, height), state })
    parent = headerDigest
  }
  return chain
}
function makeBench(): {
  network: FakeNetwork
  store: Store
  synced: { height: number; state: State }[]
  conflicts: number[][]
  accusations: number[]
  run: (from: number) => Promise<void>
} {
  const network = new FakeNetwork()
  const store = openChainStore(':memory:', bounds)
  const synced: { height: number; state: State }[] = []
  const conflicts: number[][] = []
  const accusations: number[] = []
  const sync = makeSync({
    context,
    store,
    verify: verifySignature,
    counters: makeTestMeter(),
    log: makeTestLog(),
    getNetwork: () => network,
    onSynced: ({ header: { height }, state }) => void synced.push({ height, state }),
    fetchEvidence: makeExcludedEvidence({
      context,
      store,
      counters: makeTestMeter(),
      getNetwork: () => network,
      onEvidence: () => void accusations.push(1),
    }),
    onConflict: (pair) => void conflicts.push(pair.map(({ header }) => header.height)),
  })
  const run = (from: number): Promise<void> => sync(from as Height, new AbortController().signal)
  return { network, store, synced, conflicts, accusations, run }
}
function serve(network: FakeNetwork, chain: readonly FinalRecord[]): void {
  network.fetchCertificates = (from) =>
    Promise.resolve(
      chain
        .filter(({ header }) => header.height >= from)
        .map(({ certificate }) => ({ bytes: encode(certificateType, certificate), from: 'p' })),
    )
  const tip = chain.at(-1)
  if (tip?.state !== undefined) network.state = { bytes: encode(stateType, tip.state), from: 'p' }
}

describe('sync', () => {
  it('keeps every certificate and gives the core the highest with its state', async () => {
    const { network, store, synced, run } = makeBench()
    const chain = makeChain(5)
    serve(network, chain)
    await run(1)
    assert.deepEqual(
      synced.map(({ height }) => height),
      [5],
    )
    assert.deepEqual(synced[0]?.state, chain[4]?.state)
    assert.equal(store.listCertificates(1 as Height, 10).length, 5)
    // Readers, peers and the next start have the state too.
    assert.deepEqual(store.getFinalTip()?.header.height, 5)
    assert.deepEqual(store.getFinalTip()?.state, chain[4]?.state)
  })

  it('takes no block beside one that is final here, nor upon another parent, and says so (SPEC 6.7)', async () => {
    const own = makeChain(3)
    for (const [fork, from, pair] of [
      [makeChain(5, 3), 3, [3, 3]],
      [makeChain(5, 3), 4, [3, 4]],
    ] as const) {
      const { network, store, synced, conflicts, run } = makeBench()
      store.put({ finals: own })
      serve(network, fork)
      await run(from)
      assert.deepEqual(conflicts[0], pair)
      assert.deepEqual(synced, [])
      assert.deepEqual(store.getFinal(3 as Height)?.headerDigest, own[2]?.headerDigest)
      assert.equal(store.getFinal(4 as Height), undefined)
    }
  })

  it('takes nothing beyond a certificate that is false, and charges who brought it', async () => {
    const { network, store, synced, run } = makeBench()
    const chain = makeChain(5)
    const [, , third] = chain
    assert.ok(third !== undefined)
    const signatures = third.certificate.signatures.map(({ member, signature }) => ({
      member,
      signature: signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
    }))
    serve(network, chain.with(2, { ...third, certificate: { ...third.certificate, signatures } }))
    await run(1)
    assert.equal(store.listCertificates(1 as Height, 10).length, 2)
    assert.ok(network.reported.some(({ code }) => code === 'bad-signature'))
    assert.deepEqual(synced, [])
  })

  it('refuses a state that is not under the certified root', async () => {
    const { network, synced, run } = makeBench()
    serve(network, makeChain(3))
    network.state = { bytes: encode(stateType, makeState(context, 9)), from: 'liar' }
    await run(1)
    assert.deepEqual(synced, [])
    assert.deepEqual(network.reported[0], { peer: 'liar', code: 'wrong-state' })
  })

  it('refuses heights that were not asked for, or do not follow each other', async () => {
    const { network, store, run } = makeBench()
    const chain = makeChain(4)
    network.fetchCertificates = () =>
      Promise.resolve(
        [chain[0], chain[2]].flatMap((final) =>
          final === undefined
            ? []
            : [{ bytes: encode(certificateType, final.certificate), from: 'p' }],
        ),
      )
    await run(1)
    assert.equal(store.listCertificates(1 as Height, 10).length, 1)
    assert.ok(network.reported.some(({ code }) => code === 'wrong-height'))
  })

  it('asks for the evidence against who is excluded, and believes only the certified block', async () => {
    const evidence = makeEvidence(context)
    const body = { attestations: [], evidence: [evidence] }
    const block = makeBlock(context, 1, new Uint8Array(32) as Digest)
    const excluded = [{ member: 3 as MemberIndex, round: block.header.round }]
    const plain = makeState(context, 1)
    const state = { ...plain, meta: { ...plain.meta, excluded } }
    const header = { ...block.header, body: getBodyHash(body), stateRoot: getStateRoot(state) }
    const headerDigest = getHeaderDigest(context.networkId, header)
    const final = { header, headerDigest, certificate: certify(context, header, 1), state }
    const serveBlock = (bytes: Uint8Array) => {
      const bench = makeBench()
      serve(bench.network, [final])
      bench.network.answers = { blocks: [{ bytes, from: 'p' }] }
      return bench
    }

    const good = serveBlock(encode(blockType, { header, body }))
    await good.run(1)
    assert.deepEqual(good.network.asked.find(({ kind }) => kind === 'blocks')?.what, [
      [headerDigest],
    ])
    assert.deepEqual(good.store.listEvidence(context.epoch), [evidence])
    assert.equal(good.accusations.length, 1)
    await good.run(1)
    assert.equal(good.network.asked.filter(({ kind }) => kind === 'blocks').length, 1)

    const none = { attestations: [], evidence: [] }
    for (const bytes of [
      encode(blockType, { header, body: none }),
      encode(blockType, block),
      new Uint8Array(7),
    ]) {
      const bad = serveBlock(bytes)
      await bad.run(1)
      assert.deepEqual(bad.store.listEvidence(context.epoch), [])
      assert.equal(bad.network.reported.length, 1)
      assert.equal(bad.synced.length, 1)
    }
  })

  it('gives up for now when peers have nothing', async () => {
    const { network, synced, run } = makeBench()
    await run(1)
    assert.equal(network.asked.filter(({ kind }) => kind === 'certificates').length, 3)
    assert.deepEqual(synced, [])
  })
})
