import assert from 'node:assert/strict'
import {
  type Committee,
  committeeType,
  type Digest,
  type Epoch,
  type EpochContext,
  type Evidence,
  encode,
  evidenceType,
  fromText,
  type Header,
  type MemberIndex,
  makeEpochContext,
  type Observation,
  type Parameters,
  parametersType,
  type SignedAttestation,
  type State,
  signedAttestationType,
  stateType,
  type Target,
  type Threshold,
  toBits,
  toHex,
  toSigned,
} from '@watchfire/attestation'
import { type BlockPlace, computeState, getGenesisState } from '@watchfire/consensus'
import type { Draws } from './draws.ts'

/** A chain as `aggregation.json` has them, without states, and the states that our code computes. */
export interface DrawnChain {
  readonly chain: unknown
  readonly states: readonly string[]
}

const BLOCKS = 8
const IDENTITIES = [
  ['block-hash'],
  ['block-hash', 'finalized-root'],
  ['client', 'block-hash'],
  ['client'],
]
const PER_MILLE = [501, 600, 667, 750, 1000]
const NETWORK = new Uint8Array(32) as Digest
const SIGNATURE = new Uint8Array(64)

/**
 * Blocks drawn so that ties and boundaries come often: few members of small weights, few values.
 * Half-way an epoch with another committee and other targets begins.
 */
export function drawChain(draws: Draws): DrawnChain {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const epochs = [0, 1].map((epoch) =>
    makeEpochContext(
      NETWORK,
      epoch as Epoch,
      drawCommittee(draws),
      drawParameters(draws, epoch === 0 ? ids.slice(0, 3) : ids.slice(draws.below(3), 5)),
    ),
  )
  const [first, second] = epochs
  assert.ok(first !== undefined && second !== undefined)
  let state: State = getGenesisState(first)
  let parentRound = state.meta.round
  const states: string[] = []
  const blocks: unknown[] = []
  for (let height = 1; height <= BLOCKS; height++) {
    const context = height > BLOCKS / 2 ? second : first
    const round = (parentRound + draws.pick([1, 1, 1, 2, 3, 4, 9])) as Header['round']
    const place = { height, round, parentRound } as BlockPlace
    parentRound = round
    const prior = state.meta.epoch === context.epoch ? state.meta.excluded : []
    const evidence = drawEvidence(draws, context, new Set(prior.map(({ member }) => member)))
    const attestations = drawAttestations(draws, context, round)
    state = computeState(state, context, place, evidence, attestations)
    states.push(toHex(encode(stateType, state)))
    blocks.push({
      epoch: context.epoch,
      ...place,
      evidence: evidence.map((each) => toHex(encode(evidenceType, each))),
      attestations: attestations.map((each) => toHex(encode(signedAttestationType, each))),
    })
  }
  const described = epochs.map(({ committee, parameters }) => ({
    committee: toHex(encode(committeeType, committee)),
    parameters: toHex(encode(parametersType, parameters)),
  }))
  return { chain: { epochs: described, blocks }, states }
}

function drawCommittee(draws: Draws): Committee {
  const label = () => fromText(draws.pick(['', 'x', 'y']))
  return {
    members: Array.from({ length: 3 + draws.below(5) }, (_, index) => ({
      id: fromText(`m${index}`),
      publicKey: new Uint8Array(32).fill(index),
      weight: draws.pick([1, 1, 1, 2, 3]),
      region: label(),
      network: label(),
      operator: label(),
    })),
  }
}

function drawParameters(draws: Draws, ids: readonly string[]): Parameters {
  const shards = 1 + draws.below(2)
  return {
    originRound: 10 as Parameters['originRound'],
    originMs: 0,
    roundMs: 1000,
    attestByMs: 400,
    proposeAtMs: 500,
    viewTimeoutMs: 250,
    viewTimeoutMsMax: 4000,
    roundsBehindMax: 8,
    gapMax: draws.pick([2, 2, 9]),
    shards,
    targets: ids.map((id) => drawTarget(draws, id, shards)),
    handover: [],
  }
}

