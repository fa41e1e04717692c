import {
  type Body,
  type Digest,
  type EpochContext,
  fromText,
  type GroupState,
  getBodyHash,
  getStateRoot,
  type Header,
  type Height,
  listGroupIds,
  type Round,
  type State,
  type Target,
  type TargetState,
  toText,
} from '@watchfire/attestation'

/** The body of the genesis header (SPEC 6.1). */
export const emptyBody: Body = { attestations: [], evidence: [] }

/**
 * The state before the first block of a network (SPEC 7.1).
 *
 * @param context that of epoch 0
 */
export function getGenesisState(context: EpochContext): State {
  const { epoch, parameters } = context
  return {
    meta: {
      epoch,
      height: 0 as Height,
      round: parameters.originRound,
      excluded: [],
      handover: parameters.handover,
    },
    targets: parameters.targets.map(makeTargetState),
    groups: listGroupIds(parameters).map(makeGroupState),
  }
}

/**
 * The header that every network begins with; final by definition (SPEC 6.1).
 *
 * @param context that of epoch 0
 */
export function getGenesisHeader(context: EpochContext): Header {
  const { originRound } = context.parameters
  return {
    epoch: context.epoch,
    height: 0 as Height,
    round: originRound,
    parentRound: originRound,
    parent: new Uint8Array(32) as Digest,
    committee: context.committeeHash,
    parameters: context.parametersHash,
    body: getBodyHash(emptyBody),
    stateRoot: getStateRoot(getGenesisState(context)),
    next: [],
  }
}

/**
 * A parent's state as the block that follows it reads it: itself within an epoch; at the first
 * block of a later epoch, carried over to that epoch's members and targets (SPEC 7.1).
 *
 * @param context that of the block that follows
 */
export function migrateState(state: State, context: EpochContext): State {
  if (state.meta.epoch === context.epoch) return state
  const old = new Map(state.targets.map((target) => [toText(target.id), target]))
  return {
    meta: {
      ...state.meta,
      epoch: context.epoch,
      excluded: [],
      handover: context.parameters.handover,
    },
    targets: context.parameters.targets.map((target) => {
      const fresh = makeTargetState(target)
      const kept = old.get(toText(target.id))
      if (kept === undefined) return fresh
      const { verdict, settled, since, streak, streakCount } = kept
      return { ...fresh, verdict, settled, since, streak, streakCount }
    }),
    groups: listGroupIds(context.parameters).map(makeGroupState),
  }
}

function makeTargetState({ id }: Target): TargetState {
  return {
    id,
    verdict: 0,
    settled: 0,
    since: 0 as Round,
    streak: 0,
    streakCount: 0,
    crossed: 0,
    astray: 0,
    reasonKind: 0,
    reasonCode: 0,
    reached: 0,
    failed: 0,
    abstained: 0,
    absent: 0,
    outcome: 0,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
    vantages: [],
    blocks: [],
  }
}

function makeGroupState(id: string): GroupState {
  return {
    id: fromText(id),
    standing: 0,
    since: 0 as Round,
    heads: [],
    paces: [],
    forks: [],
    signals: [],
  }
}
