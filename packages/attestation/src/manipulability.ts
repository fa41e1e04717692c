import type { TargetId } from './brands.ts'
import { toText } from './bytes.ts'
import { getFaulty, getQuorum } from './epoch-context.ts'
import type { Manifest, Policy } from './schema.ts'

/** What liars can do to the verdict on one target (SPEC 4.5, 7.8). */
export interface ManipulabilityFinding {
  readonly target: TargetId
  /** Liars alone, while all others observe; or also leading, and leaving out honest attestations. */
  readonly attackers: 'liars' | 'liars-and-leader'
  readonly effect: 'force-down' | 'force-disputed' | 'block-down'
  /** The liars' weight: f. */
  readonly weight: number
}

/**
 * What liars of weight f can force or block, per target, in the order of the targets (SPEC 7.8).
 * Nothing is said of a network where f is 0: there no lie is borne at all.
 */
export function describeManipulability(manifest: Manifest): ManipulabilityFinding[] {
  const weightTotal = manifest.committee.members.reduce((sum, { weight }) => sum + weight, 0)
  const faulty = getFaulty(weightTotal)
  if (faulty === 0) return []
  const situations = [
    { attackers: 'liars', observing: weightTotal },
    { attackers: 'liars-and-leader', observing: getQuorum(weightTotal) },
  ] as const
  return manifest.parameters.targets.flatMap(({ id, policy }) =>
    situations.flatMap(({ attackers, observing }) =>
      findEffects(policy, faulty, observing).map((effect) => ({
        target: toText(id) as TargetId,
        attackers,
        effect,
        weight: faulty,
      })),
    ),
  )
}

function findEffects(
  { failedMin, reachedMin }: Policy,
  faulty: number,
  observing: number,
): ManipulabilityFinding['effect'][] {
  const honest = observing - faulty
  const effects: ManipulabilityFinding['effect'][] = []
  if (faulty * 1000 >= observing * failedMin) effects.push('force-down')
  if (honest * 1000 < observing * reachedMin) effects.push('force-disputed')
  if (honest * 1000 < observing * failedMin) effects.push('block-down')
  return effects
}
