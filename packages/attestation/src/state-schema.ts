import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz'
import {
  bytes32,
  epoch,
  height,
  id,
  int64Bits,
  memberIndex,
  name,
  round,
  targetIndex,
  uint16,
  uint64,
  uint8,
} from './basic-types.ts'
import { limits } from './limits.ts'
import { handoverType, identityValueType } from './schema.ts'

// The state of SPEC 7, in the types of SPEC chapter 3. A schema and its TypeScript type are one definition.

/** A member whose observations no longer count, and since which round (SPEC 7.2). */
export const exclusionType = new ContainerType({ member: memberIndex, round })
/** Where a state stands; see {@link StateMeta}. */
export const stateMetaType = new ContainerType({
  epoch,
  height,
  round,
  excluded: new ListCompositeType(exclusionType, limits.membersMax),
  handover: new ListCompositeType(handoverType, 1),
})
/** A number that was agreed on (SPEC 7.4). */
export const agreedSignalType = new ContainerType({
  index: uint8,
  weight: uint64,
  value: int64Bits,
})
/** An identity that was agreed on (SPEC 7.5). */
export const agreedIdentityType = new ContainerType({
  index: uint8,
  weight: uint64,
  value: new ByteListType(limits.identityBytesMax),
})
/** What the members of a region saw, by weight (SPEC 7.3). */
export const vantageType = new ContainerType({
  region: id,
  reached: uint64,
  failed: uint64,
  abstained: uint64,
})
/** A height that a target was asked of, with the chain identities agreed there (SPEC 7.6). */
export const knownBlockType = new ContainerType({
  height: uint64,
  identities: new ListCompositeType(identityValueType, limits.chainIdentitiesMax),
})
/** What is agreed of a target; see {@link TargetState}. */
export const targetStateType = new ContainerType({
  id,
  verdict: uint8,
  settled: uint8,
  since: round,
  streak: uint8,
  streakCount: uint16,
  crossed: uint16,
  astray: uint8,
  reasonKind: uint8,
  reasonCode: uint16,
  reached: uint64,
  failed: uint64,
  abstained: uint64,
  absent: uint64,
  outcome: uint16,
  referenceKind: uint8,
  reference: uint64,
  signals: new ListCompositeType(agreedSignalType, limits.signalsMax),
  identities: new ListCompositeType(agreedIdentityType, limits.identitiesMax),
  vantages: new ListCompositeType(vantageType, limits.regionsMax),
  blocks: new ListCompositeType(knownBlockType, limits.knownBlocksMax),
})
/** A head of a group; see {@link GroupHead}. */
export const groupHeadType = new ContainerType({
  name,
  weight: uint64,
  value: int64Bits,
  behindMs: uint64,
})
/** A round in which a head had risen to a value. */
export const markType = new ContainerType({ round, value: int64Bits })
/** What is remembered of a head; see {@link HeadPace}. */
export const headPaceType = new ContainerType({
  name,
  older: markType,
  newer: markType,
  last: markType,
  intervalUs: uint64,
})
/** A height at which targets of a group differ (SPEC 7.6). */
export const groupForkType = new ContainerType({
  identity: name,
  height: uint64,
  majority: new ListCompositeType(new ByteListType(limits.identityBytesMax), 1),
})
/** A signal of a group in the middle; see {@link GroupSignal}. */
export const groupSignalType = new ContainerType({
  target: targetIndex,
  signal: uint8,
  targets: uint16,
  value: int64Bits,
})
/** How a chain is; see {@link GroupState}. */
export const groupStateType = new ContainerType({
  id,
  standing: uint8,
  since: round,
  heads: new ListCompositeType(groupHeadType, limits.signalsMax),
  paces: new ListCompositeType(headPaceType, limits.signalsMax),
  forks: new ListCompositeType(groupForkType, limits.chainIdentitiesMax),
  signals: new ListCompositeType(groupSignalType, limits.groupSignalsMax),
})
/** What the network agrees on after a block (SPEC 7). */
export const stateType = new ContainerType({
  meta: stateMetaType,
  targets: new ListCompositeType(targetStateType, limits.targetsMax),
  groups: new ListCompositeType(groupStateType, limits.groupsMax),
})
/** What the state root is the hash tree root of: leaves are tagged hashes (SPEC 7.9). */
export const stateTreeType = new ContainerType({
  meta: bytes32,
  targets: new ListCompositeType(bytes32, limits.targetsMax),
  groups: new ListCompositeType(bytes32, limits.groupsMax),
})

/** A member that is excluded, and since which round (SPEC 7.2). */
export type Exclusion = ValueOf<typeof exclusionType>
/** Where a state stands, who is excluded, and how its epoch ends. */
export type StateMeta = ValueOf<typeof stateMetaType>
/** A number that was agreed on, and the weight behind it (SPEC 7.4). */
export type AgreedSignal = ValueOf<typeof agreedSignalType>
/** An identity that was agreed on, and the weight behind it (SPEC 7.5). */
export type AgreedIdentity = ValueOf<typeof agreedIdentityType>
/** What the members of a region saw, by weight (SPEC 7.3). */
export type Vantage = ValueOf<typeof vantageType>
/** What was agreed on about a target, its hysteresis included (SPEC 7). */
export type TargetState = ValueOf<typeof targetStateType>
/** A height that a target was asked of, with the chain identities agreed there (SPEC 7.6). */
export type KnownBlock = ValueOf<typeof knownBlockType>
/** A corroborated head of a group, and how far in time it is behind its like (SPEC 7.6, 7.11). */
export type GroupHead = ValueOf<typeof groupHeadType>
/** A round in which a head had risen to a value. */
export type Mark = ValueOf<typeof markType>
/** What is remembered of a head, so that its pace is known from one state (SPEC 7.11). */
export type HeadPace = ValueOf<typeof headPaceType>
/** A height at which targets of a group differ (SPEC 7.6). */
export type GroupFork = ValueOf<typeof groupForkType>
/** A signal of a group’s targets in the middle, named by the first target that defines it (SPEC 7.11). */
export type GroupSignal = ValueOf<typeof groupSignalType>
/** How a chain is: its heads and their pace, forks and signals (SPEC 7.11). */
export type GroupState = ValueOf<typeof groupStateType>
/** What the network agrees on after a block. */
export type State = ValueOf<typeof stateType>
