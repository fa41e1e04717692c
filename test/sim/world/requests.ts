import type { Epoch, Height, MemberIndex, View } from '@watchfire/attestation'

/** What nodes ask of each other (SPEC 10), as far as agreement needs it. Digests are in hex. */
export type Request =
  | { readonly kind: 'attestations'; readonly digests: readonly string[] }
  | { readonly kind: 'blocks'; readonly digests: readonly string[] }
  | { readonly kind: 'views'; readonly epoch: Epoch; readonly from: View; readonly to: View }
  | { readonly kind: 'certificates'; readonly fromHeight: Height }
  | { readonly kind: 'highest' }

/** What comes back: bytes, as off a stream. */
export type Answer =
  | {
      readonly kind: 'attestations'
      readonly messages: readonly { readonly shard: number; readonly bytes: Uint8Array }[]
    }
  | { readonly kind: 'blocks'; readonly messages: readonly Uint8Array[] }
  | { readonly kind: 'views'; readonly messages: readonly Uint8Array[] }
  | {
      readonly kind: 'certificates'
      readonly messages: readonly Uint8Array[]
      /** The state after the last of them. */
      readonly state: Uint8Array | undefined
    }
  | {
      readonly kind: 'highest'
      readonly member: MemberIndex | undefined
      /** The highest view certificate held. */
      readonly certificate: Uint8Array | undefined
      readonly epoch: Epoch
      readonly round: number
    }

/** Certificates in one answer. */
export const CERTIFICATES_MAX = 64
/** Nodes asked, one after the other, before a request is given up. The core asks again when it still needs it. */
export const ATTEMPTS_MAX = 3
/** How long a node waits for an answer before it asks another. */
export const ATTEMPT_MS = 120
