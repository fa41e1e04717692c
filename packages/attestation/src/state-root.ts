import { type Node, setHasher } from '@chainsafe/persistent-merkle-tree'
import { hasher } from '@chainsafe/persistent-merkle-tree/hasher/as-sha256'
import type { Digest } from './brands.ts'
import { encodeBriefly } from './decode.ts'
import { getTagged } from './domains.ts'
import {
  type GroupState,
  groupStateType,
  type State,
  type StateMeta,
  stateMetaType,
  stateTreeType,
  type TargetState,
  targetStateType,
} from './state-schema.ts'

// The library hashes in JavaScript unless told otherwise. Its own WebAssembly, which it loads in any
// case, makes a root in half of the time.
setHasher(hasher)

/** Bytes of an offset in SSZ. */
const OFFSET_BYTES = 4

/**
 * The hash tree over a state (SPEC 7.9). It is immutable: an update gives another tree that shares
 * what did not change, so the trees of competing blocks live side by side.
 */
export interface StateTree {
  readonly root: Digest
  /** What the tree was made of; it must never be changed in place. */
  readonly state: State
  /** Inner nodes, from which inclusion proofs are read. */
  readonly node: Node
}

/** The leaf of one target: a tagged hash, which no inner node can pass for (SPEC 7.9). */
export function getTargetLeaf(target: TargetState): Digest {
  return getTagged('target', encodeBriefly(targetStateType, target))
}

/** The leaf of one group. */
export function getGroupLeaf(group: GroupState): Digest {
  return getTagged('group', encodeBriefly(groupStateType, group))
}

function getMetaLeaf(meta: StateMeta): Digest {
  return getTagged('meta', encodeBriefly(stateMetaType, meta))
}

/** The state root of SPEC 7.9, from nothing. For states that follow each other, see {@link updateStateTree}. */
export function getStateRoot(state: State): Digest {
  return stateTreeType.hashTreeRoot(getLeaves(state)) as Digest
}

/**
 * The state root of a state that is at hand in bytes, without encoding its parts again.
 *
 * @param bytes an encoded State that strict decoding has accepted
 */
export function getEncodedStateRoot(bytes: Uint8Array): Digest {
  const [metaAt, targetsAt, groupsAt] = [0, 1, 2].map((index) => getOffset(bytes, index))
  const meta = bytes.subarray(metaAt, targetsAt)
  const targets = bytes.subarray(targetsAt, groupsAt)
  const groups = bytes.subarray(groupsAt)
  return stateTreeType.hashTreeRoot({
    meta: getTagged('meta', meta),
    targets: splitList(targets).map((target) => getTagged('target', target)),
    groups: splitList(groups).map((group) => getTagged('group', group)),
  }) as Digest
}

/** The parts of an SSZ list whose elements vary in size: its first offset tells how many there are. */
function splitList(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length === 0) return []
  const count = Math.floor(getOffset(bytes, 0) / OFFSET_BYTES)
  return Array.from({ length: count }, (_, index) => {
    const end = index + 1 < count ? getOffset(bytes, index + 1) : bytes.length
    return bytes.subarray(getOffset(bytes, index), end)
  })
}

function getOffset(bytes: Uint8Array, index: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(index * OFFSET_BYTES, true)
}

function getLeaves(state: State) {
  return {
    meta: getMetaLeaf(state.meta),
    targets: state.targets.map(getTargetLeaf),
    groups: state.groups.map(getGroupLeaf),
  }
}

/**
 * The tree of `state`, hashing only what changed since `previous`: targets and groups that are the
 * same object in both states are taken as unchanged, so states must never be changed in place.
 *
 * @param previous the tree of an earlier state, most often the parent block's; undefined for none
 */
export function updateStateTree(previous: StateTree | undefined, state: State): StateTree {
  const node =
    previous === undefined || !hasShape(previous.state, state)
      ? stateTreeType.toViewDU(getLeaves(state)).node
      : getUpdatedNode(previous, state)
  return { root: node.root as Digest, state, node }
}

/** Across an epoch's end targets may come and go; then the tree is made anew. */
function hasShape(previous: State, state: State): boolean {
  return (
    previous.targets.length === state.targets.length &&
    previous.groups.length === state.groups.length
  )
}

function getUpdatedNode(previous: StateTree, state: State): Node {
  const view = stateTreeType.getViewDU(previous.node)
  if (state.meta !== previous.state.meta) view.meta = getMetaLeaf(state.meta)
  for (const [index, target] of state.targets.entries()) {
    if (target !== previous.state.targets[index]) view.targets.set(index, getTargetLeaf(target))
  }
  for (const [index, group] of state.groups.entries()) {
    if (group !== previous.state.groups[index]) view.groups.set(index, getGroupLeaf(group))
  }
  view.commit()
  return view.node
}
