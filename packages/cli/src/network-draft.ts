import { type Manifest, parseManifest, type Problem } from '@watchfire/attestation'
import { getRoundTimes } from './round-times.ts'

/** What is given besides the draft: flags, or the devnet's own choices. */
export interface DraftOptions {
  readonly name?: string
  /** Added to the draft's own members. */
  readonly members?: readonly Readonly<Record<string, unknown>>[]
  /** Length of a round; the other times follow from it where the draft does not give them. */
  readonly roundMs?: number
  /** When round 0 begins, where the draft does not say. */
  readonly originMs: number
  /** npm packages of further kinds. */
  readonly kinds?: readonly string[]
}

export interface DraftProblem {
  readonly path: readonly (string | number)[]
  readonly expected: string
  readonly got?: string
}

export type CompletedDraft =
  | {
      readonly ok: true
      readonly manifest: Manifest
      readonly warnings: readonly Problem[]
    }
  | { readonly ok: false; readonly problems: readonly DraftProblem[] }

const ROUND_MS_DEFAULT = 2000

type Fields = Record<string, unknown>

/**
 * Makes a manifest of a draft: a file of the manifest's own shape in which may be left out what
 * follows from the rest. Times follow from `roundMs`; a target's signals, identities, policy and
 * default parameters from its kind. Paths of problems are paths into the draft.
 */
export async function completeDraft(
  draft: unknown,
  options: DraftOptions,
): Promise<CompletedDraft> {
  if (!isObject(draft)) return refuse([], 'the fields of a manifest')
  const { committee = [], parameters = {}, ...rest } = draft
  if (!Array.isArray(committee)) return refuse(['committee'], 'a list of members')
  if (!isObject(parameters)) return refuse(['parameters'], 'the fields of parameters')
  const { roundMs = options.roundMs ?? ROUND_MS_DEFAULT, targets = [], ...others } = parameters
  if (typeof roundMs !== 'number') return refuse(['parameters', 'roundMs'], 'milliseconds')
  if (!Array.isArray(targets)) return refuse(['parameters', 'targets'], 'a list of targets')

  const { timeoutMs, ...times } = getRoundTimes(roundMs)
  const expanded = await expandTargets(targets, timeoutMs, options.kinds)
  if (!expanded.ok) return expanded
  const parsed = parseManifest({
    format: 1,
    protocol: 1,
    ...rest,
    ...(options.name === undefined ? {} : { name: options.name }),
    committee: [...committee, ...(options.members ?? [])],
    parameters: { originMs: options.originMs, ...times, ...others, targets: expanded.targets },
  })
  return parsed
}

async function expandTargets(
  targets: readonly unknown[],
  timeoutMs: number,
  kinds: readonly string[] | undefined,
): Promise<{ ok: true; targets: unknown[] } | { ok: false; problems: readonly DraftProblem[] }> {
  // Loaded here: most commands know no kinds.
  const { expandTarget } = await import('@watchfire/probes')
  const { readKinds } = await import('./kind-packages.ts')
  const registry = await readKinds(kinds === undefined ? {} : { kinds })
  const problems: DraftProblem[] = []
  const full = targets.map((target, index) => {
    const at = ['parameters', 'targets', index]
    if (!isObject(target)) {
      problems.push({ path: at, expected: 'the fields of a target' })
      return target
    }
    const shape = { timeoutMs, params: {}, ...target }
    const fault = findShapeFault(shape)
    if (fault !== undefined) {
      problems.push({ path: [...at, fault[0]], expected: fault[1] })
      return target
    }
    const result = expandTarget(shape as unknown as Parameters<typeof expandTarget>[0], registry)
    if (result.ok) return result.target
    problems.push(...result.problems.map((each) => ({ ...each, path: [...at, ...each.path] })))
    return target
  })
  return problems.length === 0 ? { ok: true, targets: full } : { ok: false, problems }
}

/** What a kind may take for granted; everything else is parseManifest's to judge. */
function findShapeFault(target: Fields): readonly [field: string, expected: string] | undefined {
  if (typeof target['id'] !== 'string') return ['id', 'an identifier']
  if (typeof target['kind'] !== 'string') return ['kind', 'the name of a kind']
  if (!isObject(target['params'])) return ['params', "the kind's parameters"]
  if (typeof target['timeoutMs'] !== 'number') return ['timeoutMs', 'milliseconds']
  if (!isObject(target['policy'] ?? {})) return ['policy', 'the fields of a policy']
  if (typeof (target['group'] ?? '') !== 'string') return ['group', 'an identifier']
  for (const list of ['signals', 'identities']) {
    const value = target[list] ?? []
    if (!Array.isArray(value) || !value.every(isObject)) return [list, `a list of ${list}`]
  }
  return undefined
}

function refuse(path: readonly string[], expected: string): CompletedDraft {
  return { ok: false, problems: [{ path, expected }] }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
