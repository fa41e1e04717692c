import { type TargetIndex, viewMonitors, viewNetworks, viewRegions } from '@watchfire/attestation'
import type { FeedRecord, FeedSource } from '../feed-source.ts'
import type { VantageReading } from './health-schemas.ts'

/** Attestations of one round that are looked at: of 256 members, twice over. */
const attestationsMax = 512

/** Who sees what of a target in a certified round (SPEC 12.2). */
export function readVantage(
  source: FeedSource,
  record: FeedRecord | undefined,
  index: TargetIndex,
): VantageReading {
  const { context } = source
  const target = context.parameters.targets[index]
  const state = record?.state.targets[index]
  const id = context.targetIds[index]
  if (record === undefined || target === undefined || state === undefined || id === undefined)
    return null
  const attested = source.attestations({ round: record.round, target: id, limit: attestationsMax })
  const messages = attested.map(({ message }) => message)
  const { monitors, isWhole } = viewMonitors(context, record.state, index, messages)
  return {
    regions: [...viewRegions(target.policy, state)],
    networks: [...viewNetworks(target.policy, monitors)],
    monitors: monitors.map((each) => ({ ...each, code: each.code ?? null })),
    isWhole,
  }
}
