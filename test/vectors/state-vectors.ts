import {
  type EpochContext,
  fromText,
  getStateRoot,
  type Height,
  groupStateType,
  makeGroupProof,
  makeProof,
  type Round,
  type State,
  stateType,
  type TargetIndex,
  type TargetState,
  targetStateType,
  toBits,
  toHex,
  toText,
} from '@watchfire/attestation'
import {
  makeState,
  makeTargetState,
} from '../../packages/attestation/test/support/certificate-fixture.ts'
import { getContext } from './networks.ts'
import { hexOf, type VectorFile, type VectorValue } from './vector-values.ts'

/** A state in which every field holds something. */
export function makeFullState(context: EpochContext): State {
  const { targets } = context.parameters
  return {
    meta: {
      epoch: context.epoch,
      height: 41 as Height,
      round: 1_000_050 as Round,
      excluded: [{ member: 1, round: 1_000_049 }] as State['meta']['excluded'],
      handover: context.parameters.handover,
    },
    targets: targets.map(({ id }, index) => makeFullTarget(id, index)),
    groups: [
      {
        id: fromText('chain-1'),
        standing: 3,
        since: 1_000_044 as Round,
        heads: [
          { name: fromText('head'), weight: 8, value: toBits(21_000_000n), behindMs: 12_000 },
        ],
        paces: [
          {
            name: fromText('head'),
            older: { round: 1_000_000 as Round, value: toBits(-1n) },
            newer: { round: 1_000_020 as Round, value: toBits(20_999_990n) },
            last: { round: 1_000_049 as Round, value: toBits(21_000_000n) },
            intervalUs: 12_000_000,
          },
        ],
        forks: [
          {
            identity: fromText('block-hash'),
            height: 20_999_990,
            majority: [new Uint8Array(32).fill(0xa5)],
          },
        ],
        signals: [{ target: 0 as TargetIndex, signal: 0, targets: 2, value: toBits(-1n) }],
      },
    ],
  }
}

function makeFullTarget(id: Uint8Array, index: number): TargetState {
  return {
    ...makeTargetState(id, index),
    verdict: 2,
    settled: 2,
    since: 1_000_042 as Round,
    streak: 1,
    streakCount: 1,
    reasonKind: 2,
    reasonCode: 0,
    reached: 7,
    failed: 1,
    abstained: 1,
    absent: 1,
    outcome: 2,
    referenceKind: 1,
    reference: 21_000_000 - index,
    signals: [
      { index: 0, weight: 7, value: toBits(-1n) },
      { index: 1, weight: 7, value: toBits(20_999_990n) },
    ],
    identities: [{ index: 0, weight: 7, value: new Uint8Array(32).fill(0xa5) }],
    vantages: ['', 'eu', 'us'].map((region, i) => ({
      region: fromText(region),
      reached: 3 - i,
      failed: i,
      abstained: 0,
    })),
    astray: 1,
    blocks: [20_999_999, 20_999_998].map((height) => ({
      height,
      identities: [{ index: 0, value: new Uint8Array(32).fill(0x5a) }],
    })),
  }
}

/** States, their roots, and proofs of single targets under them (SPEC 7.9, 7.10). */
export const stateVectors: VectorFile = {
  name: 'states',
  make: () => {
    const main = getContext('main')
    const full = getContext('full')
    const empty: State = { ...makeState(main), targets: [], groups: [] }
    return {
      states: [
        { name: 'no targets', ssz: hexOf(stateType, empty), root: toHex(getStateRoot(empty)) },
        describeState('two targets', main, makeState(main)),
        describeState('every field in use', full, makeFullState(full)),
        describeState('genesis-like, nothing settled', main, makeUnsettled(main)),
      ],
      rejectedProofs: listRejected(main),
    }
  },
}

function makeUnsettled(context: EpochContext): State {
  const state = makeState(context)
  const blank = { verdict: 0, settled: 0, since: 0 as Round, reasonKind: 0, reasonCode: 0 }
  const counts = { reached: 0, failed: 0, abstained: 0, absent: 0, outcome: 0 }
  const lists = { signals: [], identities: [], vantages: [] }
  const targets = state.targets.map((each) => ({ ...each, ...blank, ...counts, ...lists }))
  return { ...state, targets }
}

function describeState(name: string, context: EpochContext, state: State): VectorValue {
  return {
    name,
    targetIds: context.targetIds,
    ssz: hexOf(stateType, state),
    root: toHex(getStateRoot(state)),
    proofs: state.targets.map((target, index) => ({
      id: toText(target.id),
      index,
      target: hexOf(targetStateType, target),
      branch: makeProof(state, index as TargetIndex).map(toHex),
    })),
    groupProofs: state.groups.map((group, index) => ({
      id: toText(group.id),
      index,
      group: hexOf(groupStateType, group),
      branch: makeGroupProof(state, index).map(toHex),
    })),
  }
}

function listRejected(context: EpochContext): VectorValue {
  const state = makeState(context)
  const root = getStateRoot(state)
  const [first, second] = state.targets
  if (first === undefined || second === undefined) throw new Error('the network has two targets')
  const branch = makeProof(state, 0 as TargetIndex)
  const cases: [string, TargetState, Uint8Array[]][] = [
    ['another verdict', { ...first, verdict: 1 }, branch],
    ['the branch of another target', second, branch],
    ['the id of another target', { ...first, id: second.id }, branch],
    ['an id that is no target', { ...first, id: fromText('stranger') }, branch],
    ['a hash too few', first, branch.slice(1)],
    ['a hash too many', first, [...branch, new Uint8Array(32)]],
    ['no hashes', first, []],
    ['one bit of a hash flipped', first, branch.with(3, flipFirstBit(branch[3]))],
    ['in another order', first, branch.toReversed()],
  ]
  return cases.map(([name, target, hashes]) => ({
    name,
    targetIds: context.targetIds,
    root: toHex(root),
    target: hexOf(targetStateType, target),
    branch: hashes.map(toHex),
  }))
}

function flipFirstBit(bytes: Uint8Array = new Uint8Array(32)): Uint8Array {
  return bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte))
}
