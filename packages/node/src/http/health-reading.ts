import {
  describeStanding,
  formatQuantity,
  type GroupHealth,
  type HeadHealth,
  type ProviderHealth,
} from '@watchfire/attestation'
import type { FeedSource } from '../feed-source.ts'
import { formatRoundStart } from './freshness.ts'
import type { GroupReading, ProviderReading } from './health-schemas.ts'
import { getVerdictName } from './target-reading.ts'

/** How a chain is, in words and numbers (SPEC 7.11). */
export function readGroup(source: FeedSource, group: GroupHealth): GroupReading {
  const { id, standing, since, heads, forks, signals, targets } = group
  return {
    id,
    standing,
    since,
    sinceStart: formatRoundStart(source, since),
    words: describeStanding(group),
    heads: heads.map((head) => ({
      ...readQuantity(head),
      weight: head.weight,
      intervalUs: head.intervalUs ?? null,
      behindMs: head.behindMs ?? null,
      risenAt: head.risenAt ?? null,
    })),
    forks: forks.map(({ identity, height, branches, majority, astray }) => ({
      identity,
      height,
      branches: branches.map(({ value, targets: on }) => ({ value, targets: [...on] })),
      majority: majority ?? null,
      astray: [...astray],
    })),
    signals: signals.map((signal) => ({ ...readQuantity(signal), targets: signal.targets })),
    targets: targets.map(({ id: target, verdict, astray }) => ({
      id: target,
      verdict: getVerdictName(verdict),
      astray,
    })),
  }
}

/** What a provider runs, and its incident if it has one (SPEC 12.1). */
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
