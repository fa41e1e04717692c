import {
  encode,
  evidenceFileType,
  evidenceType,
  getNetworkId,
  getSignedDigests,
  sha256,
  toHex,
  toText,
} from '@watchfire/attestation'
import { type EvidenceCase, listEvidenceCases } from './evidence-cases.ts'
import { type NetworkName, networkJson, networks } from './networks.ts'
import type { VectorFile, VectorValue } from './vector-values.ts'

/** Evidence files, valid ones with what they prove, others with the code of SPEC 9.6. */
export const evidenceVectors: VectorFile = {
  name: 'evidence',
  make: () => ({
    manifests: Object.fromEntries(
      (['main', 'other'] as const).map((name) => [
        name,
        { value: networkJson[name], networkId: toHex(getNetworkId(networks[name])) },
      ]),
    ),
    files: listEvidenceCases().map(describe),
  }),
}

function describe({ name, manifest, file, result }: EvidenceCase): VectorValue {
  const base = { name, manifest, file: toHex(file), result }
  return result === 'valid' ? { ...base, proves: describeProven(manifest, file) } : base
}

/** What a valid file says, read from its bytes alone. */
function describeProven(manifest: NetworkName, bytes: Uint8Array): VectorValue {
  const { evidence, handovers } = evidenceFileType.deserialize(bytes)
  const { first } = evidence.value
  const { members } = handovers.at(-1)?.committee ?? networks[manifest].committee
  const place =
    'round' in first.message
      ? { kind: 'attestation', round: first.message.round, shard: first.message.shard }
      : { kind: 'parentView' in first.message ? 'proposal' : 'vote', view: first.message.view }
  return {
    offender: toText(members[first.message.member]?.id ?? new Uint8Array()),
    epoch: first.message.epoch,
    ...place,
    signed: getSignedDigests(getNetworkId(networks[manifest]), evidence).map((each) => toHex(each)),
    digest: toHex(sha256(encode(evidenceType, evidence))),
  }
}
