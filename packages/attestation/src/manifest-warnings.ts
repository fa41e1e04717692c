import { toHex } from './bytes.ts'
import { getFaulty } from './epoch-context.ts'
import { makeProblem, type Problem } from './problem.ts'
import type { Manifest } from './schema.ts'

/** What a manifest may say but its maker should know; paths as in {@link Problem}. */
export function findWarnings(manifest: Manifest): Problem[] {
  const { members } = manifest.committee
  const { targets } = manifest.parameters
  const warnings: Problem[] = []
  if (getFaulty(members.reduce((sum, { weight }) => sum + weight, 0)) === 0) {
    const expected = 'at least 4 members of like weight, so that one may fail'
    warnings.push(makeProblem(['committee'], 'heavy-member', expected, members.length))
  }
  if (targets.length === 0) {
    warnings.push(makeProblem(['parameters', 'targets'], 'no-targets', 'at least 1 target'))
  }
  const available = {
    regionsMin: countDistinct(members.map(({ region }) => region)),
    networksMin: countDistinct(members.map(({ network }) => network)),
    operatorsMin: countDistinct(members.map(({ operator }) => operator)),
  }
  for (const [index, { policy }] of targets.entries()) {
    for (const name of ['regionsMin', 'networksMin', 'operatorsMin'] as const) {
      if (policy[name] <= available[name]) continue
      const path = ['parameters', 'targets', index, 'policy', name]
      const expected = `at most ${available[name]}, as many as the committee has, or no verdict is ever down`
      warnings.push(makeProblem(path, 'unreachable-vantage', expected, policy[name]))
    }
  }
  return warnings
}

/** Distinct labels, empty ones left out (SPEC 7.7). */
function countDistinct(labels: readonly Uint8Array[]): number {
  return new Set(labels.filter((label) => label.length > 0).map(toHex)).size
}
