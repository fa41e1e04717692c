import {
  type Attestation,
  decode,
  type EpochContext,
  getAttestationDigest,
  getCodeName,
  getRoundStartMs,
  makeGenesisContext,
  observationStatuses,
  signedAttestationType,
  toHex,
  verifySignature,
} from '@watchfire/attestation'
import { readAnswer } from '../answer.ts'
import { getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { getObservationCode, viewSignal } from '../state-view.ts'
import { renderTable } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { noteAgreement } from './agreement-note.ts'
import type { ApiOptions } from './status.ts'
import { formatMoment } from '../text/units.ts'

export interface AttestationsOptions extends ApiOptions {
  readonly manifest?: string
  readonly round?: string
  readonly monitor?: string
  readonly target?: string
  readonly limit?: string
}

/** One signed batch, with whether its signature is its member's. */
export interface CheckedAttestation {
  readonly message: Attestation
  readonly monitor: string
  readonly receivedAt: string | undefined
  readonly digest: string
  readonly signature: string
  readonly isValid: boolean
}

/**
 * `watchfire attestations`: what monitors signed. Each signature is checked here, against the
 * manifest; the node's own reading of the bytes is not used.
 *
 * @returns 0, or 1 when a signature does not hold
 */
export async function attestationsCommand(
  terminal: Terminal,
  options: AttestationsOptions,
): Promise<number> {
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const context = makeGenesisContext(manifest)
  const query = new URLSearchParams()
  for (const name of ['round', 'monitor', 'target', 'limit'] as const) {
    const value = options[name]
    if (value !== undefined) query.set(name, value)
  }
  const path = `/v1/attestations${query.size === 0 ? '' : `?${query.toString()}`}`
  const answer = readAnswer(await api.getJson(path))
  const checked = answer.list('attestations').map((item) => {
    const bytes = Buffer.from(item.text('bytes') ?? '', 'base64')
    return checkAttestation(context, bytes, item.text('receivedAt'), api.url)
  })
  const invalid = checked.filter(({ isValid }) => !isValid).length
  if (options.json === true) {
    for (const each of checked) terminal.out(JSON.stringify(toJson(context, each, options.target)))
  } else {
    for (const line of formatAttestations(terminal, context, checked, options.target)) {
      terminal.out(line)
    }
    const count = `${checked.length} attestation${checked.length === 1 ? '' : 's'}`
    terminal.err(invalid === 0 ? `${count}, every signature valid` : `${count}, ${invalid} INVALID`)
    noteAgreement(terminal, answer)
  }
  return invalid === 0 ? exitCodes.ok : exitCodes.failure
}

/** @throws CommandFault (1) for bytes that are no attestation */
export function checkAttestation(
  context: EpochContext,
  bytes: Uint8Array,
  receivedAt: string | undefined,
  url: string,
): CheckedAttestation {
  const decoded = decode(signedAttestationType, bytes)
  if (!decoded.ok) {
    throw new CommandFault(
      exitCodes.failure,
      `${url}: an attestation is malformed: ${decoded.detail}`,
    )
  }
  const { message, signature } = decoded.value
  const member = context.committee.members[message.member]
  const digest = getAttestationDigest(context.networkId, message)
  return {
    message,
    monitor: context.memberIds[message.member] ?? `member ${message.member}`,
    receivedAt,
    digest: toHex(digest),
    signature: toHex(signature),
    isValid: member !== undefined && verifySignature(signature, digest, member.publicKey),
  }
}

function listObservations(context: EpochContext, message: Attestation, only: string | undefined) {
  return message.observations.flatMap((observation) => {
    const target = context.targetIds[observation.target] ?? `target ${observation.target}`
    const definition = context.parameters.targets[observation.target]
    if (only !== undefined && target !== only) return []
    const status = getCodeName(observationStatuses, observation.status)
    const code =
      status === 'failed' || status === 'abstained'
        ? getObservationCode(status, observation.code)
        : undefined
    const signals = observation.signals.flatMap(({ index, value }) => {
      const view = definition && viewSignal(definition, index, value)
      return view === undefined ? [] : [view]
    })
    return [{ target, status, code, signals }]
  })
}

function toJson(context: EpochContext, each: CheckedAttestation, only: string | undefined): object {
  const { message, monitor, isValid, digest, signature, receivedAt } = each
  return {
    monitor,
    round: message.round,
    roundStart: formatMoment(getRoundStartMs(context.parameters, message.round)),
    shard: message.shard,
    valid: isValid,
    digest,
    signature,
    receivedAt: receivedAt ?? null,
    observations: listObservations(context, message, only),
  }
}

function formatAttestations(
  terminal: Terminal,
  context: EpochContext,
  checked: readonly CheckedAttestation[],
  only: string | undefined,
): string[] {
  const columns = ['round', 'monitor', 'signature', 'target', 'status', 'signals'].map((title) => ({
    title,
    isRight: title === 'round',
  }))
  const rows = checked.flatMap((each) =>
    listObservations(context, each.message, only).map(({ target, status, code, signals }, at) => [
      at === 0 ? String(each.message.round) : '',
      at === 0 ? each.monitor : '',
      at > 0 ? '' : each.isValid ? 'valid' : paint(terminal, 'red', 'INVALID'),
      target,
      paint(
        terminal,
        status === 'reached' ? 'green' : status === 'failed' ? 'red' : 'gray',
        code === undefined ? status : `${status}: ${code}`,
      ),
      signals.map(({ name, text }) => `${name} ${text}`).join(', '),
    ]),
  )
  return renderTable(terminal, columns, rows)
}
