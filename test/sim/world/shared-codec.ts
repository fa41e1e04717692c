import {
  blockType,
  certificateType,
  evidenceType,
  signedAttestationType,
  signedProposalType,
  signedVoteType,
  stateType,
  viewCertificateType,
} from '@watchfire/attestation'

// A message goes to every node, and to each several times. What only its bytes say is worked out
// once: the real decoder runs on each message once a world. Nothing of a node goes into it. The bytes of
// the simulator are never changed in place, and decoded values never by anyone: world.test.ts runs seeds
// with and without this and compares the traces.

/** The part of a wire type that is taken over. */
interface Decoder {
  deserialize(bytes: Uint8Array): unknown
}

const shared: readonly Decoder[] = [
  signedAttestationType,
  signedProposalType,
  signedVoteType,
  viewCertificateType,
  evidenceType,
  blockType,
  certificateType,
  stateType,
]

/** What each type has decoded in the world that runs now; undefined outside of one. */
let known: ReadonlyMap<Decoder, Map<Uint8Array, Outcome>> | undefined
let isInstalled = false

/** Runs a world in which each wire type decodes the same bytes object once. Outside of it the types are as ever. */
export function withSharedDecoding<T>(run: () => T): T {
  install()
  const before = known
  // Not weak: it goes with the world, and what is weak costs every collection of garbage.
  known = new Map(shared.map((type) => [type, new Map()]))
  try {
    return run()
  } finally {
    known = before
  }
}

/** A value, or what was thrown instead. */
interface Outcome {
  readonly isRefused: boolean
  readonly value: unknown
}

function tryTo(run: () => unknown): Outcome {
  try {
    return { isRefused: false, value: run() }
  } catch (value) {
    return { isRefused: true, value }
  }
}

/** Once and for good: a property that comes and goes makes V8 give up what it made of all that uses the type. */
function install(): void {
  if (isInstalled) return
  isInstalled = true
  for (const type of shared) type.deserialize = remember(type)
}

function remember(type: Decoder): Decoder['deserialize'] {
  const decode = type.deserialize.bind(type)
  return (bytes) => {
    const decoded = known?.get(type)
    if (decoded === undefined) return decode(bytes)
    let outcome = decoded.get(bytes)
    if (outcome === undefined) {
      outcome = tryTo(() => decode(bytes))
      decoded.set(bytes, outcome)
    }
    if (outcome.isRefused) throw outcome.value
    return outcome.value
  }
}
