import { sha256 as hash } from '@noble/hashes/sha2.js'

// What the protocol hashes is short, and making a hash costs more than hashing a block or two. So one
// instance does all the work, each time from where another stands; nothing here waits in between.

/** A hash that has taken in what many begin with. */
export type BegunHash = ReturnType<typeof hash.create>

const nothing = hash.create()
const worker = hash.create()

/** @param prefix taken in now, once for all that begins with it */
export function beginHash(prefix: Uint8Array): BegunHash {
  return hash.create().update(prefix)
}

/** SHA-256 of a prefix and what follows it. @returns 32 bytes */
export function finishHash(begun: BegunHash, bytes: Uint8Array): Uint8Array {
  // oxlint-disable-next-line no-underscore-dangle -- the library's name for a copy without allocation
  return begun._cloneInto(worker).update(bytes).digest()
}

/** The only hash of the protocol. @returns 32 bytes */
export function sha256(bytes: Uint8Array): Uint8Array {
  return finishHash(nothing, bytes)
}
