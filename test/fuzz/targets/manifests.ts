import {
  areEqual,
  canonicalJson,
  checkHandoverCommittee,
  checkHandoverParameters,
  decode,
  decodeParams,
  encode,
  encodeParams,
  formatProblem,
  fromHex,
  getNetworkId,
  isPlainObject,
  makeGenesisContext,
  manifestType,
  parseManifest,
  type ParsedManifest,
  type ProblemCode,
  UncanonicalError,
} from '@watchfire/attestation'
import type { Prng } from '../../sim/world/prng.ts'
import { readVectors } from '../../vectors/committed-vectors.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { drawJson, type JsonValue, mutateJson } from '../mutate-json.ts'
import { check, type FuzzTarget, listCodes, type Outcome } from '../target.ts'
import { fromUtf8, toUtf8 } from '../text.ts'

export const problemCodes = listCodes<ProblemCode>({
  missing: true,
  'unknown-field': true,
  'wrong-type': true,
  'out-of-range': true,
  'too-few': true,
  'too-many': true,
  'too-long': true,
  'not-text': true,
  'not-an-identifier': true,
  'not-hex': true,
  'unknown-name': true,
  duplicate: true,
  unordered: true,
  'bad-key': true,
  'heavy-member': true,
  'bad-params': true,
  'bad-threshold': true,
  'bad-clear': true,
  'no-targets': true,
  'unreachable-vantage': true,
})

const vectors = readVectors('manifests')
const values = [
  ...vectors.accepted.map(({ value }) => value as JsonValue),
  ...vectors.rejected.map(({ value }) => value as JsonValue),
].filter((value) => JSON.stringify(value).length <= 20_000)

/** Values of parsers that JSON has no words for, by the text that stands for them. */
const STRANGE: ReadonlyMap<string, () => unknown> = new Map(
  Object.entries({
    '!undefined': () => undefined,
    '!nan': () => Number.NaN,
    '!infinity': () => Number.POSITIVE_INFINITY,
    '!bigint': () => 5n,
    '!huge': () => 2n ** 200n,
    '!date': () => new Date(0),
    '!bytes': () => new Uint8Array(3),
    '!map': () => new Map([['a', 1]]),
    '!symbol': () => Symbol('s'),
    '!function': () => Math.abs,
    '!bare': () => Object.assign(Object.create(null) as object, { a: 1 }),
    '!undefineds': () => Array.from({ length: 3 }),
    '!cycle': () => {
      const cycle: { self?: unknown; list: unknown[] } = { list: [] }
      cycle.self = cycle
      cycle.list.push(cycle)
      return cycle
    },
  }),
)

/** JSON, with texts that stand for what a parser of YAML may give. */
function readValue(input: Uint8Array): unknown {
  const text = fromUtf8(input)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON: the text itself is a value too.
    return text
  }
  return revive(value)
}

function revive(value: unknown): unknown {
  if (typeof value === 'string') {
    const make = STRANGE.get(value)
    return make === undefined ? value : make()
  }
  if (Array.isArray(value)) return value.map(revive)
  if (!isPlainObject(value)) return value
  const object = {}
  for (const [key, item] of Object.entries(value)) {
    const property = { value: revive(item), configurable: true, enumerable: true, writable: true }
    Object.defineProperty(object, key, property)
  }
  return object
}

export function drawManifest(prng: Prng): JsonValue {
  const value = prng.pick(values)
  return prng.chance(60) ? value : mutateJson(prng, value)
}

function drawStrange(prng: Prng): Uint8Array {
  const text = JSON.stringify(drawManifest(prng))
  if (prng.chance(850)) return toUtf8(text)
  // In the place of some string stands what JSON cannot say.
  const places = [...text.matchAll(/:("[^"\\]*"|\d+)/g)]
  const place = places.length === 0 ? undefined : prng.pick(places)
  if (place === undefined) return toUtf8(JSON.stringify(prng.pick([...STRANGE.keys()])))
  const start = place.index + 1
  const strange = JSON.stringify(prng.pick([...STRANGE.keys()]))
  return toUtf8(text.slice(0, start) + strange + text.slice(start + (place[1]?.length ?? 0)))
}

/** What must hold of any reading of a manifest (SPEC 4). */
export function checkParsed(parsed: ParsedManifest): Outcome {
  if (!parsed.ok) {
    const [first] = parsed.problems
    check(first !== undefined, 'refused without a problem')
    for (const problem of parsed.problems) {
      check(problemCodes.includes(problem.code), `a problem has the code ${problem.code}`)
      check((problem.got?.length ?? 0) < 200, 'what was found is shown without bound')
      formatProblem(problem)
    }
    return { code: first.code, trace: parsed.problems.map(formatProblem).join('; ') }
  }
  const { manifest, warnings } = parsed
  warnings.forEach(formatProblem)
  const bytes = encode(manifestType, manifest)
  const decoded = decode(manifestType, bytes)
  check(decoded.ok, 'an admitted manifest does not decode')
  check(areEqual(encode(manifestType, decoded.value), bytes), 'it has two encodings')
  const context = makeGenesisContext(manifest)
  check(areEqual(context.networkId, getNetworkId(decoded.value)), 'it has two network ids')
  check(context.quorum > 0 && context.quorum <= context.weightTotal, 'its quorum is none')
  const problems = [
    ...checkHandoverCommittee(manifest.committee),
    ...checkHandoverParameters(manifest.parameters),
  ]
  check(problems.length === 0, `handed over, it would be refused: ${problems[0]?.code ?? ''}`)
  return { code: 'accepted', trace: context.networkId.join() }
}

/** Any value a parser may give, as a manifest. */
export const manifests: FuzzTarget = {
  name: 'manifests',
  codes: problemCodes,
  share: 3,
  open: () => ({
    draw: drawStrange,
    run: (input) => checkParsed(parseManifest(readValue(input))),
  }),
}

const params = readVectors('params')
const paramsBytes = [...params.accepted, ...params.rejected].map(({ bytes }) => fromHex(bytes))

/** Canonical JSON of a target's parameters (SPEC 4.2): bytes decode exactly when they are canonical. */
export const canonicalParams: FuzzTarget = {
  name: 'canonical-params',
  codes: ['not-canonical', 'no-form'],
  share: 6,
  open: () => ({
    draw(prng) {
      if (prng.chance(400)) return mutateBytes(prng, prng.pick(paramsBytes), paramsBytes)
      const text = JSON.stringify(mutateJson(prng, drawJson(prng, 8)))
      return prng.chance(300) ? mutateBytes(prng, toUtf8(text)) : toUtf8(text)
    },
    run(input) {
      const before = Uint8Array.from(input)
      const decoded = decodeParams(input)
      if (decoded !== undefined) {
        check(areEqual(encodeParams(decoded), before), 'accepted bytes are not canonical')
        return { code: 'accepted' }
      }
      const value = readValue(input)
      try {
        const text = canonicalJson(value)
        // Whatever has a canonical form keeps it when it is read again.
        check(canonicalJson(JSON.parse(text)) === text, 'the canonical form is not stable')
        return { code: 'not-canonical' }
      } catch (error) {
        if (!(error instanceof UncanonicalError)) throw error
        return { code: 'no-form', trace: error.message }
      }
    },
  }),
}
