import { Tree } from '@chainsafe/persistent-merkle-tree'
import type { Digest, TargetIndex } from './brands.ts'
import { areEqual, toText } from './bytes.ts'
import { listGroupIds } from './group-members.ts'
import { sha256 } from './hashing.ts'
import { limits } from './limits.ts'
import type { Parameters } from './schema.ts'
import type { GroupState, State, TargetState } from './state-schema.ts'
import { getGroupLeaf, getTargetLeaf, type StateTree, updateStateTree } from './state-root.ts'

/** Hashes in an inclusion proof: 14 of the list's data, 1 of its length, 2 of the container (SPEC 7.10). */
export const PROOF_LENGTH = 17

/** The same of a group: 12 of the list's data, 1 of its length, 2 of the container. */
export const GROUP_PROOF_LENGTH = 15

/** Where the lists of targets and groups keep their data in the state tree; an index is added below. */
const TARGETS_DATA_INDEX = 10
const GROUPS_DATA_INDEX = 12

/**
 * The proof that a target's state lies under the state root (SPEC 7.10).
 *
 * @param state a state, or its tree where that is at hand
 * @param index position of the target in the parameters
 * @returns the sibling hashes from the leaf to the root
 * @throws RangeError when the state has no such target
 */
export function makeProof(state: State | StateTree, index: TargetIndex): Uint8Array[] {
  const tree = 'node' in state ? state : updateStateTree(undefined, state)
  if (tree.state.targets[index] === undefined) throw new RangeError(`no target has index ${index}`)
  return new Tree(tree.node).getSingleProof(BigInt(getTargetPosition(index)))
}

/**
 * The proof that a group's state lies under the state root (SPEC 7.10).
 *
 * @param index position of the group among those of the state
 * @throws RangeError when the state has no such group
 */
export function makeGroupProof(state: State | StateTree, index: number): Uint8Array[] {
  const tree = 'node' in state ? state : updateStateTree(undefined, state)
  if (tree.state.groups[index] === undefined) throw new RangeError(`no group has index ${index}`)
  return new Tree(tree.node).getSingleProof(BigInt(getGroupPosition(index)))
}

/**
 * Whether `branch` shows that `target` is the state of its target under `root` (SPEC 7.10). Depth
 * and index come from the schema and the parameters, never from the proof.
 *
 * @param root state root of a header that is known to be final
 * @param parameters those of the header's epoch
 */
export function verifyProof(
  root: Digest,
  parameters: Parameters,
  target: TargetState,
  branch: readonly Uint8Array[],
): boolean {
  const index = parameters.targets.findIndex(({ id }) => areEqual(id, target.id))
  if (index < 0 || branch.length !== PROOF_LENGTH) return false
  return leadsTo(root, getTargetLeaf(target), getTargetPosition(index), branch)
}

/**
 * Whether `branch` shows that `group` is the state of its group under `root`, as of a target.
 *
 * @param root state root of a header that is known to be final
 * @param parameters those of the header's epoch
 */
export function verifyGroupProof(
  root: Digest,
  parameters: Parameters,
  group: GroupState,
  branch: readonly Uint8Array[],
): boolean {
  const index = listGroupIds(parameters).indexOf(toText(group.id))
  if (index < 0 || branch.length !== GROUP_PROOF_LENGTH) return false
  return leadsTo(root, getGroupLeaf(group), getGroupPosition(index), branch)
}

function leadsTo(root: Digest, leaf: Digest, from: number, branch: readonly Uint8Array[]): boolean {
  let position = from
  let node: Uint8Array = leaf
  for (const sibling of branch) {
    if (sibling.length !== 32) return false
    node = position % 2 === 0 ? hashPair(node, sibling) : hashPair(sibling, node)
    position = Math.floor(position / 2)
  }
  return areEqual(node, root)
}

function getTargetPosition(index: number): number {
  return TARGETS_DATA_INDEX * limits.targetsMax + index
}

function getGroupPosition(index: number): number {
  return GROUPS_DATA_INDEX * limits.groupsMax + index
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(64)
  pair.set(left)
  pair.set(right, 32)
  return sha256(pair)
}
