import { type Digest, encode, type Hex, toHex } from '@watchfire/attestation'
import type { Type } from '@chainsafe/ssz'

/** What a vector file holds: JSON, with bytes in lower-case hex. */
export type VectorValue =
  | null
  | boolean
  | number
  | string
  | readonly VectorValue[]
  | { readonly [key: string]: VectorValue }

/** One file of vectors, made anew on every run and the same each time. */
export interface VectorFile {
  readonly name: string
  readonly make: () => VectorValue
}

export function hexOf<T>(type: Type<T>, value: T): Hex {
  return toHex(encode(type, value))
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** `bytes` with those at `at` replaced. */
export function overwrite(bytes: Uint8Array, at: number, replacement: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy.set(replacement, at)
  return copy
}

/** A uint32, little-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255)
}

export function readU32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true)
}

export const ZERO_HASH = new Uint8Array(32) as Digest
