import { type CompositeType, ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz'
import type { Digest } from './brands.ts'
import { limits } from './limits.ts'
import { certificateType, evidenceType, handoverProofType } from './schema.ts'
import { stateType } from './state-schema.ts'
import { ExactBytesType } from './wire-types.ts'

// What stands alone (SPEC 9.2, 9.6): files that carry all that the manifest does not say.

const magic = new ExactBytesType(8)
const network = new ExactBytesType(32) as unknown as CompositeType<Digest, Digest, Digest>
const handovers = new ListCompositeType(handoverProofType, limits.handoversMax)

/** Its magic is `WFCERT01`. */
export const certificateFileType = new ContainerType({
  magic,
  network,
  certificate: certificateType,
  state: stateType,
  handovers,
})
/** Its magic is `WFEVID01`. */
export const evidenceFileType = new ContainerType({
  magic,
  network,
  evidence: evidenceType,
  handovers,
})

/** A certificate that stands alone, with state and hand-overs (SPEC 9.2). */
export type CertificateFile = ValueOf<typeof certificateFileType>
/** Evidence that stands alone, with hand-overs (SPEC 9.6). */
export type EvidenceFile = ValueOf<typeof evidenceFileType>
