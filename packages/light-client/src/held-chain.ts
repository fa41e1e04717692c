import { getHeaderDigest, type Height, toHex, type Hex } from '@watchfire/attestation'
import type { VerifiedState } from './verified-state.ts'

/** Certificates kept to notice a fork that another server shows later. */
export const heldMax = 32

/** What a valid certificate is to a reader that holds others (SPEC 9.5). */
export type Standing =
  /** It goes on from what is held. */
  | { readonly kind: 'next' }
  /** The same header again, perhaps with other signers. */
  | { readonly kind: 'same' }
  /** Its height or round lies below what is held. */
  | { readonly kind: 'back' }
  /** It and `held` cannot both be of one chain: more than f of the weight is faulty. */
  | { readonly kind: 'conflict'; readonly held: VerifiedState }

/** The certificates a reader has accepted, newest last. */
export interface HeldChain {
  readonly latest: VerifiedState | undefined
  /** Judges a verified state and, if it is `next`, holds it. */
  take(state: VerifiedState): Standing
}

/** Headers a certificate proves final: the parent's, its own, those after it. */
function getLinks(state: VerifiedState): Map<Height, Hex> {
  const { header, headerDigest, context } = state
  const links = new Map<Height, Hex>()
  links.set((header.height - 1) as Height, toHex(header.parent))
  links.set(header.height, toHex(headerDigest))
  for (const descendant of state.file.certificate.descendants)
    links.set(descendant.height, toHex(getHeaderDigest(context.networkId, descendant)))
  return links
}

/**
 * Follows certificates by height: refuses what goes back, and tells a contradiction from that. A
 * certificate proves its header's ancestors too, so a parent that differs is a contradiction.
 */
export function makeHeldChain(): HeldChain {
  const held: { readonly state: VerifiedState; readonly links: Map<Height, Hex> }[] = []

  const findConflict = (links: Map<Height, Hex>): VerifiedState | undefined => {
    for (const entry of held)
      for (const [height, digest] of links) {
        const known = entry.links.get(height)
        if (known !== undefined && known !== digest) return entry.state
      }
    return undefined
  }

  return {
    get latest() {
      return held.at(-1)?.state
    },
    take(state) {
      const links = getLinks(state)
      const conflict = findConflict(links)
      if (conflict !== undefined) return { kind: 'conflict', held: conflict }
      const latest = held.at(-1)?.state
      if (latest !== undefined) {
        if (state.height === latest.height) return { kind: 'same' }
        if (state.height < latest.height || state.round <= latest.round) return { kind: 'back' }
      }
      held.push({ state, links })
      if (held.length > heldMax) held.shift()
      return { kind: 'next' }
    },
  }
}
