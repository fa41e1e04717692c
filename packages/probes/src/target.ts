import type { ParamsProblem, PolicyFile, ProbeKind } from './kind.ts'
import { parseParams } from './params.ts'
import { findCredentials } from './public-params.ts'
import type { KindRegistry } from './registry.ts'
import { describeError } from './steps.ts'

/** A signal in the manifest file's form (SPEC 4). */
export interface SignalFile {
  readonly name: string
  readonly unit: string
  readonly scale: number
  readonly aggregate: 'median' | 'corroborated'
}

/** A target in the manifest file's form, every field explicit (SPEC 4). */
export interface TargetFile {
  readonly id: string
  readonly kind: string
  readonly group: string
  readonly provider: string
  readonly shard: number
  readonly timeoutMs: number
  readonly params: Readonly<Record<string, unknown>>
  readonly signals: readonly SignalFile[]
  readonly identities: readonly { readonly name: string }[]
  readonly policy: PolicyFile
}

/** A target as a person writes it down: what the kind knows may be left out. */
export interface TargetDraft {
  readonly id: string
  readonly kind: string
  readonly timeoutMs: number
  readonly params: Readonly<Record<string, unknown>>
  readonly group?: string
  readonly provider?: string
  readonly shard?: number
  readonly signals?: readonly SignalFile[]
  readonly identities?: readonly { readonly name: string }[]
  /** Fields given here replace those of the kind's default policy. */
  readonly policy?: Partial<PolicyFile>
}

/** The target in full, or why the kind refuses it. Paths begin at the target. */
export type ExpandedTarget =
  | { readonly ok: true; readonly target: TargetFile }
  | { readonly ok: false; readonly problems: readonly ParamsProblem[] }

/**
 * Writes out what a kind knows about a target: defaults of its parameters, signals, identities and
 * policy. The manifest then says it all, so that a later version's defaults change no network.
 */
export function expandTarget(draft: TargetDraft, registry: KindRegistry): ExpandedTarget {
  const kind = registry.get(draft.kind)
  if (kind === undefined) return { ok: false, problems: [unknownKind(draft.kind, registry)] }
  try {
    return expandWith(kind, draft, registry)
  } catch (error) {
    return { ok: false, problems: [describeThrown(kind, error)] }
  }
}

function expandWith(kind: ProbeKind, draft: TargetDraft, registry: KindRegistry): ExpandedTarget {
  const parsed = parseParams(kind, draft.params)
  if (!parsed.ok) return parsed
  const group = draft.group ?? ''
  const policy = {
    ...kind.defaultPolicy(parsed.params, { timeoutMs: draft.timeoutMs, group }),
    ...draft.policy,
  }
  const target: TargetFile = {
    id: draft.id,
    kind: draft.kind,
    group,
    provider: draft.provider ?? '',
    shard: draft.shard ?? 0,
    timeoutMs: draft.timeoutMs,
    params: parsed.params as Record<string, unknown>,
    signals: draft.signals ?? listDefaultSignals(kind, parsed.params, policy),
    identities: draft.identities ?? kind.identities.map(({ name }) => ({ name })),
    policy,
  }
  const problems = checkTargetParams(target, registry)
  return problems.length === 0 ? { ok: true, target } : { ok: false, problems }
}

/**
 * Checks what only the kind can: parameters, and that the signals and identities named are its own,
 * in its units. A target may name fewer than the kind yields. Paths begin at the target.
 */
export function checkTargetParams(
  target: Pick<TargetFile, 'kind' | 'params' | 'signals' | 'identities'>,
  registry: KindRegistry,
): readonly ParamsProblem[] {
  const kind = registry.get(target.kind)
  if (kind === undefined) {
    return [unknownKind(target.kind, registry), ...findCredentials(target.params, ['params'])]
  }
  try {
    return checkWith(kind, target)
  } catch (error) {
    return [describeThrown(kind, error)]
  }
}

function checkWith(
  kind: ProbeKind,
  target: Pick<TargetFile, 'params' | 'signals' | 'identities'>,
): readonly ParamsProblem[] {
  const parsed = parseParams(kind, target.params)
  if (!parsed.ok) return parsed.problems
  const signals = listSignals(kind, parsed.params)
  const names = kind.identities.map(({ name }) => name)
  return [
    ...target.signals.flatMap((signal, index) => {
      const known = signals.find(({ name }) => name === signal.name)
      if (known === undefined) {
        const expected = `one of ${signals.map(({ name }) => name).join(', ') || 'none'}`
        return [
          { path: ['signals', index, 'name'], code: 'unknown-signal', expected, got: signal.name },
        ]
      }
      return (['unit', 'scale', 'aggregate'] as const).flatMap((field) =>
        known[field] === signal[field]
          ? []
          : [
              {
                path: ['signals', index, field],
                code: 'wrong-signal',
                expected: String(known[field]),
                got: String(signal[field]),
              },
            ],
      )
    }),
    ...target.identities.flatMap(({ name }, index) =>
      names.includes(name)
        ? []
        : [
            {
              path: ['identities', index, 'name'],
              code: 'unknown-identity',
              expected: `one of ${names.join(', ') || 'none'}`,
              got: name,
            },
          ],
    ),
  ]
}

/** Those of a target that names none itself: extra ones where a threshold is on them. */
function listDefaultSignals(kind: ProbeKind, params: object, policy: PolicyFile): SignalFile[] {
  const extra = new Set(kind.signals(params).flatMap((each) => (each.extra ? [each.name] : [])))
  const judged = new Set(policy.thresholds.map(({ signal }) => signal))
  return listSignals(kind, params).filter(({ name }) => !extra.has(name) || judged.has(name))
}

function listSignals(kind: ProbeKind, params: object): SignalFile[] {
  return kind
    .signals(params)
    .map(({ name, unit, scale, aggregate }) => ({ name, unit, scale, aggregate }))
}

function unknownKind(name: string, registry: KindRegistry): ParamsProblem {
  const expected = `one of ${[...registry.keys()].join(', ')}`
  return { path: ['kind'], code: 'unknown-kind', expected, got: name }
}

/** A kind that throws cannot judge the target: one of a third party may. */
function describeThrown({ kind }: ProbeKind, error: unknown): ParamsProblem {
  const expected = `a kind that does not throw (${describeError(error).slice(0, 200)})`
  return { path: ['kind'], code: 'kind-throws', expected, got: kind }
}
