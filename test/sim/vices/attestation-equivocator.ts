import {
  decode,
  encode,
  getAttestationDigest,
  type SignedAttestation,
  signedAttestationType,
} from '@watchfire/attestation'
import { type Powers, sendSplit, sendToAll, type Vice } from './vice.ts'

/** Signs two batches of observations for one round, and shows each to a part of the others. */
export const attestationEquivocator: Vice = {
  name: 'attestation-equivocator',
  answers: true,
  corrupt(powers, topic, shard, bytes, receivers) {
    const decoded = topic === 'attestation' ? decode(signedAttestationType, bytes) : undefined
    if (decoded?.ok !== true || decoded.value.message.observations.length === 0) {
      return sendToAll(topic, shard, bytes, receivers)
    }
    const other = encode(signedAttestationType, makeOther(powers, decoded.value))
    return sendSplit(powers.prng, topic, shard, [bytes, other], receivers)
  },
}

function makeOther({ founding, sign }: Powers, signed: SignedAttestation): SignedAttestation {
  const message = {
    ...signed.message,
    observations: signed.message.observations.slice(1),
  }
  return { message, signature: sign(getAttestationDigest(founding.networkId, message)) }
}
