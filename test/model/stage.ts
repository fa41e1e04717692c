import {
  type AttestationRef,
  type Block,
  type EpochContext,
  getAttestationDigest,
  getBodyHash,
  getHeaderDigest,
  getRoundStartMs,
  getStateRoot,
  type Digest,
  type Header,
  type Height,
  type MemberIndex,
  type Round,
  type SignedAttestation,
  type State,
  type UnixMs,
  type Verified,
} from '@watchfire/attestation'
import { computeState, getGenesisHeader, getGenesisState } from '@watchfire/consensus'
import { signAttestation } from '../../packages/consensus/test/driver.ts'
import { makeContext, makeObservation } from '../../packages/consensus/test/fixtures.ts'

// What the model's traces are played with: a committee and blocks as the model has them.

/**
 * Three honest members, and the Byzantine one as three indices, so that it leads views 1 to 3: what
 * the model lets anybody propose comes from there. Weights are as in the model times three: W is 12,
 * Q is 9, two honest members and the Byzantine ones make a quorum, and so do the three honest ones.
 */
export const HONEST: readonly MemberIndex[] = [0, 4, 5] as MemberIndex[]
export const BYZANTINE: readonly MemberIndex[] = [1, 2, 3] as MemberIndex[]

export const context: EpochContext = makeContext(
  [3, 1, 1, 1, 3, 3].map((weight) => ({ weight })),
  { roundMs: 86_400_000, viewTimeoutMs: 50, viewTimeoutMsMax: 800, roundsBehindMax: 1024 },
)

/** Later than any block's round, and past the time at which that round is proposed. */
const ROUND_NOW = 60 as Round
export const startMs = (getRoundStartMs(context.parameters, ROUND_NOW) + 10_000_000) as UnixMs
/** Longer than any view's timer. */
export const TIMEOUT_MS = 1000

export interface StagedBlock {
  readonly block: Block
  readonly digest: Digest
  readonly state: State
  readonly attestations: readonly {
    readonly message: Verified<SignedAttestation>
    readonly digest: Digest
  }[]
}

const staged = new Map<string, StagedBlock>()

/** The model's block of this number: the children of b are b*k+1 to b*k+k, 0 is the genesis block. */
export function getBlock(id: number, k: number): StagedBlock {
  const key = `${k}:${id}`
  const known = staged.get(key)
  if (known !== undefined) return known
  const made = id === 0 ? makeGenesis() : makeChild(id, k)
  staged.set(key, made)
  return made
}

export function getParent(id: number, k: number): number {
  return Math.floor((id - 1) / k)
}

function makeGenesis(): StagedBlock {
  const block = { header: getGenesisHeader(context), body: { attestations: [], evidence: [] } }
  const digest = getHeaderDigest(context.networkId, block.header)
  return { block, digest, state: getGenesisState(context), attestations: [] }
}

/** Siblings differ in their rounds. */
function makeChild(id: number, k: number): StagedBlock {
  const parent = getBlock(getParent(id, k), k)
  const { header: above } = parent.block
  const height = (above.height + 1) as Height
  const round = (height * 10 + ((id - 1) % k)) as Round
  const attestations = context.committee.members.map((_, member) => {
    const message = signAttestation(context, {
      epoch: context.epoch,
      round,
      shard: 0,
      member: member as MemberIndex,
      observations: [makeObservation({})],
    })
    return { message, digest: getAttestationDigest(context.networkId, message.message) }
  })
  const place = { height, round, parentRound: above.round }
  const messages = attestations.map(({ message }) => message)
  const state = computeState(parent.state, context, place, [], messages)
  const body = {
    attestations: attestations.map(
      ({ digest }, member): AttestationRef => ({ shard: 0, member: member as MemberIndex, digest }),
    ),
    evidence: [],
  }
  const header: Header = {
    epoch: context.epoch,
    ...place,
    parent: parent.digest,
    committee: context.committeeHash,
    parameters: context.parametersHash,
    body: getBodyHash(body),
    stateRoot: getStateRoot(state),
    next: [],
  }
  const block = { header, body }
  return { block, digest: getHeaderDigest(context.networkId, header), state, attestations }
}
