import {
  aggregates,
  type Committee,
  type Digest,
  type Epoch,
  type EpochContext,
  fromText,
  getCommitteeHash,
  getParametersHash,
  type Height,
  makeEpochContext,
  type Parameters,
  type Round,
  sha256,
  type Target,
  thresholdOps,
  toBits,
  verdicts,
} from '@watchfire/attestation'
import { Prng } from './prng.ts'
import type { SignatureScheme, SimKey } from './signature-scheme.ts'

/** Virtual time of the first round's start. */
export const ORIGIN_MS = 1_700_000_000_000

export interface FoundingPlan {
  readonly seed: number
  /** Weights by member, of epoch 0. */
  readonly weights: readonly number[]
  readonly targets: number
  readonly shards: number
  /** Epoch 1 begins after this height, with these weights; members keep their index. */
  readonly handover?: { readonly lastHeight: number; readonly weights: readonly number[] }
}

/** A network before it starts: who is in it, with what keys, and what is watched. */
export interface Founding {
  readonly networkId: Digest
  readonly epochs: readonly EpochContext[]
  /** By member index. A member of a later epoch only has a key too. */
  readonly keys: readonly SimKey[]
}

const REGIONS = ['eu', 'us', 'asia', '']

export function found(plan: FoundingPlan, scheme: SignatureScheme): Founding {
  const prng = new Prng(plan.seed, 'founding')
  const { handover } = plan
  const memberCount = Math.max(plan.weights.length, handover?.weights.length ?? 0)
  const keys = Array.from({ length: memberCount }, (_, index) =>
    scheme.makeKey(`${plan.seed}/member ${index}`),
  )
  const labels = keys.map(() => ({
    region: prng.pick(REGIONS),
    network: `as${prng.between(1, 3)}`,
    operator: prng.pick(['alice', 'bob', '']),
  }))
  const makeCommittee = (weights: readonly number[]): Committee => ({
    members: weights.map((weight, index) => {
      const [key, label] = [keys[index], labels[index]]
      if (key === undefined || label === undefined) throw new Error('a member without a key')
      return {
        id: fromText(`m${index}`),
        publicKey: key.publicKey,
        weight,
        region: fromText(label.region),
        network: fromText(label.network),
        operator: fromText(label.operator),
      }
    }),
  })
  const targets = Array.from({ length: plan.targets }, (_, index) =>
    makeTarget(index, plan.shards, prng),
  )
  const last = makeParameters(plan.shards, targets)
  const networkId = sha256(fromText(`network of seed ${plan.seed}`)) as Digest
  const committee = makeCommittee(plan.weights)
  if (handover === undefined) {
    return { networkId, epochs: [makeEpochContext(networkId, 0 as Epoch, committee, last)], keys }
  }
  const nextCommittee = makeCommittee(handover.weights)
  // A target leaves and another comes with the hand-over, so that states migrate (SPEC 7.1).
  const nextTargets = [...targets.slice(1), makeTarget(plan.targets, plan.shards, prng)]
  const next = makeParameters(plan.shards, nextTargets)
  const first: Parameters = {
    ...last,
    handover: [
      {
        lastHeight: handover.lastHeight as Height,
        committee: getCommitteeHash(nextCommittee),
        parameters: getParametersHash(next),
      },
    ],
  }
  return {
    networkId,
    epochs: [
      makeEpochContext(networkId, 0 as Epoch, committee, first),
      makeEpochContext(networkId, 1 as Epoch, nextCommittee, next),
    ],
    keys,
  }
}

function makeParameters(shards: number, targets: readonly Target[]): Parameters {
  return {
    originRound: 0 as Round,
    originMs: ORIGIN_MS,
    roundMs: 1000,
    attestByMs: 400,
    proposeAtMs: 500,
    viewTimeoutMs: 250,
    viewTimeoutMsMax: 2000,
    roundsBehindMax: 8,
    gapMax: 5,
    shards,
    targets: [...targets],
    handover: [],
  }
}

function makeTarget(index: number, shards: number, prng: Prng): Target {
  const group = prng.pick(['', 'chain'])
  return {
    // Two digits keep the order of ids that of indexes.
    id: fromText(`t${String(index).padStart(2, '0')}`),
    kind: fromText('simulated'),
    group: fromText(group),
    provider: fromText(''),
    shard: index % shards,
    timeoutMs: 300,
    params: fromText('{}'),
    signals: [
      {
        name: fromText('height'),
        unit: fromText('blocks'),
        scale: 0,
        aggregate: aggregates.corroborated,
      },
      { name: fromText('latency'), unit: fromText('us'), scale: 0, aggregate: aggregates.median },
    ],
    identities: [{ name: fromText('block-hash') }],
    policy: {
      reachedMin: prng.pick([501, 667, 1000]),
      failedMin: prng.pick([501, 667, 1000]),
      fallRounds: prng.between(1, 3),
      riseRounds: prng.between(1, 3),
      regionsMin: prng.pick([0, 0, 2]),
      networksMin: prng.pick([0, 0, 2]),
      operatorsMin: 0,
      astray: prng.pick([verdicts.degraded, verdicts.degraded, verdicts.down, 0]),
      thresholds: [
        {
          signal: 1,
          op: thresholdOps.above,
          value: toBits(400_000n),
          clear: toBits(200_000n),
          severity: verdicts.degraded,
        },
        ...(group === ''
          ? []
          : [
              {
                signal: 0,
                op: thresholdOps.lag,
                value: toBits(3n),
                clear: toBits(1n),
                severity: prng.pick([verdicts.degraded, verdicts.down]),
              },
            ]),
        {
          signal: 0,
          op: thresholdOps.below,
          value: toBits(-5n),
          clear: toBits(-5n),
          severity: verdicts.down,
        },
      ],
    },
  }
}
