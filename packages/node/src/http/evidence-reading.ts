import { getEvidencePlace, getSignedDigests, toHex } from '@watchfire/attestation'
import type { FeedEvidence, FeedSource } from '../feed-source.ts'
import { formatRoundStart } from './freshness.ts'
import type { EvidenceReading } from './schemas.ts'

/** What one member signed twice, the proof, and whether a block holds it (SPEC 8.4). */
export function readEvidence(source: FeedSource, known: FeedEvidence): EvidenceReading {
  const { offender, evidence, digest, inclusion, file } = known
  const place = getEvidencePlace(evidence)
  const isAttestation = place.kind === 'attestation'
  return {
    digest: toHex(digest),
    monitor: offender,
    kind: place.kind,
    epoch: place.epoch,
    view: isAttestation ? null : place.view,
    attestedRound: isAttestation ? place.round : null,
    shard: isAttestation ? place.shard : null,
    signed: getSignedDigests(source.networkId, evidence).map((each) => toHex(each)),
    inclusion:
      inclusion === undefined
        ? null
        : {
            round: inclusion.round,
            roundStart: formatRoundStart(source, inclusion.round),
            height: inclusion.height ?? null,
          },
    file: Buffer.from(file).toString('base64'),
  }
}
