import assert from 'node:assert/strict'
import {
  certificateFileType,
  decode,
  type Height,
  type MemberIndex,
  type MonitorId,
  type Round,
  type TargetId,
  type TargetIndex,
  toHex,
  verifyProof,
  getStateRoot,
  type State,
} from '@watchfire/attestation'
import { makeFeed } from '../src/feed.ts'
import type { FeedRecord } from '../src/feed-source.ts'
import { makeAttestationBuffer } from '../src/loop/attestation-buffer.ts'
import { makeMemberBook } from '../src/loop/member-book.ts'
import { openChainStore } from '../src/store/chain-store.ts'
import { FakeNetwork } from './loop/fake-network.ts'
import {
  makeAttestation,
  makeContext,
  makeEvidence,
  makeFinal,
  makeManifest,
  makeTestLog,
  makeTestMeter,
  TestClock,
} from './fixtures.ts'

const context = makeContext()
const bounds = {
  attestationRounds: 100,
  attestationBytesMax: 1e9,
  stateHeights: 3,
  stateBytesMax: 1e9,
}

function makeBench() {
  const store = openChainStore(':memory:', bounds)
  const buffer = makeAttestationBuffer(store)
  const members = makeMemberBook(context, 0 as MemberIndex, () => 0)
  const meter = makeTestMeter()
  const feed = makeFeed({
    manifest: makeManifest(),
    context,
    me: 0 as MemberIndex,
    store,
    buffer,
    members,
    network: new FakeNetwork(),
    clock: new TestClock(),
    counters: meter,
    log: makeTestLog(),
    getStatus: () => assert.fail('no status is asked for here'),
  })
  /** Heights above 0, of rounds twice as high. */
  const finalize = (height: number): void => {
    const final = makeFinal(context, height)
    const state = final.state ?? assert.fail()
    const header = { ...final.header, stateRoot: getStateRoot(state) }
    const record = { ...final, header, certificate: { ...final.certificate, header }, state }
    store.put({ finals: [record] })
    feed.publish(record)
  }
  return { store, buffer, members, meter, feed, finalize }
}
function getCode(answer: { ok: boolean; code?: string }): string | undefined {
  return answer.ok ? undefined : answer.code
}

