import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import {
  type Block,
  type Digest,
  getBodyHash,
  getHeaderDigest,
  getStateRoot,
  type Header,
  makeVoteEvidence,
  type MemberIndex,
  type Proposal,
  type SignedVote,
  toHex,
  type Verified,
  type View,
  type ViewCertificate,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { computeState, type CoreMessage, getGenesisState } from '../src/index.ts'
import { Network, type Node, signProposal, signVote } from './driver.ts'
import { makeEqual } from './fixtures.ts'

const context = makeEqual(4)

function isVote(message: CoreMessage, kind: keyof typeof voteKinds): boolean {
  return message.kind === 'vote' && message.message.message.kind === voteKinds[kind]
}

function votesOf(node: Node, kind: keyof typeof voteKinds): number[] {
  return node.disk.votes
    .filter(({ message }) => message.kind === voteKinds[kind])
    .map(({ message }) => message.view)
}

function roundsOf(node: Node): number[] {
  return node.finals.map(({ block }) => block.header.round)
}

/** A network in which member 1, the leader of view 1, has made its proposal but nobody else saw it. */
function withHeldProposal(): { network: Network; proposal: Proposal } {
  const network = new Network({
    epochs: [context],
    deliver: (_, __, message) => message.kind !== 'proposal',
  }).boot()
  network.run(500, () => network.node(1).disk.proposals.length > 0)
  // What was on its way is lost too.
  network.run(20)
  const [signed] = network.node(1).disk.proposals
  ok(signed)
  return { network, proposal: signed.message }
}

/** The proposal as its leader would sign it after changing it; the body's hash follows the body. */
function change(
  proposal: Proposal,
  changes: { header?: Partial<Header>; body?: Partial<Block['body']>; parentView?: number },
): Proposal {
  const body = { ...proposal.block.body, ...changes.body }
  const header = { ...proposal.block.header, body: getBodyHash(body), ...changes.header }
  const parentView = (changes.parentView ?? proposal.parentView) as View
  return { ...proposal, parentView, block: { header, body } }
}

describe('a proposal', () => {
  it('is voted for once by each member and certified, when nothing is wrong with it', () => {
    const { network, proposal } = withHeldProposal()
    for (const to of [0, 2, 3]) {
      network.sendTo(1, to, { kind: 'proposal', message: signProposal(context, proposal) })
    }
    network.deliver = () => true
    network.run(500)
    for (const node of network.nodes) deepEqual(votesOf(node, 'notarize').slice(0, 1), [1])
    equal(network.node(0).height, 1)
  })

  const zero = new Uint8Array(32) as Digest
  const faults: readonly [sentence: string, change: (proposal: Proposal) => Proposal][] = [
    ['has another state root', (p) => change(p, { header: { stateRoot: zero } })],
    ['has another body than its header says', (p) => change(p, { header: { body: zero } })],
    ['is of another committee', (p) => change(p, { header: { committee: zero } })],
    ['skips a height', (p) => change(p, { header: { height: 2 as Header['height'] } })],
    [
      'lies about its parent’s round',
      (p) => change(p, { header: { parentRound: 1 as Header['round'] } }),
    ],
    ['is of its parent’s round', (p) => change(p, { header: { round: 0 as Header['round'] } })],
    ['has another parent than was notarized', (p) => change(p, { header: { parent: zero } })],
    ['names its own view as its parent’s', (p) => change(p, { parentView: 1 })],
    [
      'hands over without being the last of its epoch',
      (p) => change(p, { header: { next: [{ committee: zero, parameters: zero }] } }),
    ],
    [
      'rests on less than a quorum less what is excluded',
      (p) => change(p, { body: { attestations: p.block.body.attestations.slice(0, 2) } }),
    ],
    [
      'names attestations out of order',
      (p) => change(p, { body: { attestations: p.block.body.attestations.toReversed() } }),
    ],
    [
      'names a member that does not exist',
      (p) =>
        change(p, {
          body: {
            attestations: [
              ...p.block.body.attestations,
              { shard: 0, member: 9 as MemberIndex, digest: zero },
            ],
          },
        }),
    ],
    [
      'names one member’s attestation as another’s',
      (p) => {
        const [first, , ...others] = p.block.body.attestations
        ok(first)
        const forged = { ...first, member: 1 as MemberIndex }
        return change(p, { body: { attestations: [first, forged, ...others] } })
      },
    ],
    [
      'carries evidence that proves nothing',
      (p) => {
        const vote = (fill: number): Vote => ({
          epoch: context.epoch,
          view: 1 as View,
          kind: voteKinds.notarize,
          member: 2 as MemberIndex,
          header: new Uint8Array(32).fill(fill) as Digest,
        })
        const forge = (fill: number) => ({ message: vote(fill), signature: new Uint8Array(64) })
        const evidence = makeVoteEvidence(context.networkId, forge(1), forge(2))
        const attestations = p.block.body.attestations.filter(({ member }) => member !== 2)
        return change(p, { body: { attestations, evidence: [evidence] } })
      },
    ],
  ]
  for (const [sentence, falsify] of faults) {
    it(`is refused and its view nullified at once when it ${sentence}`, () => {
      const { network, proposal } = withHeldProposal()
      const bornMs = network.nowMs
      network.deliver = () => true
      const message = signProposal(context, falsify(proposal))
      for (const to of [0, 2, 3]) network.sendTo(1, to, { kind: 'proposal', message })
      network.run(1000, () => network.node(0).status.view > 1)
      // One latency for the proposal, one for the votes, and a fetch where an input must be seen.
      ok(network.nowMs - bornMs <= 40, `after ${network.nowMs - bornMs}`)
      for (const node of [0, 2, 3].map((index) => network.node(index))) {
        deepEqual(votesOf(node, 'nullify'), [1])
        deepEqual(votesOf(node, 'notarize'), [])
      }
      network.run(200)
      equal(network.node(0).height, 1, 'the next leader certifies the round')
    })
  }

  it('that is early is held, not refused, and voted for when its round has come', () => {
    const slow = 2
    const network = new Network({
      epochs: [context],
      skewMs: (index) => (index === slow ? -1000 : 0),
    }).boot()
    // Without member 3 the slow one's vote is needed.
    network.node(3).crash()
    network.run(20_000)
    const { round } = network.node(0).finals.at(-1)?.block.header ?? { round: 0 }
    ok(round >= network.roundNow() - 1)
    ok(votesOf(network.node(slow), 'notarize').length > 5)
  })

  it('that comes before its view is entered is kept and voted for then', () => {
    const { network, proposal } = withHeldProposal()
    network.run(3000)
    const [second] = network.node(2).disk.proposals
    ok(second)
    equal(second.message.view, 2)
    ok(proposal.view < second.message.view)
    const late = new Network({ epochs: [context], deliver: () => false }).boot()
    late.run(3000)
    const node = late.node(0)
    const block = second.message.block
    node.input({ kind: 'proposal', message: signProposal(context, second.message) })
    equal(node.status.view, 1)
    for (const { message, signature: _ } of network.node(0).disk.attested) {
      const found = [...network.node(0).disk.attestations.values()].filter(
        (held) => held.message.round === message.round,
      )
      for (const held of found) node.input(late.toInput(held))
    }
    for (const member of [1, 2, 3]) {
      const vote = { epoch: context.epoch, view: 1 as View, kind: 2, member: member as MemberIndex }
      const header = new Uint8Array(32) as Digest
      node.input({ kind: 'vote', message: signVote(context, { ...vote, header }) })
    }
    equal(node.status.view, 2)
    const digest = getHeaderDigest(context.networkId, block.header)
    const vote = node.disk.votes.find(({ message }) => message.view === 2 && message.kind === 1)
    equal(vote && toHex(vote.message.header), toHex(digest))
  })

  it('whose attestations are missing is held until they are fetched by digest', () => {
    const network = new Network({
      epochs: [context],
      // Member 0 hears no attestation of member 3 by gossip.
      deliver: (from, to, message) => !(message.kind === 'attestation' && from === 3 && to === 0),
    }).boot()
    network.node(2).crash()
    network.run(10_000)
    ok(network.node(0).effects.some(({ kind }) => kind === 'fetch-attestations'))
    ok(votesOf(network.node(0), 'notarize').length > 2)
    ok(network.node(0).height >= 3)
  })

  it('never gets a vote where its attestations cannot be had', () => {
    const network = new Network({
      epochs: [context],
      asks: false,
      deliver: (from, to, message) => !(message.kind === 'attestation' && from === 3 && to === 0),
    }).boot()
    network.run(3000)
    const [first] = network.node(0).finals
    equal(first, undefined)
    const named = network
      .node(1)
      .finals[0]?.block.body.attestations.some(({ member }) => member === 3)
    equal(named, true)
    deepEqual(votesOf(network.node(0), 'notarize').includes(1), false)
  })
})

describe('a leader that jumped over views', () => {
  it('asks for the certificates between before it proposes, and then does', () => {
    let isCutOff = true
    const network = new Network({
      epochs: [context],
      // Views 1 to 3 come to nothing, and member 0 hears of them only by the last certificate.
      deliver: (_, to, message) =>
        !(message.kind === 'proposal' && message.message.message.view < 4) &&
        !(isCutOff && to === 0 && message.kind !== 'attestation'),
    }).boot()
    network.run(20_000, () => network.node(1).status.view === 4)
    const leader = network.node(0)
    equal(leader.status.view, 1)
    const last = network
      .node(1)
      .disk.certificates.find(({ view, kind }) => view === 3 && kind === voteKinds.nullify)
    ok(last)
    leader.input({ kind: 'certificate', message: last as Verified<ViewCertificate> })
    equal(leader.status.view, 4)
    const { proposals } = leader.disk
    equal(proposals.length, 0)
    const asked = leader.effects.findLast(({ kind }) => kind === 'fetch-views')
    ok(asked?.kind === 'fetch-views')
    deepEqual([asked.from, asked.to], [1, 2])
    isCutOff = false
    network.run(2500, () => proposals.length > 0)
    equal(proposals[0]?.message.view, 4)
    equal(proposals[0]?.message.parentView, 0)
    network.run(100)
    equal(network.node(2).finals[0]?.certificate.view, 4)
  })
})

describe('a finalization', () => {
  it('that comes before its block is kept until the block and its inputs are fetched', () => {
    const network = new Network({
      epochs: [context],
      deliver: (_, to) => to !== 0,
    }).boot()
    network.run(1000)
    equal(network.node(1).height, 1)
    const late = network.node(0)
    const votes = network.nodes
      .flatMap(({ disk }) => disk.votes)
      .filter(({ message }) => message.kind === voteKinds.finalize && message.view === 1)
    for (const vote of votes) late.input({ kind: 'vote', message: vote as Verified<SignedVote> })
    equal(late.status.view, 2)
    equal(late.height, 0)
    equal(late.status.missingBlocks, 1)
    network.deliver = () => true
    network.run(1000)
    equal(late.height, 1)
  })
})

describe('finalize and nullify', () => {
  it('exclude each other: who nullified a view never finalizes it, even when it was notarized', () => {
    const network = new Network({
      epochs: [context],
      // Notarize votes are lost, so all time out; later the notarization shows up.
      deliver: (_, __, message) => !isVote(message, 'notarize'),
    }).boot()
    network.run(1900)
    for (const node of network.nodes) deepEqual(votesOf(node, 'nullify'), [1])
    const votes = network.nodes.flatMap(({ disk }) =>
      disk.votes.filter(({ message }) => message.kind === 1 && message.view === 1),
    )
    for (const vote of votes)
      network.send(vote.message.member, { kind: 'vote', message: vote as never })
    network.deliver = () => true
    network.run(8000)
    for (const node of network.nodes) ok(!votesOf(node, 'finalize').includes(1))
    ok(network.node(0).height > 2)
  })

  it('leave the timer to others: who finalized a view does not nullify it', () => {
    const network = new Network({
      epochs: [context],
      // Member 0 alone gets the notarization of view 1 and is left there.
      deliver: (_, to, message) => to === 0 || !isVote(message, 'notarize'),
    }).boot()
    network.run(1000)
    deepEqual(votesOf(network.node(0), 'finalize'), [1])
    network.run(9000)
    ok(!votesOf(network.node(0), 'nullify').includes(1))
  })
})

describe('a notarized block', () => {
  it('is built upon before it is final, and proven by its descendants later', () => {
    const network = new Network({
      epochs: [context],
      deliver: (_, __, message, nowMs) =>
        !isVote(message, 'finalize') || nowMs > context.parameters.originMs + 7000,
    }).boot()
    network.run(4900)
    equal(network.node(0).height, 0)
    ok(network.node(0).status.tipHeight >= 2)
    network.run(5000)
    const { finals } = network.node(0)
    deepEqual(roundsOf(network.node(0)), [1, 2, 3, 4, 5].slice(0, finals.length))
    const descendants = finals.map(({ certificate }) => certificate.descendants.length)
    equal(descendants[0], descendants.indexOf(0), 'each is proven by the first that has its own')
    ok((descendants[0] ?? 0) > 0)
  })

  it('is fetched, with its attestations, by who saw nothing but the certificate', () => {
    const network = new Network({
      epochs: [context],
      // Member 0 sees no proposal at all.
      deliver: (from, to, message) => !(message.kind === 'proposal' && to === 0 && from !== 0),
    }).boot()
    network.run(12_000)
    ok(network.node(0).effects.some(({ kind }) => kind === 'fetch-blocks'))
    deepEqual(roundsOf(network.node(0)), roundsOf(network.node(1)))
  })

  it('with a root that is not ours stops our votes for good, and keeps what it rests on', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(500, () => network.node(1).disk.proposals.length > 0)
    const [signed] = network.node(1).disk.proposals
    ok(signed)
    const forged = change(signed.message, { header: { stateRoot: new Uint8Array(32) as Digest } })
    const digest = getHeaderDigest(context.networkId, forged.block.header)
    const victim = network.node(0)
    victim.input({ kind: 'proposal', message: signProposal(context, forged) })
    network.deliver = (_, to) => to !== 0
    network.run(30)
    for (const member of [1, 2, 3]) {
      const vote: Vote = {
        epoch: context.epoch,
        view: 1 as View,
        kind: voteKinds.notarize,
        member: member as MemberIndex,
        header: digest,
      }
      victim.input({ kind: 'vote', message: signVote(context, vote) })
    }
    for (const message of network.node(1).disk.attestations.values()) {
      victim.input(network.toInput(message))
    }
    equal(victim.status.halted, 'state-root-mismatch')
    const [alarm] = victim.alarms
    equal(alarm?.code, 'state-root-mismatch')
    equal(alarm?.inputs.attestations?.length, 4)
    ok(alarm?.inputs.computedState)
    notEqual(toHex(digest), toHex(getHeaderDigest(context.networkId, signed.message.block.header)))
    const signedBefore = victim.disk.votes.length
    network.run(20_000)
    equal(victim.disk.votes.length, signedBefore)
    // Once it hears the others again it follows what they certify, still without a vote.
    network.deliver = () => true
    network.run(20_000)
    ok((victim.disk.final?.header.height ?? 0) > 5)
    equal(victim.disk.votes.length, signedBefore)
  })
})

