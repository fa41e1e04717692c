import { abstentionCodes } from './codes.ts'
import type { ProbeAnswer, ProbeKind } from './kind.ts'
import { abstained } from './steps.ts'

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n
const IDENTITY_BYTES_MAX = 32

/**
 * Holds a kind to what it declared, since what it says will be signed. What does not fit becomes the
 * abstention `internal`: a fault of the kind is no fault of the target.
 */
export function checkAnswer(kind: ProbeKind, params: object, answer: ProbeAnswer): ProbeAnswer {
  const problem = findProblem(kind, params, answer)
  return problem === undefined ? answer : abstained('internal', `kind ${kind.kind}: ${problem}`)
}

function findProblem(kind: ProbeKind, params: object, answer: ProbeAnswer): string | undefined {
  switch (answer.status) {
    case 'abstained':
      return answer.reason in abstentionCodes ? undefined : `unknown reason ${answer.reason}`
    case 'failed':
      return kind.outcomes.includes(answer.outcome)
        ? undefined
        : `undeclared outcome ${answer.outcome}`
    case 'reached': {
      const names = getSignalNames(kind, params)
      for (const [name, value] of Object.entries(answer.signals)) {
        if (!names.has(name)) return `undeclared signal ${name}`
        if (typeof value !== 'bigint') return `signal ${name} is no integer`
        if (value < INT64_MIN || value > INT64_MAX) return `signal ${name} exceeds 64 bits`
      }
      for (const [name, value] of Object.entries(answer.identities)) {
        if (!kind.identities.some((identity) => identity.name === name)) {
          return `undeclared identity ${name}`
        }
        if (!(value instanceof Uint8Array)) return `identity ${name} is no byte string`
        if (value.length > IDENTITY_BYTES_MAX) return `identity ${name} exceeds 32 bytes`
      }
      const { reference } = answer
      if (reference === undefined) return undefined
      const isKnown = reference.kind === 'height' || reference.kind === 'time'
      return isKnown && Number.isSafeInteger(reference.value) && reference.value >= 0
        ? undefined
        : `reference ${reference.value} is no height or time`
    }
    default:
      return 'an answer of no known status'
  }
}

/** By kind and parameters, which are the same objects in every round. */
const signalNames = new WeakMap<ProbeKind, WeakMap<object, ReadonlySet<string>>>()

/** What a kind declares of a target; listing it anew for each answer costs as much as the checks. */
function getSignalNames(kind: ProbeKind, params: object): ReadonlySet<string> {
  const ofKind = signalNames.get(kind) ?? new WeakMap<object, ReadonlySet<string>>()
  signalNames.set(kind, ofKind)
  const known = ofKind.get(params)
  if (known !== undefined) return known
  const names = new Set(kind.signals(params).map(({ name }) => name))
  ofKind.set(params, names)
  return names
}
