import type { Digest, Epoch, MemberIndex, MonitorId, TargetId, View } from './brands.ts'
import { toText } from './bytes.ts'
import { getCommitteeHash, getNetworkId, getParametersHash } from './domains.ts'
import type { Committee, Manifest, Parameters } from './schema.ts'

/** What holds for one epoch, worked out once: who signs with what weight, and what is watched. */
export interface EpochContext {
  readonly networkId: Digest
  readonly epoch: Epoch
  readonly committee: Committee
  readonly parameters: Parameters
  readonly committeeHash: Digest
  readonly parametersHash: Digest
  /** W of SPEC 1. */
  readonly weightTotal: number
  /** Q of SPEC 1: the weight that decides. */
  readonly quorum: number
  /** f of SPEC 1: the weight that may be faulty. */
  readonly faulty: number
  /** Ids by member index. */
  readonly memberIds: readonly MonitorId[]
  /** Ids by target index. */
  readonly targetIds: readonly TargetId[]
  readonly memberIndexes: ReadonlyMap<MonitorId, MemberIndex>
}

/**
 * @param committee one that satisfies SPEC 4.4
 * @param parameters ones that satisfy SPEC 4.4
 */
export function makeEpochContext(
  networkId: Digest,
  epoch: Epoch,
  committee: Committee,
  parameters: Parameters,
): EpochContext {
  const memberIds = committee.members.map((member) => toText(member.id) as MonitorId)
  const weightTotal = committee.members.reduce((sum, member) => sum + member.weight, 0)
  return {
    networkId,
    epoch,
    committee,
    parameters,
    committeeHash: getCommitteeHash(committee),
    parametersHash: getParametersHash(parameters),
    weightTotal,
    quorum: getQuorum(weightTotal),
    faulty: getFaulty(weightTotal),
    memberIds,
    targetIds: parameters.targets.map((target) => toText(target.id) as TargetId),
    memberIndexes: new Map(memberIds.map((id, index) => [id, index as MemberIndex])),
  }
}

/** The context of epoch 0, which the manifest gives (SPEC 6.1). */
export function makeGenesisContext(manifest: Manifest): EpochContext {
  const networkId = getNetworkId(manifest)
  return makeEpochContext(networkId, 0 as Epoch, manifest.committee, manifest.parameters)
}

/**
 * `floor(2W/3) + 1`, without leaving safe integers on the way (SPEC 1).
 *
 * @param weightTotal W, a safe integer
 */
export function getQuorum(weightTotal: number): number {
  // floor(2W/3) = W − ceil(W/3), and ceil(W/3) = floor(W/3) + (1 unless 3 divides W).
  const remainder = weightTotal % 3
  const third = Math.floor((weightTotal - remainder) / 3) + (remainder === 0 ? 0 : 1)
  return weightTotal - third + 1
}

/** `f = W − Q`: the weight that may be faulty (SPEC 1). */
export function getFaulty(weightTotal: number): number {
  return weightTotal - getQuorum(weightTotal)
}

/**
 * The sum of weights of `members`, each counted as often as it is given.
 *
 * @throws RangeError for an index that no member has: check it first
 */
export function getWeight(context: EpochContext, members: Iterable<MemberIndex>): number {
  let weight = 0
  for (const index of members) {
    const member = context.committee.members[index]
    if (member === undefined) throw new RangeError(`no member has index ${index}`)
    weight += member.weight
  }
  return weight
}

/** @returns the place of a member in its committee, by which messages name it; undefined for a stranger */
export function getMemberIndex(context: EpochContext, id: MonitorId): MemberIndex | undefined {
  return context.memberIndexes.get(id)
}

/** The member that may propose in `view`: index `v mod n` (SPEC 6.2). */
export function getLeader(context: EpochContext, view: View): MemberIndex {
  return (view % context.committee.members.length) as MemberIndex
}
