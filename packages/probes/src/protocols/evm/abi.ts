// The part of the contract ABI that probes read: words of 32 bytes, and a string.

export const WORD_BYTES = 32

/** The unsigned word at an index; bytes beyond the end are left out of it. */
export function readWord(bytes: Uint8Array, index: number): bigint {
  let value = 0n
  for (const byte of bytes.subarray(index * WORD_BYTES, (index + 1) * WORD_BYTES)) {
    value = (value << 8n) | BigInt(byte)
  }
  return value
}

/** The signed word at an index. */
export function readSignedWord(bytes: Uint8Array, index: number): bigint {
  return BigInt.asIntN(256, readWord(bytes, index))
}

/** The string that a function returns alone, where it is one: an offset, a length, then UTF-8. */
export function readString(bytes: Uint8Array): string | undefined {
  if (bytes.length < 2 * WORD_BYTES || readWord(bytes, 0) !== 32n) return undefined
  const length = readWord(bytes, 1)
  const begin = 2 * WORD_BYTES
  if (length > BigInt(bytes.length - begin)) return undefined
  const text = bytes.subarray(begin, begin + Number(length))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text)
  } catch {
    return undefined
  }
}
