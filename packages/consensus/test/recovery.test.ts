import { deepEqual, equal, ok } from 'node:assert/strict'
import {
  checkEvidence,
  getAttestationDigest,
  type MemberIndex,
  type SignedAttestation,
  toSignatureCheck,
  type UnixMs,
  type Verified,
  type View,
  type ViewCertificate,
  voteKinds,
} from '@watchfire/attestation'
import { type Effect, type Input, start, step } from '../src/index.ts'
import { Network, signAttestation, signVote, verify } from './driver.ts'
import { makeAttestation, makeEqual, networkId, originMs } from './fixtures.ts'

const context = makeEqual(4)

function attest(message: Verified<SignedAttestation>, nowMs: UnixMs): Input {
  const digest = getAttestationDigest(networkId, message.message)
  return { kind: 'attestation', message, digest, nowMs }
}

/** Members accused, each with evidence that verifies. */
function accused(effects: readonly Effect[]): number[] {
  return effects.flatMap((effect) => {
    if (effect.kind !== 'accuse') return []
    ok(checkEvidence(context, effect.evidence, toSignatureCheck(verify)).ok)
    return [effect.evidence.value.first.message.member]
  })
}

describe('a restart', () => {
  it('at any moment signs nothing twice and takes part again', () => {
    // The driver refuses a second signature for a place, over all lives of a node.
    for (let moment = 1; moment <= 24; moment++) {
      const network = new Network({ epochs: [context] }).boot()
      network.run(2000 + moment * 89)
      const victim = network.node(moment % 4)
      victim.crash()
      network.run(moment % 3 === 0 ? 0 : 700)
      victim.boot()
      network.run(6000)
      const heights = network.nodes.map(({ height }) => height)
      ok(Math.min(...heights) >= 3, `moment ${moment}: heights ${heights.join()}`)
    }
  })

  it('is in a view at least as high as any it signed in', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(7000)
    const node = network.node(1)
    const view = Math.max(...node.disk.votes.map(({ message }) => message.view))
    node.crash()
    // Its certificates were not flushed.
    node.disk.certificates.length = 0
    node.boot()
    ok(node.status.view >= view)
  })

  it('sends again what let it into a view that it had signed in', () => {
    const network = new Network({
      epochs: [context],
      // Nothing becomes final, and view 3 does not end.
      deliver: (_, __, { kind, message }) =>
        kind !== 'vote' ||
        (message.message.kind !== voteKinds.finalize && message.message.view < 3),
    }).boot()
    const node = network.node(0)
    network.run(20_000, () => node.disk.votes.some(({ message }) => message.view === 3))
    node.crash()
    node.effects.length = 0
    node.boot()
    equal(node.status.view, 3)
    const repeat = node.effects.find((effect) => effect.kind === 'repeat')
    equal(repeat?.certificate?.view, 2)
  })

  it('of a leader that had proposed sends the kept proposal again instead of another', () => {
    const network = new Network({
      epochs: [context],
      deliver: (_, __, message) => message.kind !== 'proposal',
    }).boot()
    network.run(500, () => network.node(1).disk.proposals.length > 0)
    network.run(20)
    const leader = network.node(1)
    leader.crash()
    network.deliver = () => true
    network.run(100)
    leader.boot()
    network.run(1000)
    equal(leader.disk.proposals.length, 1)
    equal(network.node(0).height, 1)
    equal(network.node(0).finals[0]?.certificate.view, 1)
  })

  it('votes finalize for what it holds notarized and had not finalized', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(500, () => network.node(0).disk.votes.some(({ message }) => message.kind === 3))
    const node = network.node(0)
    // Power failed between the certificate's write and the vote's: nothing was sent of the vote.
    const kept = node.disk.votes.filter(({ message }) => message.kind !== 3)
    node.crash()
    node.disk.votes.length = 0
    node.disk.votes.push(...kept)
    for (const key of network.signed.keys()) {
      if (key.startsWith('0: epoch 0 3 ')) network.signed.delete(key)
    }
    node.boot()
    ok(node.disk.votes.some(({ message }) => message.kind === 3 && message.view === 1))
  })

  it('does not make the node forget what others attested: another version after it is evidence', () => {
    const [first, second] = [1, 2].map((code) => {
      const message = makeAttestation(2, [{ status: 'failed', code }], { round: 0 })
      return signAttestation(context, message.message)
    }) as [Verified<SignedAttestation>, Verified<SignedAttestation>]
    const config = { networkId, epochs: [context], me: 0 as MemberIndex, verify }
    const recovery = {
      final: undefined,
      blocks: [],
      attestations: [first],
      certificates: [],
      signedProposals: [],
      signedVotes: [],
    }
    const nowMs = (originMs + 500) as UnixMs
    const restarted = start(config, recovery, nowMs)
    const again = step(restarted.state, attest(first, nowMs))
    deepEqual(accused(restarted.effects), [])
    deepEqual(accused(again.effects), [])
    const { effects } = step(again.state, attest(second, nowMs))
    deepEqual(accused(effects), [2])
  })

  it('never nullifies a view that its log says it finalized', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(500, () => network.node(0).disk.votes.some(({ message }) => message.kind === 3))
    const node = network.node(0)
    node.crash()
    node.disk.certificates.length = 0
    network.deliver = () => false
    node.boot()
    network.run(20_000)
    const nullified = node.disk.votes
      .filter(({ message }) => message.kind === voteKinds.nullify)
      .map(({ message }) => message.view)
    ok(!nullified.includes(1 as View))
  })
})

