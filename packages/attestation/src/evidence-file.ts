import type { Digest, Epoch, MonitorId, Round, Verified, View } from './brands.ts'
import { areEqual, fromText } from './bytes.ts'
import { decode, encode } from './decode.ts'
import { type EpochContext, makeGenesisContext } from './epoch-context.ts'
import {
  checkEvidence,
  type EvidenceCode,
  getEvidenceDigest,
  getOffender,
  getSignedDigests,
  toSignatureCheck,
} from './evidence.ts'
import { type EvidenceFile, evidenceFileType } from './file-schema.ts'
import { followHandovers, type HandoversCode } from './handovers.ts'
import { limits } from './limits.ts'
import { fail, type Result, succeed } from './result.ts'
import type { Evidence, HandoverProof, Manifest } from './schema.ts'
import type { Verify } from './signatures.ts'

/** Why an evidence file is refused, in the order of the checks (SPEC 9.6). */
export type EvidenceFileCode = 'malformed' | 'wrong-network' | HandoversCode | EvidenceCode

/** Where both messages stand: one member may sign one there (SPEC 6.5, 8.4). */
export type EvidencePlace =
  | {
      readonly kind: 'attestation'
      readonly epoch: Epoch
      readonly round: Round
      readonly shard: number
    }
  | { readonly kind: 'proposal' | 'vote'; readonly epoch: Epoch; readonly view: View }

/** What an evidence file proves. */
export interface ProvenEquivocation {
  readonly file: EvidenceFile
  readonly evidence: Verified<Evidence>
  /** Of the evidence's epoch. */
  readonly context: EpochContext
  /** Who signed both. */
  readonly offender: MonitorId
  readonly place: EvidencePlace
  /** What was signed, the lesser first. */
  readonly signed: readonly [first: Digest, second: Digest]
  /** Names this piece of evidence. */
  readonly digest: Digest
}

const MAGIC = fromText('WFEVID01')

/** What was signed twice, by the selector of the union. */
const kinds = ['attestation', 'proposal', 'vote'] as const

/**
 * Whether an evidence file proves that a member of the network that `trusted` founds signed two
 * things for one place: every check of SPEC 9.6, in its order; the first that fails gives the code.
 * Never throws, whatever the bytes.
 *
 * @param bytes the whole file
 * @param trusted the manifest, or the context that {@link makeGenesisContext} made of it
 * @param verify every signature goes through it
 */
export function verifyEvidenceFile(
  bytes: Uint8Array,
  trusted: Manifest | EpochContext,
  verify: Verify,
): Result<ProvenEquivocation, EvidenceFileCode> {
  if (bytes.length > limits.evidenceFileBytesMax) {
    return fail('malformed', `${bytes.length} bytes; at most ${limits.evidenceFileBytesMax}`)
  }
  const decoded = decode(evidenceFileType, bytes)
  if (!decoded.ok) return decoded
  const file = decoded.value
  if (!areEqual(file.magic, MAGIC)) return fail('malformed', 'not an evidence file')

  const genesis = 'networkId' in trusted ? trusted : makeGenesisContext(trusted)
  if (!areEqual(file.network, genesis.networkId)) {
    return fail('wrong-network', 'the file names another network id')
  }
  const { epoch } = file.evidence.value.first.message
  const walked = followHandovers(genesis, epoch, file.handovers, verify)
  if (!walked.ok) return walked
  const context = walked.value
  const checked = checkEvidence(context, file.evidence, toSignatureCheck(verify))
  if (!checked.ok) return checked

  const evidence = checked.value
  const member = getOffender(evidence)
  const offender = context.memberIds[member]
  if (offender === undefined) return fail('unknown-member', `no member has index ${member}`)
  return succeed({
    file,
    evidence,
    context,
    offender,
    place: getEvidencePlace(evidence),
    signed: getSignedDigests(context.networkId, evidence),
    digest: getEvidenceDigest(evidence),
  })
}

/**
 * The bytes of an evidence file (SPEC 9.6).
 *
 * @param handovers one for each epoch before the evidence's, ascending; none in epoch 0
 */
export function makeEvidenceFile(
  networkId: Digest,
  evidence: Evidence,
  handovers: HandoverProof[],
): Uint8Array {
  return encode(evidenceFileType, { magic: MAGIC, network: networkId, evidence, handovers })
}

/** The place for which the pair's member signed twice. */
export function getEvidencePlace(evidence: Evidence): EvidencePlace {
  if (evidence.selector === 0) {
    const { epoch, round, shard } = evidence.value.first.message
    return { kind: 'attestation', epoch, round, shard }
  }
  const { epoch, view } = evidence.value.first.message
  return { kind: kinds[evidence.selector], epoch, view }
}
