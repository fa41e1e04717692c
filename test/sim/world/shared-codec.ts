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
// once: the real decoder runs on each message once a world. Nothing of a node goes into it. The bytes of the simulator are never changed in place, and decoded
// values never by anyone: world.test.ts runs seeds with and without this and compares the traces.

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

/** Runs a world in which each wire type decodes the same bytes object once. The types are as before afterwards. */
export function withSharedDecoding<T>(run: () => T): T {
  for (const type of shared) type.deserialize = remember(type)
  try {
    return run()
  } finally {
    // The method is the prototype's: without the own property the real one is back.
    for (const type of shared) Reflect.deleteProperty(type, 'deserialize')
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

function remember(type: Decoder): Decoder['deserialize'] {
  const decode = type.deserialize.bind(type)
  // Not weak: it goes with the world, and what is weak costs every collection of garbage.
  const known = new Map<Uint8Array, Outcome>()
  return (bytes) => {
    let outcome = known.get(bytes)
    if (outcome === undefined) {
      outcome = tryTo(() => decode(bytes))
      known.set(bytes, outcome)
    }
    if (outcome.isRefused) throw outcome.value
    return outcome.value
  }
}
