import {
  encode,
  type GroupState,
  groupStateType,
  type State,
  stateMetaType,
  type TargetState,
  targetStateType,
} from '@watchfire/attestation'
import { sha256, tagged } from './own-wire.ts'

// SPEC 7.9 by hand: lists of 2^14 and 2^12 leaves padded with zero hashes, each mixed with its
// length, and the three of them under one root of depth 2.

/** Written anew for each pair, all of it. */
const pair = Buffer.alloc(64)

function hashPair(left: Buffer, right: Buffer): Buffer {
  pair.set(left)
  pair.set(right, 32)
  return sha256(pair)
}

const zeroHashes: Buffer[] = [Buffer.alloc(32)]

function zeroHash(depth: number): Buffer {
  for (let known = zeroHashes.length; known <= depth; known++) {
    const below = zeroHashes[known - 1]
    if (below === undefined) throw new Error('zero hashes are made in order')
    zeroHashes.push(hashPair(below, below))
  }
  const made = zeroHashes[depth]
  if (made === undefined) throw new Error('zero hashes are made in order')
  return made
}

function rootOf(leaves: readonly Buffer[], depth: number): Buffer {
  let layer = leaves
  for (let level = 0; level < depth; level++) {
    const above: Buffer[] = []
    for (let i = 0; i < layer.length; i += 2) {
      above.push(hashPair(layer[i] ?? zeroHash(level), layer[i + 1] ?? zeroHash(level)))
    }
    layer = above
  }
  return layer[0] ?? zeroHash(depth)
}

function listRoot(leaves: readonly Buffer[], depth: number): Buffer {
  const length = Buffer.alloc(32)
  length.writeUInt32LE(leaves.length)
  return hashPair(rootOf(leaves, depth), length)
}

/** The state root, computed apart from production save for the encoding of the leaves' content. */
export function computeOwnStateRoot(state: State): Buffer {
  const meta = tagged('meta', encode(stateMetaType, state.meta))
  const targets = state.targets.map((target: TargetState) =>
    tagged('target', encode(targetStateType, target)),
  )
  const groups = state.groups.map((group: GroupState) =>
    tagged('group', encode(groupStateType, group)),
  )
  return rootOf([meta, listRoot(targets, 14), listRoot(groups, 12)], 2)
}
