import {
  certificateFileType,
  getCodeName,
  getHeaderDigest,
  getNetworkId,
  toHex,
  toText,
  verdicts,
} from '@watchfire/attestation'
import { type CertificateCase, listEpochZeroCases } from './certificate-cases.ts'
import { listHandoverCases } from './handover-cases.ts'
import { type NetworkName, networkJson, networks } from './networks.ts'
import type { VectorFile, VectorValue } from './vector-values.ts'

/** Certificate files, valid ones with what they prove, others with the code of SPEC 9.2. */
export const certificateVectors: VectorFile = {
  name: 'certificates',
  make: () => ({
    manifests: Object.fromEntries(
      (Object.keys(networks) as NetworkName[]).map((name) => [
        name,
        { value: networkJson[name], networkId: toHex(getNetworkId(networks[name])) },
      ]),
    ),
    files: [...listEpochZeroCases(), ...listHandoverCases()].map(describe),
  }),
}

function describe({ name, manifest, file, result }: CertificateCase): VectorValue {
  const base = { name, manifest, file: toHex(file), result }
  return result === 'valid' ? { ...base, proves: describeProven(manifest, file) } : base
}

/** What a valid file says, read from its bytes alone. */
function describeProven(manifest: NetworkName, bytes: Uint8Array): VectorValue {
  const { certificate, state, handovers } = certificateFileType.deserialize(bytes)
  const { header } = certificate
  const { members } = handovers.at(-1)?.committee ?? networks[manifest].committee
  return {
    epoch: header.epoch,
    height: header.height,
    round: header.round,
    headerDigest: toHex(getHeaderDigest(getNetworkId(networks[manifest]), header)),
    signers: certificate.signatures.map(({ member }) =>
      toText(members[member]?.id ?? new Uint8Array()),
    ),
    verdicts: Object.fromEntries(
      state.targets.map(({ id, verdict }) => [toText(id), getCodeName(verdicts, verdict)]),
    ),
  }
}
