import {
  type Digest,
  type Hex,
  type SignedAttestation,
  toHex,
  type UnixMs,
} from '@watchfire/attestation'
import type { Store, StoredAttestation } from '../ports.ts'

/**
 * Admitted attestations that are not in the store yet. Nothing rests on them until a block names them
 * (SPEC 6.4.12), so they wait for the next flush in place of taking one each.
 */
export interface AttestationBuffer {
  add(signed: SignedAttestation, digest: Digest, bytes: Uint8Array, nowMs: UnixMs): void
  /** The SignedAttestation as it was received, from here or from the store. */
  get(digest: Digest): Uint8Array | undefined
  has(digest: Digest): boolean
  readonly bytes: number
  /** When the oldest came; undefined when empty. */
  readonly oldestMs: UnixMs | undefined
  /** All of them, ascending by when they came; they stay until `clear`. */
  list(): readonly StoredAttestation[]
  clear(): void
}

export function makeAttestationBuffer(store: Store): AttestationBuffer {
  const waiting = new Map<Hex, StoredAttestation>()
  let bytesTotal = 0
  return {
    add({ message }, digest, bytes, nowMs) {
      const key = toHex(digest)
      if (waiting.has(key)) return
      const { epoch, round, shard, member } = message
      waiting.set(key, { digest, epoch, round, shard, member, bytes, receivedAtMs: nowMs })
      bytesTotal += bytes.length
    },
    get: (digest) => waiting.get(toHex(digest))?.bytes ?? store.getAttestation(digest),
    has: (digest) => waiting.has(toHex(digest)),
    get bytes() {
      return bytesTotal
    },
    get oldestMs() {
      for (const { receivedAtMs } of waiting.values()) return receivedAtMs
      return undefined
    },
    list: () => [...waiting.values()],
    clear() {
      waiting.clear()
      bytesTotal = 0
    },
  }
}
