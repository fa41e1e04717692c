import {
  areEqual,
  decode,
  encode,
  type Evidence,
  evidenceType,
  viewCertificateType,
  verifyViewCertificate,
  type ViewCertificateCode,
  checkEvidence,
  type EvidenceCode,
  getOffender,
} from '@watchfire/attestation'
import { check, type FuzzTarget, listCodes } from '../target.ts'
import { signCheaply, verifyCheaply } from './cheap-signatures.ts'
import { context } from './network.ts'
import { checkCheaply, drawMessage } from './samples.ts'

/** SPEC 8.4, the first that fails. */
export const evidence: FuzzTarget = {
  name: 'evidence',
  codes: [
    'malformed',
    ...listCodes<EvidenceCode>({
      'wrong-epoch': true,
      'unknown-member': true,
      'different-places': true,
      'no-conflict': true,
      'bad-vote': true,
      'unordered-pair': true,
      'bad-signature': true,
    }),
  ],
  share: 3,
  open: () => ({
    draw: (prng) => drawMessage(prng, 'evidence', signCheaply),
    run(input) {
      const decoded = decode<Evidence>(evidenceType, input)
      if (!decoded.ok) return { code: decoded.code, trace: decoded.detail }
      const checked = checkEvidence(context, decoded.value, checkCheaply)
      if (!checked.ok) return { code: checked.code, trace: checked.detail }
      const { first, second } = checked.value.value
      check(!areEqual(first.signature, second.signature), 'one signature proves two messages')
      check(areEqual(encode(evidenceType, checked.value), input), 'accepted is not what came')
      return { code: 'accepted', trace: String(getOffender(checked.value)) }
    },
  }),
}

/** SPEC 6.6. */
export const viewCertificates: FuzzTarget = {
  name: 'view-certificates',
  codes: [
    'malformed',
    ...listCodes<ViewCertificateCode>({
      'wrong-epoch': true,
      'bad-kind': true,
      'bad-view': true,
      'bad-header': true,
      'unknown-member': true,
      'unordered-signatures': true,
      'insufficient-weight': true,
      'bad-signature': true,
    }),
  ],
  share: 3,
  open: () => ({
    draw: (prng) => drawMessage(prng, 'certificate', signCheaply),
    run(input) {
      const decoded = decode(viewCertificateType, input)
      if (!decoded.ok) return { code: decoded.code, trace: decoded.detail }
      const verified = verifyViewCertificate(context, decoded.value, verifyCheaply)
      if (!verified.ok) return { code: verified.code, trace: verified.detail }
      const signers = new Set(decoded.value.signatures.map(({ member }) => member))
      check(signers.size === decoded.value.signatures.length, 'a signer counts twice')
      const weights = [...signers].map((member) => context.committee.members[member]?.weight ?? 0)
      const weight = weights.reduce((sum, each) => sum + each, 0)
      check(weight * 3 > context.weightTotal * 2, 'accepted with less than a quorum')
      return { code: 'accepted' }
    },
  }),
}
