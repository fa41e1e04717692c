import type { Digest, MonitorId } from './brands.ts'
import { areEqual, fromText, toText } from './bytes.ts'
import { type CertificateCode, checkCertificate } from './certificate.ts'
import { reasonKinds, referenceKinds, standings, verdicts } from './codes.ts'
import { decode, encode } from './decode.ts'
import { type EpochContext, makeGenesisContext } from './epoch-context.ts'
import { type CertificateFile, certificateFileType } from './file-schema.ts'
import { listGroupIds } from './group-members.ts'
import { followHandovers, type HandoversCode } from './handovers.ts'
import { limits } from './limits.ts'
import { fail, type Result, succeed } from './result.ts'
import type { Certificate, HandoverProof, Header, Manifest } from './schema.ts'
import type { State, TargetState } from './state-schema.ts'
import type { Verify } from './signatures.ts'
import { getEncodedStateRoot } from './state-root.ts'

/** Why a certificate file is refused, in the order of the checks (SPEC 9.2). */
export type CertificateFileCode =
  | 'malformed'
  | 'wrong-network'
  | HandoversCode
  | CertificateCode
  | 'wrong-state'

/** What a certificate file proves. */
export interface CertifiedState {
  readonly file: CertificateFile
  /** Of the certificate's epoch: who could sign, and what is watched. */
  readonly context: EpochContext
  readonly header: Header
  readonly headerDigest: Digest
  /** Whose signatures the file carries, in the committee's order; each was verified. */
  readonly signers: readonly MonitorId[]
  readonly state: State
}

const MAGIC = fromText('WFCERT01')
/** Where a CertificateFile keeps the offsets of its state and of its hand-overs. */
const STATE_OFFSET_AT = 44
const HANDOVERS_OFFSET_AT = 48

/** Codes and reserved codes of outcomes (SPEC 3). */
const OUTCOME_MAX = 999

/**
 * Whether a certificate file proves a state of the network that `trusted` founds: every check of
 * SPEC 9.2, in its order; the first that fails gives the code. Never throws, whatever the bytes.
 *
 * @param bytes the whole file
 * @param trusted the manifest, or the context that {@link makeGenesisContext} made of it, which
 *   spares hashing the manifest again for each file
 * @param verify every signature goes through it
 */
export function verifyCertificateFile(
  bytes: Uint8Array,
  trusted: Manifest | EpochContext,
  verify: Verify,
): Result<CertifiedState, CertificateFileCode> {
  if (bytes.length > limits.certificateFileBytesMax) {
    return fail('malformed', `${bytes.length} bytes; at most ${limits.certificateFileBytesMax}`)
  }
  const decoded = decode(certificateFileType, bytes)
  if (!decoded.ok) return decoded
  const file = decoded.value
  if (!areEqual(file.magic, MAGIC)) return fail('malformed', 'not a certificate file')

  const genesis = 'networkId' in trusted ? trusted : makeGenesisContext(trusted)
  if (!areEqual(file.network, genesis.networkId)) {
    return fail('wrong-network', 'the file names another network id')
  }

  const { certificate, state, handovers } = file
  const walked = followHandovers(genesis, certificate.header.epoch, handovers, verify)
  if (!walked.ok) return walked
  const context = walked.value

  const checked = checkCertificate(context, certificate, verify)
  if (!checked.ok) return checked

  const stateRoot = getEncodedStateRoot(getStateBytes(bytes))
  const fault = findStateFault(context, certificate.header, state, stateRoot)
  if (fault !== undefined) return fail('wrong-state', fault)

  return succeed({
    file,
    context,
    header: certificate.header,
    headerDigest: checked.value,
    signers: certificate.signatures.map(({ member }) => getMemberId(context, member)),
    state,
  })
}

/**
 * The bytes of a certificate file (SPEC 9.2).
 *
 * @param handovers one for each epoch before the certificate's, ascending; none in epoch 0
 */
export function makeCertificateFile(
  networkId: Digest,
  certificate: Certificate,
  state: State,
  handovers: HandoverProof[],
): Uint8Array {
  return encode(certificateFileType, {
    magic: MAGIC,
    network: networkId,
    certificate,
    state,
    handovers,
  })
}

/** Check 12, in words where it fails. */
function findStateFault(
  context: EpochContext,
  header: Header,
  state: State,
  stateRoot: Digest,
): string | undefined {
  if (!areEqual(stateRoot, header.stateRoot)) return 'the state has another root than the header'
  const { epoch, height, round } = state.meta
  if (epoch !== header.epoch || height !== header.height || round !== header.round) {
    return 'the state is of another epoch, height or round'
  }
  const { targets } = context.parameters
  if (state.targets.length !== targets.length) return 'the state has another number of targets'
  for (const [index, target] of targets.entries()) {
    const found = state.targets[index]
    if (found === undefined || !areEqual(found.id, target.id)) {
      return `the state has another target at index ${index}`
    }
    if (!hasKnownCodes(found)) return `the target at index ${index} has a number of no meaning`
  }
  return findGroupFault(context, state)
}

function findGroupFault({ parameters }: EpochContext, { groups }: State): string | undefined {
  const expected = listGroupIds(parameters)
  if (groups.length !== expected.length) return 'the state has another number of groups'
  for (const [index, group] of groups.entries()) {
    if (toText(group.id) !== expected[index]) return `the state has another group at index ${index}`
    const isNamed = group.signals.every(
      ({ target, signal }) => parameters.targets[target]?.signals[signal] !== undefined,
    )
    if (group.standing > standings.unknown || !isNamed)
      return `the group at index ${index} has a number of no meaning`
  }
  return undefined
}

function hasKnownCodes(target: TargetState): boolean {
  return (
    target.verdict <= verdicts.unknown &&
    target.settled <= verdicts.down &&
    target.streak <= verdicts.down &&
    target.astray <= 1 &&
    target.reasonKind <= reasonKinds.astray &&
    target.outcome <= OUTCOME_MAX &&
    target.referenceKind <= referenceKinds.time
  )
}

function getMemberId(context: EpochContext, member: number): MonitorId {
  const id = context.memberIds[member]
  if (id === undefined) throw new RangeError(`no member has index ${member}`)
  return id
}

function getStateBytes(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = view.getUint32(STATE_OFFSET_AT, true)
  const end = view.getUint32(HANDOVERS_OFFSET_AT, true)
  return bytes.subarray(start, end)
}
