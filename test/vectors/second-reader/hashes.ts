import { createHash } from 'node:crypto'
import { rawState } from './wire-types.ts'

// SPEC 2.1, 2.2 and 7.9. Written from SPEC.md alone.

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function domain(name: string): Uint8Array {
  return Buffer.concat([Buffer.from(`watchfire:${name}`), Buffer.alloc(32)], 32)
}

export function tagged(name: string, bytes: Uint8Array): Buffer {
  return sha256(domain(name), bytes)
}

export function digest(
  network: Uint8Array,
  name: string,
  epoch: number,
  bytes: Uint8Array,
): Buffer {
  return sha256(domain(name), number(1, 4), network, number(epoch, 8), sha256(bytes))
}

export function number(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) =>
    Number((BigInt(value) >> BigInt(8 * i)) & 255n),
  )
}

/** The root of an encoded state. */
export function computeStateRoot(bytes: Uint8Array): Buffer {
  const {
    meta: metaBytes,
    targets,
    groups,
  } = rawState.read(bytes) as {
    meta: Uint8Array
    targets: Uint8Array[]
    groups: Uint8Array[]
  }
  return merkleize(
    [
      tagged('meta', metaBytes),
      rootOfList(
        targets.map((each) => tagged('target', each)),
        14,
      ),
      rootOfList(
        groups.map((each) => tagged('group', each)),
        12,
      ),
    ],
    2,
  )
}

function rootOfList(leaves: Buffer[], depth: number): Buffer {
  return sha256(merkleize(leaves, depth), number(leaves.length, 32))
}

function merkleize(leaves: Buffer[], depth: number): Buffer {
  let zero: Buffer = Buffer.alloc(32)
  let level = leaves
  for (let i = 0; i < depth; i++) {
    const below = zero
    const nodes = level
    level = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, j) =>
      sha256(nodes[2 * j] ?? below, nodes[2 * j + 1] ?? below),
    )
    zero = sha256(below, below)
  }
  return level[0] ?? zero
}
