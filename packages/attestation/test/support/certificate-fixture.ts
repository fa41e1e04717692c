import {
  type Certificate,
  type Digest,
  type EpochContext,
  fromText,
  getBodyHash,
  getHeaderDigest,
  getStateRoot,
  getVoteDigest,
  type HandoverProof,
  type Header,
  type Height,
  limits,
  listGroupIds,
  type MemberIndex,
  type MemberSignature,
  makeCertificateFile,
  type Round,
  type State,
  sha256,
  signDigest,
  type TargetState,
  toBits,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { getMembers, getSecret } from './network-fixture.ts'

/** Where blocks of a test stand; the parent is one lower, one round earlier. */
export interface Place {
  readonly height: Height
  readonly round: Round
}

export const PLACE: Place = { height: 7 as Height, round: 9 as Round }

/** A state of the context's epoch at `place`, in which every target is up but the first. */
export function makeState(context: EpochContext, place: Place = PLACE): State {
  return {
    meta: {
      epoch: context.epoch,
      height: place.height,
      round: place.round,
      excluded: [],
      handover: context.parameters.handover,
    },
    targets: context.parameters.targets.map(({ id }, index) => makeTargetState(id, index)),
    groups: listGroups(context),
  }
}

/** Groups of the parameters, of which nothing is known; no more than a state has room for. */
function listGroups({ parameters }: EpochContext): State['groups'] {
  const since = 0 as Round
  const nothing = { standing: 0, since, heads: [], paces: [], forks: [], signals: [] }
  return listGroupIds(parameters)
    .slice(0, limits.groupsMax)
    .map((id) => ({ ...nothing, id: fromText(id) }))
}

export function makeTargetState(id: Uint8Array, index: number): TargetState {
  const isUp = index > 0
  return {
    id,
    verdict: isUp ? 1 : 4,
    settled: isUp ? 1 : 4,
    since: 3 as Round,
    streak: 0,
    streakCount: 0,
    crossed: 0,
    astray: 0,
    reasonKind: isUp ? 0 : 1,
    reasonCode: isUp ? 0 : 1,
    reached: isUp ? 4 : 0,
    failed: isUp ? 0 : 4,
    abstained: 0,
    absent: 0,
    outcome: isUp ? 0 : 1,
    referenceKind: 0,
    reference: 0,
    signals: isUp ? [{ index: 0, weight: 4, value: toBits(1200n + BigInt(index)) }] : [],
    identities: [],
    vantages: [{ region: fromText(''), reached: isUp ? 4 : 0, failed: isUp ? 0 : 4, abstained: 0 }],
    blocks: [],
  }
}

export function makeHeader(
  context: EpochContext,
  state: State,
  changes: Partial<Header> = {},
): Header {
  const { epoch, height, round } = state.meta
  return {
    epoch,
    height,
    round,
    parentRound: (round - 1) as Round,
    parent: sha256(fromText(`parent of height ${height}`)) as Digest,
    committee: context.committeeHash,
    parameters: context.parametersHash,
    body: getBodyHash({ attestations: [], evidence: [] }),
    stateRoot: getStateRoot(state),
    next: [],
    ...changes,
  }
}

/** A child of `parent`, of the next round, with no state to show. */
export function makeChild(
  context: EpochContext,
  parent: Header,
  changes: Partial<Header> = {},
): Header {
  return {
    ...parent,
    height: (parent.height + 1) as Height,
    round: (parent.round + 1) as Round,
    parentRound: parent.round,
    parent: getHeaderDigest(context.networkId, parent),
    stateRoot: sha256(fromText(`state of height ${parent.height + 1}`)) as Digest,
    ...changes,
  }
}

/** The finalize votes of `members` for `header` in `view`, without their places. */
export function signFinalize(
  context: EpochContext,
  view: View,
  header: Digest,
  members: readonly MemberIndex[] = getMembers(context),
): MemberSignature[] {
  return members.map((member) => {
    const vote = { epoch: context.epoch, view, kind: voteKinds.finalize, member, header }
    const digest = getVoteDigest(context.networkId, vote)
    return { member, signature: signDigest(digest, getSecret(context, member)) }
  })
}

export const VIEW = 11 as View

/** A certificate of `header`, by way of `descendants` if there are any, that verifies. */
export function makeCertificate(
  context: EpochContext,
  header: Header,
  descendants: Header[] = [],
  members: readonly MemberIndex[] = getMembers(context),
): Certificate {
  const last = getHeaderDigest(context.networkId, descendants.at(-1) ?? header)
  const signatures = signFinalize(context, VIEW, last, members)
  return { view: VIEW, header, descendants, signatures }
}

/** The bytes of a certificate file of epoch 0 that verifies against the context's manifest. */
export function makeFile(context: EpochContext, changes: Partial<Header> = {}): Uint8Array {
  const state = makeState(context)
  const certificate = makeCertificate(context, makeHeader(context, state, changes))
  return makeCertificateFile(context.networkId, certificate, state, [])
}

/** The proof that the last block of `context`'s epoch installs `next`. */
export function makeHandover(context: EpochContext, next: EpochContext): HandoverProof {
  const state = makeState(context, { height: 5 as Height, round: 6 as Round })
  const header = makeHeader(context, state, {
    next: [{ committee: next.committeeHash, parameters: next.parametersHash }],
  })
  return {
    certificate: makeCertificate(context, header),
    committee: next.committee,
    parameters: next.parameters,
  }
}
