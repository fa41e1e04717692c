import {
  type Attestation,
  attestationClaimType,
  committeeType,
  encode,
  type EpochContext,
  type Evidence,
  evidenceType,
  getAttestationClaim,
  getStateRoot,
  parametersType,
  type Round,
  sha256,
  type SignedAttestation,
  signedAttestationType,
  type State,
  stateType,
  toHex,
} from '@watchfire/attestation'
import { type BlockPlace, computeState, getGenesisState } from '@watchfire/consensus'
import { found } from '../sim/world/founding.ts'
import { Health } from '../sim/world/health.ts'
import { makeScheme } from '../sim/world/signature-scheme.ts'
import {
  getPlace,
  makeScriptedContext,
  type ScriptedChain,
  scriptedChains,
  toMember,
  toObservations,
} from './aggregation-chains.ts'
import {
  describeGroup,
  type GroupChain,
  groupChains,
  makeGroupContext,
  observeGroup,
  toWanted,
} from './group-chains.ts'
import { hexOf, type VectorFile, type VectorValue } from './vector-values.ts'

/** Seeds of the drawn chains: targets with groups, several shards, absences, and a hand-over. */
const DRAWN_SEEDS = [1, 2, 3, 4]
const DRAWN_ROUNDS = 8
/** The block of a drawn chain that carries evidence, and the last of its first epoch. */
const EVIDENCE_HEIGHT = 3
const LAST_HEIGHT = 5

/** Chains of blocks and the states after them (SPEC 7). Signatures do not matter here and are zero. */
export const aggregationVectors: VectorFile = {
  name: 'aggregation',
  make: () => [
    ...scriptedChains.map(makeScripted),
    ...groupChains.map(makeGroups),
    ...DRAWN_SEEDS.map(makeDrawn),
  ],
}

/** One block's inputs. */
interface BlockInputs {
  readonly context: EpochContext
  readonly place: BlockPlace
  readonly evidence: readonly Evidence[]
  readonly attestations: readonly SignedAttestation[]
}

function makeScripted(chain: ScriptedChain): VectorValue {
  const context = makeScriptedContext(chain)
  const steps = chain.steps.map(({ said, offenders = [] }, index): BlockInputs => {
    const place = getPlace(chain.steps, index)
    const attestations = said.map((each, member) =>
      sign({
        epoch: context.epoch,
        round: place.round,
        shard: 0,
        member: toMember(member),
        observations: toObservations(each),
      }),
    )
    const evidence = offenders.map((member) => makeEvidence(context, place.round, member))
    return { context, place, evidence, attestations }
  })
  const blocks = follow(getGenesisState(context), steps)
  for (const [index, { state }] of blocks.entries()) {
    const wanted = chain.steps[index]?.gives.join()
    const target = state.targets[0]
    const given = `${target?.verdict},${target?.reasonKind},${target?.reasonCode}`
    if (wanted !== given) {
      throw new Error(`${chain.name}, block ${index + 1}: ${given}, not ${wanted}`)
    }
  }
  return describeChain(chain.name, [context], blocks)
}

function makeGroups(chain: GroupChain): VectorValue {
  const context = makeGroupContext(chain)
  const steps = chain.steps.map((step, index): BlockInputs => {
    const place = getPlace(chain.steps, index)
    const observations = observeGroup(step)
    const { epoch } = context
    const attestations = context.committee.members.map((_, member) =>
      sign({ epoch, round: place.round, shard: 0, member: toMember(member), observations }),
    )
    return { context, place, evidence: [], attestations }
  })
  const blocks = follow(getGenesisState(context), steps)
  for (const [index, { state }] of blocks.entries()) {
    const wanted = toWanted(chain.steps[index]?.gives ?? {})
    const given = describeGroup(context, state) as unknown as Record<string, unknown>
    for (const [what, value] of Object.entries(wanted)) {
      const came = JSON.stringify(given[what])
      if (came !== JSON.stringify(value))
        throw new Error(
          `${chain.name}, block ${index + 1}, ${what}: ${came}, not ${JSON.stringify(value)}`,
        )
    }
  }
  return describeChain(chain.name, [context], blocks)
}

function makeDrawn(seed: number): VectorValue {
  const plan = {
    seed,
    weights: [3, 1, 2, 2, 1],
    targets: 3,
    shards: seed % 2 === 0 ? 2 : 1,
    handover: { lastHeight: LAST_HEIGHT, weights: [1, 1, 1, 2] },
  }
  const { epochs } = found(plan, makeScheme('cheap'))
  const health = new Health(seed)
  const steps = Array.from({ length: DRAWN_ROUNDS }, (_, index): BlockInputs => {
    const height = index + 1
    const context = epochs[height > LAST_HEIGHT ? 1 : 0]
    if (context === undefined) throw new Error('a drawn chain has two epochs')
    const round = (height + (height > 6 ? 7 : 0)) as Round
    const parentRound = (height - 1 + (height > 7 ? 7 : 0)) as Round
    const place = { height, round, parentRound } as BlockPlace
    // A block may leave out a member, and leaves out the excluded.
    const left = height % context.committee.members.length
    const attestations = context.committee.members.flatMap((_member, member) =>
      member === left
        ? []
        : Array.from({ length: context.parameters.shards }, (_shard, shard) =>
            sign({
              epoch: context.epoch,
              round,
              shard,
              member: toMember(member),
              observations: health.observe(context, shard, round, member, 0),
            }),
          ),
    )
    const evidence = height === EVIDENCE_HEIGHT ? [makeEvidence(context, round, 1)] : []
    return { context, place, evidence, attestations }
  })
  const [first] = epochs
  if (first === undefined) throw new Error('a drawn chain has two epochs')
  return describeChain(`drawn from seed ${seed}`, epochs, follow(getGenesisState(first), steps))
}

function follow(
  genesis: State,
  steps: readonly BlockInputs[],
): (BlockInputs & { readonly state: State })[] {
  let state = genesis
  return steps.map((inputs) => {
    const { context, place, evidence, attestations } = inputs
    state = computeState(state, context, place, evidence, attestations)
    return { ...inputs, state }
  })
}

function describeChain(
  name: string,
  epochs: readonly EpochContext[],
  blocks: readonly (BlockInputs & { readonly state: State })[],
): VectorValue {
  return {
    name,
    epochs: epochs.map(({ committee, parameters }) => ({
      committee: hexOf(committeeType, committee),
      parameters: hexOf(parametersType, parameters),
    })),
    blocks: blocks.map(({ context, place, evidence, attestations, state }) => ({
      epoch: context.epoch,
      height: place.height,
      round: place.round,
      parentRound: place.parentRound,
      evidence: evidence.map((each) => hexOf(evidenceType, each)),
      attestations: attestations.map((each) => hexOf(signedAttestationType, each)),
      state: hexOf(stateType, state),
      root: toHex(getStateRoot(state)),
    })),
  }
}

function sign(message: Attestation): SignedAttestation {
  return { message, signature: new Uint8Array(64) }
}

/** Two claims of one member for one place, the lesser digest not minded: they are not verified here. */
function makeEvidence(context: EpochContext, round: Round, member: number): Evidence {
  const attestation = {
    epoch: context.epoch,
    round,
    shard: 0,
    member: toMember(member),
    observations: [],
  }
  const claim = getAttestationClaim(attestation)
  const other = { ...claim, observations: sha256(encode(attestationClaimType, claim)) }
  const [first, second] = [claim, other].map((message) => {
    return { message, signature: new Uint8Array(64) }
  })
  if (first === undefined || second === undefined) throw new Error('evidence is a pair')
  return { selector: 0, value: { first, second } }
}