function drawTarget(draws: Draws, id: string, shards: number): Target {
  const names = draws.pick([['height'], ['height', 'rate'], ['rate', 'height']])
  const signals = names.map((name) => ({
    name: fromText(name),
    unit: fromText(draws.pick(['', 'u'])),
    scale: draws.pick([0, 0, 0, 1]),
    aggregate: draws.pick([1, 2, 2]),
  }))
  return {
    id: fromText(id),
    kind: fromText('drawn'),
    group: fromText(draws.pick(['', 'g', 'g', 'h'])),
    provider: fromText(''),
    shard: draws.below(shards),
    timeoutMs: 100,
    params: fromText('{}'),
    signals,
    identities: draws.pick(IDENTITIES).map((name) => ({ name: fromText(name) })),
    policy: {
      reachedMin: draws.pick(PER_MILLE),
      failedMin: draws.pick(PER_MILLE),
      fallRounds: 1 + draws.below(3),
      riseRounds: 1 + draws.below(3),
      regionsMin: draws.pick([0, 0, 1, 2]),
      networksMin: draws.pick([0, 0, 1, 2]),
      operatorsMin: draws.pick([0, 0, 1, 2]),
      astray: draws.pick([0, 2, 2, 4]),
      thresholds: Array.from({ length: draws.below(4) }, () => ({
        signal: draws.below(signals.length),
        ...drawBand(draws),
        severity: draws.pick([2, 4]),
      })),
    },
  }
}

/** A comparison with its bound, half of them with a band as wide as it comes. */
function drawBand(draws: Draws): Pick<Threshold, 'op' | 'value' | 'clear'> {
  const op = 1 + draws.below(3)
  const [value, other] = [drawValue(draws), drawValue(draws)]
  const isBand = op === 2 ? toSigned(other) >= toSigned(value) : toSigned(other) <= toSigned(value)
  return { op, value, clear: isBand ? other : value }
}

/** Small numbers of both signs, and the ends of 64 bits. */
function drawValue(draws: Draws): bigint {
  if (draws.oneIn(16)) return draws.pick([1n << 63n, (1n << 63n) - 1n])
  return toBits(BigInt(draws.below(6) - 2))
}

function drawEvidence(
  draws: Draws,
  { committee, epoch }: EpochContext,
  excluded: ReadonlySet<number>,
): Evidence[] {
  const offender = draws.below(committee.members.length)
  if (!draws.oneIn(4) || excluded.has(offender)) return []
  const member = offender as MemberIndex
  const message = { epoch, round: 1 as Header['round'], shard: 0, member, observations: NETWORK }
  const claim = { message, signature: SIGNATURE }
  return [{ selector: 0, value: { first: claim, second: claim } }]
}

/** At most one a member and shard; those of excluded members too, which must not count. */
function drawAttestations(
  draws: Draws,
  { committee, parameters, epoch }: EpochContext,
  round: Header['round'],
): SignedAttestation[] {
  // Some blocks see the targets alike, so that verdicts last; others have no two alike.
  const mood = draws.below(5)
  // Heads rise with the rounds, or do not.
  const risen = draws.oneIn(2) ? 0 : 3 * round
  return committee.members.flatMap((_, index) =>
    Array.from({ length: parameters.shards }, (_none, shard) => shard).flatMap((shard) => {
      if (draws.oneIn(8)) return []
      const observations = parameters.targets.flatMap((target, at) =>
        target.shard === shard && !draws.oneIn(8)
          ? [drawObservation(draws, target, at, { mood, risen })]
          : [],
      )
      const member = index as MemberIndex
      return [{ message: { epoch, round, shard, member, observations }, signature: SIGNATURE }]
    }),
  )
}

function drawObservation(
  draws: Draws,
  target: Target,
  index: number,
  { mood, risen }: { readonly mood: number; readonly risen: number },
): Observation {
  const status = draws.pick([[1], [2], [1, 1, 1, 2], [1, 2, 2, 2], [1, 2, 3]][mood] ?? [1])
  const at = { target: index as Observation['target'], status }
  const nothing = { referenceKind: 0, reference: 0, signals: [], identities: [] }
  if (status !== 1) return { ...at, code: draws.pick([1, 2]), ...nothing }
  const referenceKind = draws.pick([0, 1, 1, 2])
  return {
    ...at,
    code: 0,
    referenceKind,
    reference: referenceKind === 0 ? 0 : draws.below(3),
    signals: target.signals.flatMap((_, signal) =>
      draws.oneIn(6)
        ? []
        : [{ index: signal, value: BigInt.asUintN(64, drawValue(draws) + BigInt(risen)) }],
    ),
    identities: target.identities.flatMap((_, identity) =>
      draws.oneIn(4) ? [] : [{ index: identity, value: fromText(draws.pick(['', 'p', 'q'])) }],
    ),
  }
}
