import { equal, ok } from 'node:assert/strict'
import {
  type Block,
  type Digest,
  getBodyHash,
  getHeaderDigest,
  getLeader,
  type Header,
  limits,
  type MemberIndex,
  type SignedProposal,
  type UnixMs,
  type Verified,
  type View,
  type ViewCertificate,
  voteKinds,
} from '@watchfire/attestation'
import { type CoreState, getGenesisHeader, start, step } from '../src/index.ts'
import { openState } from '../src/model.ts'
import { makeEqual, networkId, originMs } from './fixtures.ts'

const context = makeEqual(4)

/**
 * Final blocks, of which the first names what can be had from nobody, so that none is computed.
 *
 * @param apart heights from one to the next: no node can tell, as long as it lacks the first
 */
function makeChain(count: number, apart: number): Block[] {
  const blocks: Block[] = []
  let parent: Header = getGenesisHeader(context)
  const digest = new Uint8Array(32).fill(1) as Digest
  const members = [0, 1, 2] as MemberIndex[]
  const body = {
    attestations: members.map((member) => ({ shard: 0, member, digest })),
    evidence: [],
  }
  for (let index = 0; index < count; index++) {
    const header: Header = {
      ...parent,
      height: (1 + index * apart) as Header['height'],
      round: (parent.round + 1) as Header['round'],
      parentRound: parent.round,
      parent: getHeaderDigest(networkId, parent),
      body: getBodyHash(body),
    }
    blocks.push({ header, body })
    parent = header
  }
  return blocks
}

function certify({ header }: Block, view: View): Verified<ViewCertificate> {
  const certificate: ViewCertificate = {
    epoch: context.epoch,
    view,
    kind: voteKinds.finalize,
    header: getHeaderDigest(networkId, header),
    signatures: [],
  }
  return certificate as Verified<ViewCertificate>
}

function propose(block: Block, view: View): Verified<SignedProposal> {
  const place = { member: getLeader(context, view), parentView: (view - 1) as View }
  const message = { epoch: context.epoch, view, ...place, block }
  return { message, signature: new Uint8Array(64) } as SignedProposal as Verified<SignedProposal>
}

function boot(): CoreState {
  const config = { networkId, epochs: [context], me: 0 as MemberIndex, verify: () => true }
  const recovery = {
    final: undefined,
    blocks: [],
    attestations: [],
    certificates: [],
    signedProposals: [],
    signedVotes: [],
  }
  return start(config, recovery, originMs).state
}

describe('a node that hears what is final, and can neither compute nor sync it', () => {
  it('holds no block further above its final one than any may be voted for (SPEC 6.4.6)', () => {
    let state = boot()
    const chain = makeChain(16, 100)
    for (const [index, block] of chain.entries()) {
      const nowMs = (originMs + index * 2000) as UnixMs
      const view = (index + 1) as View
      state = step(state, { kind: 'proposal', message: propose(block, view), nowMs }).state
      const { blocks } = openState(state)
      const heights = [...blocks.values()].map((record) => record.block.header.height)
      ok(Math.max(...heights) <= limits.unfinalBlocksMax, `holds ${heights.join()}`)
      if (index < 11) equal(heights.length, index + 1, 'and all of those')
      state = step(state, { kind: 'certificate', message: certify(block, view), nowMs }).state
    }
    equal(openState(state).final.header.height, 0)
  })

  it('remembers no more finalizations than blocks may stand there', () => {
    let state = boot()
    for (const [index, block] of makeChain(limits.unfinalBlocksMax + 100, 1).entries()) {
      const message = certify(block, (index + 1) as View)
      const nowMs = (originMs + index * 2000) as UnixMs
      state = step(state, { kind: 'certificate', message, nowMs }).state
    }
    equal(openState(state).finalizations.size, limits.unfinalBlocksMax + 1)
  })

  it('works no more than in proportion to how far it is behind', () => {
    let state = boot()
    const spent: number[] = []
    for (const [index, block] of makeChain(600, 1).entries()) {
      const before = process.cpuUsage()
      const nowMs = (originMs + index * 2000) as UnixMs
      const view = (index + 1) as View
      state = step(state, { kind: 'proposal', message: propose(block, view), nowMs }).state
      state = step(state, { kind: 'certificate', message: certify(block, view), nowMs }).state
      const { user, system } = process.cpuUsage(before)
      spent.push(user + system)
    }
    // The least: whatever else a machine does only adds to it.
    const least = (from: number, to: number) => Math.min(...spent.slice(from, to))
    const ratio = least(550, 600) / least(150, 200)
    // Three times as far and more: up to four measured in proportion, ten where each block went down the chain.
    ok(ratio < 6.5, `${ratio.toFixed(1)} times the work`)
  })
})