describe('feed', () => {
  it('gives each record with a file that holds the same certificate and state', () => {
    const { feed, finalize } = makeBench()
    assert.equal(feed.latest(), undefined)
    finalize(1)
    const record = feed.latest() ?? assert.fail()
    const file = decode(certificateFileType, record.file)
    assert.ok(file.ok)
    assert.deepEqual(file.value.certificate, record.certificate)
    assert.deepEqual(file.value.state, record.state)
    assert.equal(toHex(file.value.network), toHex(context.networkId))
  })

  it('tells readers of each record once and never of an older one, as when a sync was ahead', () => {
    const { feed, finalize } = makeBench()
    const told: number[] = []
    feed.subscribe(({ height }) => void told.push(height))
    for (const height of [1, 3, 2, 3, 4]) finalize(height)
    assert.deepEqual(told, [1, 3, 4])
    assert.equal(feed.latest()?.height, 4)
    assert.equal(getCode(feed.atHeight(2 as Height)), undefined)
  })

  it('shows evidence once it is told of, and tells who listens, a broken listener or not', () => {
    const { store, feed, meter } = makeBench()
    assert.deepEqual(feed.evidence(), [])
    let told = 0
    feed.onEvidence(() => assert.fail('a reader broke'))
    const stop = feed.onEvidence(() => void told++)
    store.put({
      evidence: [{ offender: 3 as MemberIndex, evidence: makeEvidence(context), isFinal: false }],
    })
    feed.noteEvidence()
    assert.deepEqual(
      feed.evidence().map(({ offender }) => offender),
      ['m4'],
    )
    assert.equal(told, 1)
    assert.equal(meter.get('feed-listener-errors'), 1)
    stop()
    feed.noteEvidence()
    assert.equal(told, 1)
  })

  it('tells rounds that are yet to come from gaps, and both from what is not kept', () => {
    const { store, feed, finalize } = makeBench()
    for (let height = 1; height <= 6; height += 1) finalize(height)
    assert.equal(getCode(feed.atRound(12 as Round)), undefined)
    assert.equal(getCode(feed.atRound(11 as Round)), 'gap')
    assert.equal(getCode(feed.atRound(13 as Round)), 'not-yet')
    assert.equal(getCode(feed.atRound(0 as Round)), 'unknown')
    assert.equal(getCode(feed.atHeight(7 as Height)), 'not-yet')
    store.put({ finals: [makeFinal(context, 7, false)] })
    store.prune({ round: 14 as Round, finalView: 7 as never, epoch: context.epoch })
    const fresh = makeFeedOver(store)
    assert.equal(getCode(fresh.atHeight(2 as Height)), 'pruned')
    assert.equal(getCode(fresh.atHeight(5 as Height)), undefined)
  })

  /** A feed of a node that has just started on this store. */
  function makeFeedOver(store: ReturnType<typeof openChainStore>): ReturnType<typeof makeFeed> {
    return makeFeed({
      manifest: makeManifest(),
      context,
      me: undefined,
      store,
      buffer: makeAttestationBuffer(store),
      members: makeMemberBook(context, undefined, () => 0),
      network: new FakeNetwork(),
      clock: new TestClock(),
      counters: makeTestMeter(),
      log: makeTestLog(),
      getStatus: () => assert.fail('no status is asked for here'),
    })
  }

  it('lists what came after a height, ascending and as many as asked for', () => {
    const { feed, finalize } = makeBench()
    for (let height = 1; height <= 5; height += 1) finalize(height)
    const heights = feed.listAfter(2 as Height, 2).map(({ height }) => height)
    assert.deepEqual(heights, [3, 4])
    assert.deepEqual(feed.listAfter(5 as Height, 10), [])
  })

  it('tells listeners of each record once, and is not stopped by one that throws', () => {
    const { feed, finalize, meter } = makeBench()
    const heard: FeedRecord[] = []
    feed.subscribe(() => {
      throw new Error('a reader broke')
    })
    const end = feed.subscribe((record) => void heard.push(record))
    finalize(1)
    end()
    finalize(2)
    assert.deepEqual(
      heard.map(({ height }) => height),
      [1],
    )
    assert.equal(meter.get('feed-listener-errors'), 2)
  })

  it('proves a target under the certified root, and says when there is no such target', () => {
    const { feed, finalize } = makeBench()
    assert.equal(getCode(feed.proof('shop' as TargetId)), 'not-yet')
    finalize(1)
    const found = feed.proof('shop' as TargetId)
    assert.ok(found.ok)
    const { record, target, branch } = found.proof
    const root = record.header.stateRoot
    assert.equal(verifyProof(root, context.parameters, target, [...branch]), true)
    const other: State['targets'][number] = { ...target, verdict: 4 }
    assert.equal(verifyProof(root, context.parameters, other, [...branch]), false)
    assert.equal(found.proof.targetIndex, 0 as TargetIndex)
    assert.equal(getCode(feed.proof('none' as TargetId)), 'no-target')
  })

  it('lists attestations from store and buffer together, by monitor and target', () => {
    const { store, buffer, feed } = makeBench()
    store.put({ attestations: [1, 2].map((round) => makeAttestation(context, 1, round)) })
    const waiting = makeAttestation(context, 1, 3)
    const other = makeAttestation(context, 2, 3)
    for (const { bytes, digest, receivedAtMs, round, member } of [waiting, other]) {
      const message = { epoch: context.epoch, round, shard: 0, member, observations: [] }
      buffer.add({ message, signature: new Uint8Array(64) }, digest, bytes, receivedAtMs)
    }
    const list = (query: object): number[][] =>
      feed
        .attestations({ limit: 10, ...query })
        .map(({ message }) => [message.round, message.member])
    assert.deepEqual(list({}), [
      [3, 1],
      [3, 2],
      [2, 1],
      [1, 1],
    ])
    assert.deepEqual(list({ monitor: 'm2' as MonitorId, limit: 2 }), [
      [3, 1],
      [2, 1],
    ])
    assert.deepEqual(list({ target: 'shop' as TargetId, round: 3 as Round }), [
      [3, 1],
      [3, 2],
    ])
    assert.deepEqual(list({ monitor: 'nobody' as MonitorId }), [])
    assert.deepEqual(list({ target: 'none' as TargetId }), [])
  })

  it('names every monitor, with what was last heard of it', () => {
    const { members, feed } = makeBench()
    members.hear(2 as MemberIndex, 'p', 7000 as never, 3 as Round)
    const monitors = feed.monitors()
    assert.deepEqual(
      monitors.map(({ id, isSelf }) => [id, isSelf]),
      [
        ['m1', true],
        ['m2', false],
        ['m3', false],
        ['m4', false],
      ],
    )
    assert.equal(monitors[2]?.lastAttestationRound, 3)
    assert.equal(monitors[2].lastHeardMs, 7000)
    assert.equal(monitors[1]?.lastHeardMs, undefined)
  })
})
