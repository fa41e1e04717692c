import type { Target, TargetIndex } from '@watchfire/attestation'
import { aggregateCodes } from '../codes.ts'
import type { Abstained, ProbeKind } from '../kind.ts'
import { bindSecrets, type Credentials, type SecretBinding } from '../net/credentials.ts'
import { decodeName } from '../observation.ts'
import { decodeParams } from '../params.ts'
import type { KindRegistry } from '../registry.ts'
import { abstained, describeError } from '../steps.ts'

/** Secrets that an operator has bound, by the id of their target. */
export type Secrets = ReadonlyMap<string, readonly SecretBinding[]>

/** A target with its kind and parameters ready, or what we say of it every round instead. */
export type PreparedTarget = {
  readonly index: TargetIndex
  readonly timeoutMs: number
} & (
  | {
      readonly ok: true
      readonly kind: ProbeKind
      readonly params: object
      readonly credentials?: Credentials
    }
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
  secrets: Secrets = new Map(),
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
    if (mismatch !== undefined) return refuse(mismatch)
    const ready = { ...basis, ok: true as const, kind: own, params: parsed.params }
    const bindings = secrets.get(decodeName(target.id)) ?? []
    const access = findAccess(own, parsed.params, bindings)
    return access.ok
      ? { ...ready, ...access.credentials }
      : { ...basis, ok: false, stop: abstained('no-secret', access.detail) }
  }
}

/** What is said of a target with the parameter `secret` where nothing is bound. */
export const NO_SECRET = 'the target needs a secret, and none is bound on this monitor'

type Access =
  | { readonly ok: true; readonly credentials: { readonly credentials?: Credentials } }
  | { readonly ok: false; readonly detail: string }

/** What a target is asked with, or why this monitor cannot ask it. */
function findAccess(kind: ProbeKind, params: object, bindings: readonly SecretBinding[]): Access {
  if (bindings.length === 0) {
    return 'secret' in params ? { ok: false, detail: NO_SECRET } : { ok: true, credentials: {} }
  }
  if (!takesSecrets(kind)) return { ok: false, detail: `kind ${kind.kind} takes no secrets` }
  const bound = bindSecrets(params, bindings)
  return bound.ok
    ? { ok: true, credentials: { credentials: bound.credentials } }
    : { ok: false, detail: `expected a secret for ${bound.expected}, got one for ${bound.got}` }
}

/** A kind with the parameter `secret` is asked by URL, through what applies secrets. */
export function takesSecrets(kind: ProbeKind): boolean {
  const { properties } = kind.params as { readonly properties?: object }
  return properties !== undefined && 'secret' in properties
}

/**
 * Why what is bound to a target cannot be used, or that what it needs is not bound; undefined where
 * all is well.
 */
export function findSecretProblem(
  target: Target,
  registry: KindRegistry,
  secrets: Secrets,
): string | undefined {
  const prepared = prepareTarget(target, 0 as TargetIndex, registry, secrets)
  return !prepared.ok && prepared.stop.reason === 'no-secret' ? prepared.stop.detail : undefined
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
