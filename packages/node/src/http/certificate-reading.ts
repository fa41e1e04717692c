import { getWeight, listExcluded, toHex, toText, type EpochContext } from '@watchfire/attestation'
import type { FeedRecord, FeedSource } from '../feed-source.ts'
import { formatRoundStart } from './freshness.ts'
import { readTarget } from './target-reading.ts'
import type { CertificateSummary, TargetReading } from './reading-schemas.ts'
import type { StateAnswer } from './schemas.ts'

const getMemberId = (context: EpochContext, index: number): string =>
  context.memberIds[index] ?? String(index)

/** A certificate in words: what it covers, what it leaves out (SPEC 9.5), who signed. */
export function readCertificate(source: FeedSource, record: FeedRecord): CertificateSummary {
  const { context } = source
  const { header, certificate } = record
  const members = certificate.signatures.map((signature) => signature.member)
  const missing = header.round - header.parentRound - 1
  return {
    epoch: header.epoch,
    height: header.height,
    round: header.round,
    roundStart: formatRoundStart(source, header.round),
    parentRound: header.parentRound,
    gap:
      missing > 0 ? { from: header.parentRound + 1, to: header.round - 1, rounds: missing } : null,
    view: certificate.view,
    descendants: certificate.descendants.length,
    headerDigest: toHex(record.headerDigest),
    parent: toHex(header.parent),
    stateRoot: toHex(header.stateRoot),
    body: toHex(header.body),
    signers: members.map((member) => getMemberId(context, member)),
    weight: getWeight(context, members),
    quorum: context.quorum,
    weightTotal: context.weightTotal,
    committee: context.memberIds.length,
  }
}

/** Targets `from` to `to` of a state, `to` excluded, in the order of the manifest. */
export function readTargets(
  source: FeedSource,
  record: FeedRecord,
  from: number,
  to: number,
): TargetReading[] {
  const { context } = source
  const readings: TargetReading[] = []
  for (let index = from; index < Math.min(to, record.state.targets.length); index++) {
    const state = record.state.targets[index]
    const target = context.parameters.targets[index]
    if (state === undefined || target === undefined)
      throw new Error(`state and parameters disagree on target ${index}`)
    readings.push(readTarget(context, target, state, record.state.groups))
  }
  return readings
}

/** Members whose observations do not count any more (SPEC 7.2). */
export function readExcluded(source: FeedSource, record: FeedRecord): StateAnswer['excluded'] {
  return listExcluded(source.context, record.state).map(({ monitor, since }) => ({
    monitor,
    round: since,
  }))
}

/** The corroborated heads of the groups (SPEC 7.6). */
export function readGroups(record: FeedRecord): StateAnswer['groups'] {
  return record.state.groups.map((group) => ({
    id: toText(group.id),
    heads: group.heads.map((head) => ({
      name: toText(head.name),
      value: BigInt.asIntN(64, head.value).toString(),
      weight: head.weight,
    })),
  }))
}
