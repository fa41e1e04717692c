import { decode, type SignedAttestation, signedAttestationType } from '@watchfire/attestation'
import type { TopicName } from './checker.ts'
import type { OwnReader } from './own-messages.ts'

/** Every validly signed attestation that left a node, by what a block names it by. */
export class AttestationBook {
  readonly #reader: OwnReader
  readonly #seen = new Set<Uint8Array>()
  readonly #byDigest = new Map<string, SignedAttestation>()

  constructor(reader: OwnReader) {
    this.#reader = reader
  }

  /** Whoever sent it: blocks name what Byzantine members attested too. */
  see(topic: TopicName, bytes: Uint8Array): void {
    if (topic !== 'attestation' || this.#seen.has(bytes)) return
    this.#seen.add(bytes)
    const message = this.#reader.read(topic, bytes)
    if (message?.isValid !== true) return
    const decoded = decode(signedAttestationType, bytes)
    // What does not decode is a liar's: nobody can name it in a block.
    if (decoded.ok) this.#byDigest.set(message.content, decoded.value)
  }

  get(digest: Uint8Array): SignedAttestation | undefined {
    return this.#byDigest.get(Buffer.from(digest).toString('hex'))
  }
}
