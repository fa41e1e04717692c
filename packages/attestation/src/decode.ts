import type { Type } from '@chainsafe/ssz'
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

/**
 * @param type a wire type of `schema.ts`
 * @returns the canonical bytes of `value`
 * @throws when `value` does not fit its type, which is a bug of ours and never a peer's doing
 */
export function encode<T>(type: Type<T>, value: T): Uint8Array {
  return type.serialize(value)
}