describe('more than f faulty weight', () => {
  it('is noticed by conflicting finality: the node stops and keeps both', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(1000)
    const node = network.node(0)
    const final = node.finals.at(-1)
    ok(final)
    const { header } = final.block
    equal(header.height, 1)
    // Another block of height 1 is finalized in a later view by everybody else.
    const other: Block = {
      header: { ...header, stateRoot: new Uint8Array(32).fill(9) as Digest },
      body: final.block.body,
    }
    const view = (node.status.view + 5) as View
    const digest = getHeaderDigest(context.networkId, other.header)
    for (const member of [1, 2, 3]) {
      const vote = { epoch: context.epoch, view, kind: voteKinds.finalize, header: digest }
      node.input({
        kind: 'vote',
        message: signVote(context, { ...vote, member: member as MemberIndex }),
      })
    }
    node.input({ kind: 'block', block: other })
    equal(node.status.halted, 'conflicting-finality')
    equal(node.alarms[0]?.inputs.headers?.length, 2)
    equal(node.height, 1)
  })
})

describe('an equivocator', () => {
  it('is put in a block by evidence, and its observations count no more', () => {
    const network = new Network({ epochs: [context] }).boot()
    network.run(2500)
    const vote = (fill: number): Vote => ({
      epoch: context.epoch,
      view: 1 as View,
      kind: voteKinds.notarize,
      member: 3 as MemberIndex,
      header: new Uint8Array(32).fill(fill) as Digest,
    })
    const evidence = makeVoteEvidence(
      context.networkId,
      signVote(context, vote(1)),
      signVote(context, vote(2)),
    )
    network.node(0).input({ kind: 'evidence', message: evidence })
    ok(network.node(0).effects.some(({ kind }) => kind === 'accuse'))
    network.run(8000)
    for (const node of network.nodes) {
      const including = node.finals.filter(({ block }) => block.body.evidence.length > 0)
      equal(including.length, 1, 'once')
      const last = node.finals.at(-1)
      deepEqual(
        last?.state.meta.excluded.map(({ member }) => member),
        [3],
      )
      equal(last?.state.targets[0]?.absent, 1)
      ok(last?.block.body.attestations.every(({ member }) => member !== 3))
      deepEqual(node.status.excluded, [3])
    }
  })

  it('as leader shows two blocks to two halves, and at most one of them is certified', () => {
    for (const split of [1, 2]) {
      const { network, proposal } = withHeldProposal()
      network.faulty.add(1)
      const shortened = proposal.block.body.attestations.slice(0, 3)
      const inputs = shortened.flatMap(({ digest }) => {
        const message = network.node(1).disk.attestations.get(toHex(digest))
        return message === undefined ? [] : [message]
      })
      const other = change(proposal, { body: { attestations: shortened } })
      // The second version is valid too: its root is what its three attestations give.
      const state = computeState(getGenesisState(context), context, other.block.header, [], inputs)
      const valid = change(other, { header: { stateRoot: getStateRoot(state) } })
      network.node(1).crash()
      network.deliver = () => true
      for (const to of [0, 2, 3]) {
        const version = to <= split ? proposal : valid
        network.sendTo(1, to, { kind: 'proposal', message: signProposal(context, version) })
      }
      network.run(10_000)
      const heights = [0, 2, 3].map((index) => network.node(index).height)
      ok(Math.min(...heights) >= 4, `heights ${heights.join()}`)
    }
  })
})
