import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { SignedThing } from './signed-things.ts'

/** One place for which one key signed two things. */
export interface DoubleSignature {
  readonly member: number
  readonly place: string
  readonly first: { readonly what: string; readonly from: string }
  readonly second: { readonly what: string; readonly from: string }
}

/** Everything that members signed and somebody saw, one thing a place. */
export class ConductRecord {
  readonly doubles: DoubleSignature[] = []
  /** Things whose signature is not the member's: nobody answers for them. */
  forged = 0
  readonly #keys: KeyObject[]
  readonly #seen = new Map<string, { what: string; from: string; signature: Buffer }>()

  /** @param publicKeys of the members, by index */
  constructor(publicKeys: readonly Uint8Array[]) {
    this.#keys = publicKeys.map((bytes) =>
      createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(bytes).toString('base64url') },
        format: 'jwk',
      }),
    )
  }

  /** @param from where it was seen, in words */
  add(thing: SignedThing, from: string): void {
    const { member, place, what, digest, signature } = thing
    const key = `${member} ${place}`
    const known = this.#seen.get(key)
    // The very same bytes again, as they are repeated, were verified already.
    if (known?.what === what && known.signature.equals(signature)) return
    const publicKey = this.#keys[member]
    if (publicKey === undefined || !verify(null, digest, publicKey, signature)) {
      this.forged += 1
      return
    }
    if (known === undefined) {
      this.#seen.set(key, { what, from, signature: Buffer.from(signature) })
    } else {
      // Kept bytes are sent again: Ed25519 has one signature a thing, so another is another signing.
      this.doubles.push({ member, place, first: known, second: { what, from } })
    }
  }

  has({ member, place, what }: Pick<SignedThing, 'member' | 'place' | 'what'>): boolean {
    return this.#seen.get(`${member} ${place}`)?.what === what
  }

  /** Everything seen of a member, without what was signed. */
  listPlaces(member: number): Pick<SignedThing, 'member' | 'place' | 'what'>[] {
    const prefix = `${member} `
    return [...this.#seen]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { what }]) => ({ member, place: key.slice(prefix.length), what }))
  }

  /** How many places of a kind a member signed for; the kind is how the place begins. */
  count(member: number, kind: string): number {
    let places = 0
    for (const key of this.#seen.keys()) if (key.startsWith(`${member} ${kind}`)) places += 1
    return places
  }
}
