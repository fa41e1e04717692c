import {
  describeStanding,
  formatQuantity,
  type GroupHealth,
  groupStatesMax,
  type HeadHealth,
  type Height,
  type ProviderHealth,
} from '@watchfire/attestation'
import type { FeedRecord, FeedSource } from '../feed-source.ts'
import { formatRoundStart } from './freshness.ts'
import type { GroupReading, ProviderReading } from './health-schemas.ts'
import { getVerdictName } from './target-reading.ts'

/** Target states read for one answer: reading more would hold up the node itself. */
const targetStatesMax = 65_536

/**
 * The newest records, ascending: as many as groups are looked at over, as far as they are kept, and
 * fewer where there are thousands of targets.
 */
export function listNewest(source: FeedSource): readonly FeedRecord[] {
  const latest = source.latest()
  if (latest === undefined) return []
  const affordable = Math.floor(targetStatesMax / Math.max(1, latest.state.targets.length))
  const count = Math.min(groupStatesMax, Math.max(2, affordable))
  return source.listAfter(Math.max(0, latest.height - count) as Height, count)
}

/** How a chain is, in words and numbers (SPEC 12.1). */
export function readGroup(group: GroupHealth): GroupReading {
  const { id, standing, heads, forks, signals, targets } = group
  return {
    id,
    standing,
    words: describeStanding(group),
    heads: heads.map((head) => ({
      ...readQuantity(head),
      weight: head.weight,
      advance: head.advance?.toString() ?? null,
      overMs: head.overMs ?? null,
      intervalMs: head.intervalMs?.toString() ?? null,
      advancedAt: head.advancedAt ?? null,
    })),
    forks: forks.map(({ identity, height, branches, majority, astray }) => ({
      identity,
      height,
      branches: branches.map(({ value, targets: on }) => ({ value, targets: [...on] })),
      majority: majority ?? null,
      astray: [...astray],
    })),
    signals: signals.map((signal) => ({ ...readQuantity(signal), targets: signal.targets })),
    targets: targets.map((target) => ({ id: target.id, verdict: getVerdictName(target.verdict) })),
  }
}

/** What a provider runs, and its incident if it has one (SPEC 12.2). */
export function readProvider(source: FeedSource, provider: ProviderHealth): ProviderReading {
  const { id, targets, incident } = provider
  return {
    id,
    targets: targets.map(({ id: target, verdict, since }) => ({
      id: target,
      verdict: getVerdictName(verdict),
      since: verdict === 0 ? null : since,
    })),
    incident:
      incident === undefined
        ? null
        : {
            since: incident.since,
            sinceStart: formatRoundStart(source, incident.since),
            down: [...incident.down],
            judged: incident.judged,
            words: `${incident.down.length} of ${incident.judged} targets of ${id} are down: ${incident.down.join(', ')}`,
          },
  }
}

function readQuantity({
  name,
  value,
  scale,
  unit,
}: Pick<HeadHealth, 'name' | 'value' | 'scale' | 'unit'>) {
  return { name, value: value.toString(), scale, unit, text: formatQuantity(value, scale, unit) }
}
