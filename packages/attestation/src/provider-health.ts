import type { Round, TargetId } from './brands.ts'
import { toText } from './bytes.ts'
import { verdicts } from './codes.ts'
import type { EpochContext } from './epoch-context.ts'
import type { State } from './state-schema.ts'

// SPEC 12.1: many targets of one provider down at once are one incident, and it is the provider's.

/** Targets that must be down before it is the provider's incident and not theirs. */
export const incidentTargetsMin = 2

/** A target with what was agreed on it. */
export interface ProviderTarget {
  readonly id: TargetId
  readonly verdict: number
  readonly since: Round
}

/** What many of a provider's targets have in common: they are down. */
export interface ProviderIncident {
  /** Round since which at least as many of those that are down now were down as it takes. */
  readonly since: Round
  /** In the order of the parameters. */
  readonly down: readonly TargetId[]
  /** Targets of the provider with a verdict other than none and unknown. */
  readonly judged: number
}

/** How what one provider runs is. */
export interface ProviderHealth {
  readonly id: string
  /** In the order of the parameters. */
  readonly targets: readonly ProviderTarget[]
  readonly incident: ProviderIncident | undefined
}

/**
 * What each provider runs, and whether it has an incident (SPEC 12.1).
 *
 * @param state a certified state of the context's epoch
 * @returns ascending by id; targets that name no provider are left out
 */
export function viewProviders(context: EpochContext, state: State): readonly ProviderHealth[] {
  const byProvider = new Map<string, ProviderTarget[]>()
  for (const [index, target] of context.parameters.targets.entries()) {
    const provider = toText(target.provider)
    const id = context.targetIds[index]
    const agreed = state.targets[index]
    if (provider === '' || id === undefined || agreed === undefined) continue
    const { verdict, since } = agreed
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), { id, verdict, since }])
  }
  return [...byProvider]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, targets]) => ({ id, targets, incident: findIncident(targets) }))
}

function findIncident(targets: readonly ProviderTarget[]): ProviderIncident | undefined {
  const judged = targets.filter(({ verdict }) => verdict !== 0 && verdict !== verdicts.unknown)
  const down = judged.filter(({ verdict }) => verdict === verdicts.down)
  // Half of those judged, rounded up.
  const needed = Math.max(incidentTargetsMin, Math.ceil(judged.length / 2))
  const began = down.toSorted((a, b) => a.since - b.since)[needed - 1]
  if (began === undefined) return undefined
  return { since: began.since, down: down.map(({ id }) => id), judged: judged.length }
}
