import {
  abstentions,
  getCodeName,
  observationStatuses,
  outcomes,
  toHex,
  toText,
  type EpochContext,
  type Observation,
  type TargetId,
} from '@watchfire/attestation'
import type { FeedAttestation } from '../feed-source.ts'
import { formatTime } from './freshness.ts'
import { readIdentity, readReference, readSignal } from './target-reading.ts'
import type { AttestationReading, ObservationReading } from './schemas.ts'

function readObservation(context: EpochContext, observation: Observation): ObservationReading {
  const target = context.parameters.targets[observation.target]
  // Admission refuses observations of targets that are not there (SPEC 8.2).
  if (target === undefined) throw new Error(`no target has index ${observation.target}`)
  const codes = observation.status === observationStatuses.failed ? outcomes : abstentions
  return {
    target: toText(target.id),
    status: getCodeName(observationStatuses, observation.status) as ObservationReading['status'],
    code: observation.code === 0 ? null : getCodeName(codes, observation.code),
    reference: readReference(observation.referenceKind, observation.reference),
    signals: observation.signals.map((signal) => readSignal(target, signal)),
    identities: observation.identities.map((identity) => readIdentity(target, identity)),
  }
}

/**
 * One member's signed batch, with the bytes to check its signature by.
 *
 * @param only shows the observation of this target alone
 */
export function readAttestation(
  context: EpochContext,
  attestation: FeedAttestation,
  only: TargetId | undefined,
): AttestationReading {
  const { message } = attestation
  const observations = message.observations.map((each) => readObservation(context, each))
  return {
    monitor: context.memberIds[message.member] ?? String(message.member),
    attestedRound: message.round,
    shard: message.shard,
    digest: toHex(attestation.digest),
    signature: toHex(attestation.signature),
    receivedAt: formatTime(attestation.receivedAtMs),
    bytes: Buffer.from(attestation.bytes).toString('base64'),
    observations: observations.filter((each) => only === undefined || each.target === only),
  }
}