describe('a power failure everywhere', () => {
  it('that took every certificate is survived: the logs’ votes make them again', () => {
    for (const lostMs of [100, 130, 150, 1900, 2500]) {
      const network = new Network({
        epochs: [context],
        // Two views are nullified on the way, so that certificates of both kinds are lost.
        deliver: (_, __, message) =>
          message.kind !== 'proposal' || message.message.message.view > 2,
      }).boot()
      network.run(2000 + lostMs)
      for (const node of network.nodes) {
        node.crash()
        node.disk.certificates.length = 0
      }
      const [early, ...late] = network.nodes
      early?.boot()
      network.run(3000)
      for (const node of late) node.boot()
      network.run(30_000)
      const heights = network.nodes.map(({ height }) => height)
      ok(Math.min(...heights) > 5, `lost at ${lostMs}: heights ${heights.join()}`)
    }
  })
})

describe('a node without its log', () => {
  it('signs nothing until told from which view on, follows meanwhile, and then takes part', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(5000)
    const node = network.node(2)
    node.crash()
    const { votes } = node.disk
    votes.length = 0
    node.disk.proposals.length = 0
    node.boot({ muteUntilView: 'told' })
    equal(node.status.muted, true)
    network.run(10_000)
    equal(votes.length, 0)
    ok(node.height >= network.node(0).height - 1)
    const fromView = (network.node(0).status.view + 3) as View
    node.input({ kind: 'unmute', fromView })
    network.run(10_000)
    equal(node.status.muted, false)
    ok(votes.length > 0)
    ok(votes.every(({ message }) => message.view >= fromView))
  })

  it('is silenced by a signature of its own that it does not know', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(2100)
    const node = network.node(3)
    const { view } = node.status
    const vote = signVote(context, {
      epoch: context.epoch,
      view: (view + 1) as View,
      kind: voteKinds.notarize,
      member: 3 as MemberIndex,
      header: new Uint8Array(32).fill(5) as never,
    })
    node.input({ kind: 'vote', message: vote })
    equal(node.alarms[0]?.code, 'unknown-own-signature')
    const before = node.disk.votes.length
    network.run(10_000)
    equal(node.disk.votes.length, before)
    equal(node.status.muted, true)
    ok(network.node(0).height > 3, 'the others go on')
  })
  it('is silenced by its own signature in a certificate that its log knows nothing of', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(5000)
    const node = network.node(2)
    node.crash()
    const { votes, proposals } = node.disk
    // All of its disk is of an earlier time, its log with it: nothing of its own shows that.
    const signed = votes.findLast(({ message }) => message.kind === voteKinds.finalize)?.message
    ok(signed)
    const isEarlier = ({ message }: { message: { view: View } }) => message.view < signed.view
    node.disk.certificates.length = 0
    node.disk.final = undefined
    votes.splice(0, votes.length, ...votes.filter(isEarlier))
    proposals.splice(0, proposals.length, ...proposals.filter(isEarlier))
    network.deliver = () => false
    node.boot()
    equal(node.status.muted, false)
    const members = [0, 1, 2].map((index) => index as MemberIndex)
    const signatures = members.map((member) => {
      const { signature } = signVote(context, { ...signed, member })
      return { member, signature }
    })
    const { epoch, view, kind, header } = signed
    const certificate = { epoch, view, kind, header, signatures } as never
    const before = votes.length
    node.input({ kind: 'certificate', message: certificate })
    equal(node.alarms[0]?.code, 'unknown-own-signature')
    equal(node.status.muted, true)
    network.run(20_000)
    equal(votes.length, before)
  })

  it('is silenced by its own signature in a certificate that it kept, where its log alone is of an earlier time', () => {
    const network = new Network({
      epochs: [context],
      // Nothing becomes final: what is settled would not matter.
      deliver: (_, __, { kind, message }) =>
        kind !== 'vote' || message.message.kind !== voteKinds.finalize,
    }).boot()
    const node = network.node(2)
    const isSignedByNode = ({ signatures }: ViewCertificate) =>
      signatures.some(({ member }) => member === 2)
    network.run(10_000, () => node.disk.certificates.some(isSignedByNode))
    node.crash()
    const kept = node.disk.certificates.find(isSignedByNode)
    ok(kept)
    const { votes } = node.disk
    const all = [...votes]
    network.deliver = () => false
    // With its log it speaks.
    node.boot()
    equal(node.status.muted, false)
    node.crash()
    node.alarms.length = 0
    votes.splice(0, votes.length, ...all.filter(({ message }) => message.view < kept.view))
    node.boot()
    equal(node.alarms[0]?.code, 'unknown-own-signature')
    equal(node.status.muted, true)
  })

  it('is silenced by what its shell met, once, and speaks again when told', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(2100)
    const node = network.node(1)
    for (let times = 0; times < 2; times++) node.input({ kind: 'mute', detail: 'an attestation' })
    deepEqual(
      node.alarms.map(({ code, detail }) => [code, detail]),
      [['unknown-own-signature', 'an attestation']],
    )
    const before = node.disk.votes.length
    network.run(4000)
    equal(node.disk.votes.length, before)
    const fromView = (node.status.view + 3) as View
    node.input({ kind: 'unmute', fromView })
    network.run(10_000)
    const later = node.disk.votes.slice(before)
    ok(later.length > 0 && later.every(({ message }) => message.view >= fromView))
  })
})
