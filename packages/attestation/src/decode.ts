import type { ByteViews, Type } from '@chainsafe/ssz'
import { fail, type Result, succeed } from './result.ts'

/**
 * Strict decoding (SPEC 1): exact offsets, lists within their limit, no byte left over, no number
 * above 2^53 − 1, so that only the one encoding of a value decodes. Nothing is allocated beyond the
 * size of `bytes`. Fields are copies; the caller may reuse its buffer.
 *
 * @param type a wire type of `schema.ts`
 * @returns the value, or `malformed`; never throws, whatever the bytes
 */
export function decode<T>(type: Type<T>, bytes: Uint8Array): Result<T, 'malformed'> {
  try {
    return succeed(type.deserialize(bytes))
  } catch (error) {
    // The library refuses by throwing, and with as many kinds of error as there are ways to be wrong.
    return fail('malformed', error instanceof Error ? error.message : String(error))
  }
}

/** Most that is signed or hashed is short, and to make buffer and view for it costs more than to write it. */
const scratch = makeScratch(4096)

function makeScratch(bytes: number): ByteViews {
  const uint8Array = new Uint8Array(bytes)
  return { uint8Array, dataView: new DataView(uint8Array.buffer) }
}

/**
 * @param type a wire type of `schema.ts`
 * @returns the canonical bytes of `value`
 * @throws when `value` does not fit its type, which is a bug of ours and never a peer's doing
 */
export function encode<T>(type: Type<T>, value: T): Uint8Array {
  const brief = encodeInScratch(type, value)
  return brief === undefined ? type.serialize(value) : brief.slice()
}

/**
 * As {@link encode}, for who hashes the bytes at once and lets go of them: the next call may write
 * over them.
 *
 * @throws as `encode`
 */
export function encodeBriefly<T>(type: Type<T>, value: T): Uint8Array {
  return encodeInScratch(type, value) ?? type.serialize(value)
}

function encodeInScratch<T>(type: Type<T>, value: T): Uint8Array | undefined {
  // What has one size need not be gone through for it.
  const size = type.fixedSize ?? type.value_serializedSize(value)
  if (size > scratch.uint8Array.length) return undefined
  type.value_serializeToBytes(scratch, 0, value)
  return scratch.uint8Array.subarray(0, size)
}
