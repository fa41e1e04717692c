import type { Target, TargetIndex } from '@watchfire/attestation'
import { aggregateCodes } from '../codes.ts'
import type { Abstained, ProbeKind } from '../kind.ts'
import { decodeName } from '../observation.ts'
import { decodeParams } from '../params.ts'
import type { KindRegistry } from '../registry.ts'
import { abstained, describeError } from '../steps.ts'

/** A target with its kind and parameters ready, or what we say of it every round instead. */
export type PreparedTarget = {
  readonly index: TargetIndex
  readonly timeoutMs: number
} & (
  | { readonly ok: true; readonly kind: ProbeKind; readonly params: object }
  | { readonly ok: false; readonly stop: Abstained }
)

/**
 * A monitor that lacks a target's kind abstains (SPEC 13), and likewise one whose version of the kind
 * does not take its parameters or gives its signals in other units: agreeing on those would be wrong.
 */
export function prepareTarget(
  target: Target,
  index: TargetIndex,
  registry: KindRegistry,
): PreparedTarget {
  const basis = { index, timeoutMs: target.timeoutMs }
  const refuse = (detail: string) => ({
    ...basis,
    ok: false as const,
    stop: abstained('unsupported-kind', detail),
  })
  const name = decodeName(target.kind)
  const kind = registry.get(name)
  if (kind === undefined) return refuse(`no kind ${name}`)
  try {
    return prepareFor(kind)
  } catch (error) {
    return refuse(`kind ${name} threw: ${describeError(error)}`)
  }

  function prepareFor(own: ProbeKind): PreparedTarget {
    const parsed = decodeParams(own, target.params)
    if (!parsed.ok) {
      const [problem] = parsed.problems
      return refuse(`${problem?.path.join('.') ?? 'params'}: expected ${problem?.expected ?? ''}`)
    }
    const mismatch = findMismatch(target, own, parsed.params)
    return mismatch === undefined
      ? { ...basis, ok: true, kind: own, params: parsed.params }
      : refuse(mismatch)
  }
}

function findMismatch(target: Target, kind: ProbeKind, params: object): string | undefined {
  const known = new Map(kind.signals(params).map((signal) => [signal.name, signal]))
  for (const signal of target.signals) {
    const name = decodeName(signal.name)
    const own = known.get(name)
    if (own === undefined) return `kind ${kind.kind} gives no signal ${name}`
    const agrees =
      own.unit === decodeName(signal.unit) &&
      own.scale === signal.scale &&
      aggregateCodes[own.aggregate] === signal.aggregate
    if (!agrees) return `kind ${kind.kind} gives signal ${name} otherwise`
  }
  for (const { name } of target.identities) {
    const text = decodeName(name)
    if (!kind.identities.some((identity) => identity.name === text)) {
      return `kind ${kind.kind} gives no identity ${text}`
    }
  }
  return undefined
}
