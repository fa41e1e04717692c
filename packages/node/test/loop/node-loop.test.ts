import assert from 'node:assert/strict'
import {
  decode,
  type Epoch,
  type MemberIndex,
  type Round,
  signedVoteType,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { makeAttestation } from '../fixtures.ts'
import { attest, gossip, LoopHarness, makeCommittee } from './loop-harness.ts'

const epoch = 0 as Epoch

describe('node loop', () => {
  it('makes a round final, with every vote kept before it is sent', () => {
    const { all } = makeCommittee()
    all.forEach((harness, member) => attest(harness, member, 1))
    for (const harness of all) {
      const { network, voteLog } = harness
      const publish = network.publish.bind(network)
      network.publish = (topic, shard, bytes) => {
        if (topic === 'vote') {
          const vote = decode(signedVoteType, bytes)
          assert.ok(vote.ok)
          const { view, kind } = vote.value.message
          const kept = voteLog.get({ kind: 'vote', epoch, view, vote: kind })
          assert.deepEqual(kept && Buffer.from(kept.bytes), Buffer.from(bytes))
          // The block that a notarize vote is for is there before it.
          if (kind === voteKinds.notarize)
            assert.ok(harness.store.getBlock(vote.value.message.header) !== undefined)
        }
        return publish(topic, shard, bytes)
      }
    }
    gossip(all)
    for (const { finals, faults, store } of all) {
      assert.deepEqual(faults, [])
      assert.equal(finals[0]?.header.round, 1)
      assert.equal(store.getFinalTip()?.header.height, 1)
    }
  })

  it('sends what it kept again over direct streams while a view lasts, the very same bytes', () => {
    const { all, clock } = makeCommittee()
    all.forEach((harness, member) => attest(harness, member, 1))
    gossip(all, (topic) => topic === 'vote')
    const [first] = all
    assert.ok(first !== undefined)
    const kept = first.voteLog.listViews(epoch, 1 as View, 9 as View)
    assert.ok(kept.length > 0)
    clock.advance(600)
    first.settle()
    const direct = first.network.sent.filter(({ way }) => way === 'direct')
    for (const { bytes } of kept)
      assert.ok(direct.some((each) => Buffer.compare(each.bytes, bytes) === 0))
    gossip(all)
    assert.equal(first.finals[0]?.header.round, 1)
  })

  it('pulls attestations that a proposal names and that it never heard', async () => {
    const { all, clock } = makeCommittee()
    const [zero, one, two, three] = all
    assert.ok(zero && one && two && three)
    // Member 3 hears no attestation of the others, only what follows.
    all.forEach((harness, member) => attest(harness, member, 1))
    const attestations = all.flatMap(({ network }) =>
      network.sent.filter(({ topic }) => topic === 'attestation'),
    )
    three.network.answers = {
      attestations: attestations.map(({ bytes }) => ({ bytes, from: 'peer-0' })),
    }
    const others = [zero, one, two]
    gossip(others)
    // Without member 3 the leader waits for `propose at`.
    clock.advance(1250)
    for (const harness of others) harness.settle()
    gossip(others)
    assert.equal(zero.finals.length, 1)
    const late = [zero, one, two].flatMap(({ voteLog }) =>
      voteLog.listViews(epoch, 1 as View, 1 as View),
    )
    for (const { place, bytes } of late)
      three.loop.handle({ topic: place.kind, shard: 0, bytes, from: 'peer-0', via: 'gossip' })
    three.settle()
    assert.equal(
      three.network.asked.some(({ kind }) => kind === 'attestations'),
      true,
    )
    await three.loop.puller.settle()
    three.settle()
    assert.equal(three.finals[0]?.header.round, 1)
  })

  it('keeps an early message back and takes it when its time has come', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const early = makeAttestation(harness.context, 1, 2)
    const message = { topic: 'attestation', shard: 0, from: 'peer-1', via: 'gossip' } as const
    assert.equal(harness.loop.handle({ ...message, bytes: early.bytes }), 'ignore')
    assert.equal(harness.members.get(1 as MemberIndex).lastAttestationRound, undefined)
    harness.advance(1000)
    harness.advance(1000)
    assert.equal(harness.members.get(1 as MemberIndex).lastAttestationRound, 2)
  })

  it('loses no early message of a member to a flood of early forgeries', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const early = makeAttestation(harness.context, 1, 2)
    const message = { topic: 'attestation', shard: 0, via: 'gossip' } as const
    for (let i = 0; i < 3000; i += 1) {
      const bytes = early.bytes.slice()
      new DataView(bytes.buffer).setUint32(10, i, true)
      harness.loop.handle({ ...message, bytes, from: `peer-${i % 50}` })
    }
    harness.loop.handle({ ...message, bytes: early.bytes, from: 'peer-1' })
    harness.advance(1000)
    harness.advance(1000)
    assert.equal(harness.members.get(1 as MemberIndex).lastAttestationRound, 2)
  })

  it('refuses what is forged, and charges who answered a request with it', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const { bytes } = makeAttestation(harness.context, 1, 1)
    const forged = bytes.slice()
    // The signature is the first thing after the offset of the message.
    forged[10] = (forged[10] ?? 0) ^ 1
    const message = { topic: 'attestation', shard: 0, from: 'liar' } as const
    assert.equal(harness.loop.handle({ ...message, bytes: forged, via: 'gossip' }), 'reject')
    assert.deepEqual(harness.network.reported, [])
    assert.equal(harness.loop.handle({ ...message, bytes: forged, via: 'fetch' }), 'reject')
    assert.deepEqual(harness.network.reported, [{ peer: 'liar', code: 'bad-signature' }])
    assert.equal(harness.loop.handle({ ...message, bytes, via: 'gossip' }), 'accept')
  })

  it('stops when what it signs cannot be kept, and has sent nothing of it', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    harness.network.sent.splice(0)
    harness.disk.capacity = harness.disk.sizeOf('votes.log') + 10
    attest(harness, 0, 1)
    assert.deepEqual(harness.network.sent, [])
    assert.equal(harness.faults.length, 1)
    assert.equal(harness.faults[0]?.code, 'disk-full')
    harness.disk.capacity = Number.POSITIVE_INFINITY
    attest(harness, 0, 2)
    harness.advance(10_000)
    assert.deepEqual(harness.network.sent, [])
    assert.match(harness.log.lines.at(-1)?.message ?? '', /^the node stops: .*disk is full/)
  })

  it('stops when a block cannot be kept, and has voted for nothing', () => {
    const { all } = makeCommittee()
    const [first] = all
    assert.ok(first !== undefined)
    all.forEach((harness, member) => attest(harness, member, 1))
    first.store.close()
    gossip(all)
    assert.equal(first.faults.length, 1)
    assert.deepEqual(first.voteLog.listViews(epoch, 1 as View, 99 as View), [])
  })

  it('starts again from its log and signs nothing anew', () => {
    const { all, clock } = makeCommittee()
    all.forEach((harness, member) => attest(harness, member, 1))
    gossip(all, (topic) => topic === 'vote')
    const [first] = all
    assert.ok(first !== undefined)
    const kept = first.voteLog.listViews(epoch, 1 as View, 1 as View)
    assert.ok(kept.length > 0)
    // Its store is lost, its log is not: it knows nothing of the view but what it signed there.
    const again = new LoopHarness(0, { clock, disk: first.disk })
    again.begin()
    attest(again, 0, 1)
    gossip([again, ...all.slice(1)])
    clock.advance(3000)
    gossip([again, ...all.slice(1)])
    for (const { place, bytes } of kept)
      assert.deepEqual(Buffer.from(again.voteLog.get(place)?.bytes ?? []), Buffer.from(bytes))
    for (const { store, faults } of [again, ...all]) {
      assert.deepEqual(store.listEvidence(epoch), [])
      assert.deepEqual(faults, [])
    }
  })

  it('signs nothing while its log is in doubt, and from the given view on when told', () => {
    const { clock, all } = makeCommittee()
    const muted = new LoopHarness(3, { clock, isDoubtful: true })
    muted.begin()
    const committee = [...all.slice(0, 3), muted]
    committee.slice(0, 3).forEach((harness, member) => attest(harness, member, 1))
    clock.advance(1200)
    for (const harness of committee) harness.settle()
    gossip(committee)
    assert.equal(muted.voteLog.count, 0)
    assert.equal(muted.loop.status().muted, true)
    assert.equal(muted.finals[0]?.header.round, 1)
    const from = (muted.loop.status().view + 3) as View
    muted.loop.unmute(from)
    muted.settle()
    assert.equal(muted.voteLog.count, 0)
  })

  it('is silenced by an attestation of its own that its log does not hold (SPEC 6.9)', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const { bytes } = makeAttestation(harness.context, 0, 1)
    const message = { topic: 'attestation', shard: 0, bytes, from: 'peer', via: 'gossip' } as const
    assert.equal(harness.loop.handle(message), 'accept')
    harness.settle()
    assert.deepEqual(harness.alarms, ['unknown-own-signature'])
    assert.equal(harness.loop.status().muted, true)
  })

  it('is silenced by evidence against itself, and not by what it is safely past', () => {
    for (const [floor, alarms] of [
      [0, ['unknown-own-signature']],
      [2, []],
    ] as const) {
      const harness = new LoopHarness(0)
      if (floor > 0) harness.voteLog.raiseFloor({ epoch, view: 1 as View, round: floor as Round })
      harness.begin()
      // What the log holds, then another version of it.
      if (floor === 0) attest(harness, 0, 1)
      const observations = [
        {
          target: 0 as never,
          status: 2,
          code: 1,
          referenceKind: 0,
          reference: 0,
          signals: [],
          identities: [],
        },
      ]
      const { bytes } = makeAttestation(harness.context, 0, 1, observations)
      const message = { topic: 'attestation', shard: 0, bytes, from: 'peer' } as const
      harness.loop.handle({ ...message, via: 'direct' })
      harness.settle()
      assert.deepEqual(harness.alarms, alarms)
    }
  })

  it('lets nobody spend what is kept for digests that a block names, save who was asked', () => {
    const { all } = makeCommittee()
    all.forEach((harness, member) => attest(harness, member, 1))
    const [, leader, two] = all
    assert.ok(leader !== undefined && two !== undefined)
    const taken: boolean[] = []
    const late = new LoopHarness(2, { clock: leader.clock })
    late.loop.begin(late.network, {
      take: (_peer, isNamed) => {
        taken.push(isNamed)
        return false
      },
    })
    // It hears the proposal, and none of the attestations that its block names.
    gossip(all, (topic) => topic !== 'attestation')
    gossip([leader, late], (topic) => topic !== 'proposal')
    const [proposal] = leader.voteLog.listViews(epoch, 1 as View, 1 as View)
    assert.ok(proposal?.place.kind === 'proposal')
    const direct = { from: 'leader', via: 'direct', shard: undefined } as const
    late.loop.handle({ ...direct, topic: 'proposal', bytes: proposal.bytes })
    late.settle()
    assert.ok(late.loop.status().missingAttestations > 0)
    const { bytes } = makeAttestation(late.context, 0, 1)
    const forged = bytes.slice()
    forged[10] = (forged[10] ?? 0) ^ 1
    const message = { topic: 'attestation', shard: undefined, bytes: forged, from: 'liar' } as const
    late.loop.handle({ ...message, via: 'direct' })
    late.loop.handle({ ...message, via: 'gossip' })
    late.loop.handle({ ...message, via: 'fetch' })
    assert.deepEqual(taken, [false, false, true])
  })

  it('takes a storm of rubbish on every topic without a fault', () => {
    const harness = new LoopHarness(0)
    harness.begin()
    const topics = ['attestation', 'proposal', 'vote', 'certificate', 'evidence', 'status'] as const
    for (const topic of topics)
      for (let length = 0; length < 200; length += 7) {
        const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) % 256)
        const verdict = harness.loop.handle({ topic, shard: 0, bytes, from: 'x', via: 'gossip' })
        assert.equal(verdict, 'reject')
      }
    harness.settle()
    assert.deepEqual(harness.faults, [])
  })
})
