import type { Digest, Height, Round } from './brands.ts'
import { compareBytes, fromText, toBits, toText } from './bytes.ts'
import { isPlainObject, UncanonicalError } from './canonical-json.ts'
import { aggregates, astrayNames, thresholdOps, verdicts } from './codes.ts'
import { PROTOCOL } from './domains.ts'
import { limits } from './limits.ts'
import { type Field, ManifestReader, type Path } from './manifest-reader.ts'
import { checkCommittee, checkParameters, isIdentifier } from './manifest-rules.ts'
import { findWarnings } from './manifest-warnings.ts'
import { encodeParams } from './params.ts'
import type { Problem } from './problem.ts'
import type {
  Committee,
  Handover,
  IdentityDef,
  Manifest,
  Member,
  Parameters,
  Policy,
  SignalDef,
  Target,
  Threshold,
} from './schema.ts'

const UINT8_MAX = 2 ** 8 - 1
const UINT16_MAX = 2 ** 16 - 1
const UINT32_MAX = 2 ** 32 - 1
/** The only format of manifests so far (SPEC 3). */
const FORMAT = 1
const SEVERITIES = { degraded: verdicts.degraded, down: verdicts.down }
/** What a target astray is, unless its policy says otherwise: it answers, and what it says is wrong. */
const ASTRAY = verdicts.degraded

/** A manifest that satisfies SPEC 4.4, or every reason why what was read is none. */
export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Turns what parsing a manifest file gave into the one canonical manifest (SPEC chapter 4): defaults
 * filled in, names made numbers, members and targets sorted by id, every rule of 4.4 checked.
 *
 * @param value what a JSON or YAML 1.2 parser gave: plain objects, lists, strings, numbers (or
 *   bigints), booleans, null
 * @returns problems and warnings with paths into `value`, in its own order
 */
export function parseManifest(value: unknown): ParsedManifest {
  const reader = new ManifestReader()
  const draft = readManifest(reader, { value, path: [] })
  // What does not have the right shape cannot be held against the rules.
  if (reader.problems.length > 0) return { ok: false, problems: reader.problems }

  const problems = [
    ...checkCommittee(draft.committee).map((problem) => under(['committee'], problem)),
    ...checkParameters(draft.parameters).map((problem) => under(['parameters'], problem)),
  ]
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, manifest: getSorted(draft), warnings: findWarnings(draft) }
}

function under(path: Path, problem: Problem): Problem {
  return { ...problem, path: [...path, ...problem.path] }
}

/** SPEC 4.3: in the encoding, members and targets ascend by id. */
function getSorted(manifest: Manifest): Manifest {
  const { committee, parameters } = manifest
  return {
    ...manifest,
    committee: { members: committee.members.toSorted(byId) },
    parameters: { ...parameters, targets: parameters.targets.toSorted(byId) },
  }
}

function byId(a: { readonly id: Uint8Array }, b: { readonly id: Uint8Array }): number {
  return compareBytes(a.id, b.id)
}

function readManifest(reader: ManifestReader, field: Field): Manifest {
  const names = ['format', 'protocol', 'name', 'features', 'committee', 'parameters'] as const
  const fields = reader.readObject(field, names)
  return {
    format: readVersion(reader, fields.format, FORMAT),
    protocol: readVersion(reader, fields.protocol, PROTOCOL),
    name: readName(reader, fields.name),
    features: readFeatures(reader, fields.features),
    committee: readCommittee(reader, fields.committee),
    parameters: readParameters(reader, fields.parameters),
  }
}

function readVersion(reader: ManifestReader, field: Field, only: number): number {
  if (field.value !== only) {
    const code = field.value === undefined ? 'missing' : 'out-of-range'
    reader.report(field.path, code, String(only), field.value)
  }
  return only
}

function readName(reader: ManifestReader, field: Field): Uint8Array {
  if (field.value === '') reader.report(field.path, 'too-few', 'at least 1 character', field.value)
  return reader.readText(field, limits.idBytesMax)
}

function readIdentifier(reader: ManifestReader, field: Field, bytesMax: number): Uint8Array {
  const before = reader.problems.length
  const id = reader.readText(field, bytesMax)
  if (reader.problems.length === before && !isIdentifier(id)) {
    const expected = 'an identifier: [a-z0-9][a-z0-9._-]*'
    reader.report(field.path, 'not-an-identifier', expected, field.value)
  }
  return id
}

function readFeatures(reader: ManifestReader, field: Field): Uint8Array[] {
  const seen = new Set<string>()
  return reader.readList(field, limits.featuresMax, true).map((item) => {
    const feature = readIdentifier(reader, item, limits.nameBytesMax)
    if (seen.has(toText(feature))) {
      reader.report(item.path, 'duplicate', 'a feature named once', item.value)
    }
    seen.add(toText(feature))
    return feature
  })
}

function readCommittee(reader: ManifestReader, field: Field): Committee {
  const items = reader.readList(field, limits.membersMax)
  return { members: items.map((item) => readMember(reader, item)) }
}

function readMember(reader: ManifestReader, field: Field): Member {
  const names = ['id', 'publicKey', 'weight', 'region', 'network', 'operator'] as const
  const fields = reader.readObject(field, names)
  return {
    id: reader.readText(fields.id, limits.idBytesMax),
    publicKey: reader.readHash(fields.publicKey),
    weight: reader.readInteger(fields.weight, Number.MAX_SAFE_INTEGER),
    region: reader.readText(fields.region, limits.idBytesMax, ''),
    network: reader.readText(fields.network, limits.idBytesMax, ''),
    operator: reader.readText(fields.operator, limits.idBytesMax, ''),
  }
}

const PARAMETER_NAMES = [
  'originRound',
  'originMs',
  'roundMs',
  'attestByMs',
  'proposeAtMs',
  'viewTimeoutMs',
  'viewTimeoutMsMax',
  'roundsBehindMax',
  'gapMax',
  'shards',
  'targets',
  'handover',
] as const

function readParameters(reader: ManifestReader, field: Field): Parameters {
  const fields = reader.readObject(field, PARAMETER_NAMES)
  const viewTimeoutMs = reader.readInteger(fields.viewTimeoutMs, UINT32_MAX)
  return {
    originRound: reader.readInteger(fields.originRound, Number.MAX_SAFE_INTEGER, 0) as Round,
    originMs: reader.readInteger(fields.originMs, Number.MAX_SAFE_INTEGER),
    roundMs: reader.readInteger(fields.roundMs, UINT32_MAX),
    attestByMs: reader.readInteger(fields.attestByMs, UINT32_MAX),
    proposeAtMs: reader.readInteger(fields.proposeAtMs, UINT32_MAX),
    viewTimeoutMs,
    viewTimeoutMsMax: reader.readInteger(fields.viewTimeoutMsMax, UINT32_MAX, 16 * viewTimeoutMs),
    roundsBehindMax: reader.readInteger(fields.roundsBehindMax, UINT16_MAX, 8),
    gapMax: reader.readInteger(fields.gapMax, UINT16_MAX, 30),
    shards: reader.readInteger(fields.shards, UINT16_MAX, 1),
    targets: reader
      .readList(fields.targets, limits.targetsMax)
      .map((item) => readTarget(reader, item)),
    handover: reader.readList(fields.handover, 1, true).map((item) => readHandover(reader, item)),
  }
}

function readHandover(reader: ManifestReader, field: Field): Handover {
  const fields = reader.readObject(field, ['lastHeight', 'committee', 'parameters'])
  return {
    lastHeight: reader.readInteger(fields.lastHeight, Number.MAX_SAFE_INTEGER) as Height,
    committee: reader.readHash(fields.committee) as Digest,
    parameters: reader.readHash(fields.parameters) as Digest,
  }
}

const TARGET_NAMES = [
  'id',
  'kind',
  'group',
  'provider',
  'shard',
  'timeoutMs',
  'params',
  'signals',
  'identities',
  'policy',
] as const

function readTarget(reader: ManifestReader, field: Field): Target {
  const fields = reader.readObject(field, TARGET_NAMES)
  const signals = reader
    .readList(fields.signals, limits.signalsMax)
    .map((item) => readSignal(reader, item))
  return {
    id: reader.readText(fields.id, limits.idBytesMax),
    kind: reader.readText(fields.kind, limits.nameBytesMax),
    group: reader.readText(fields.group, limits.idBytesMax, ''),
    provider: reader.readText(fields.provider, limits.idBytesMax, ''),
    shard: reader.readInteger(fields.shard, UINT16_MAX, 0),
    timeoutMs: reader.readInteger(fields.timeoutMs, UINT32_MAX),
    params: readParams(reader, fields.params),
    signals,
    identities: reader
      .readList(fields.identities, limits.identitiesMax, true)
      .map((item) => readIdentity(reader, item)),
    policy: readPolicy(reader, fields.policy, signals),
  }
}

function readSignal(reader: ManifestReader, field: Field): SignalDef {
  const fields = reader.readObject(field, ['name', 'unit', 'scale', 'aggregate'])
  return {
    name: reader.readText(fields.name, limits.nameBytesMax),
    unit: reader.readText(fields.unit, limits.unitBytesMax),
    scale: reader.readInteger(fields.scale, UINT8_MAX),
    aggregate: reader.readName(fields.aggregate, aggregates),
  }
}

function readIdentity(reader: ManifestReader, field: Field): IdentityDef {
  const fields = reader.readObject(field, ['name'])
  return { name: reader.readText(fields.name, limits.nameBytesMax) }
}

function readParams(reader: ManifestReader, field: Field): Uint8Array {
  const { value, path } = field
  if (!isPlainObject(value)) {
    const code = value === undefined ? 'missing' : 'wrong-type'
    reader.report(path, code, 'an object', value)
    return fromText('{}')
  }
  try {
    const bytes = encodeParams(value)
    if (bytes.length <= limits.paramsBytesMax) return bytes
    const expected = `at most ${limits.paramsBytesMax} bytes of JSON`
    reader.report(path, 'too-long', expected, bytes.length)
  } catch (error) {
    if (!(error instanceof UncanonicalError)) throw error
    reader.report([...path, ...error.path], 'bad-params', error.message)
  }
  return fromText('{}')
}

const POLICY_NAMES = [
  'reachedMin',
  'failedMin',
  'fallRounds',
  'riseRounds',
  'regionsMin',
  'networksMin',
  'operatorsMin',
  'astray',
  'thresholds',
] as const

function readPolicy(reader: ManifestReader, field: Field, signals: readonly SignalDef[]): Policy {
  const fields = reader.readObject(field, POLICY_NAMES)
  return {
    reachedMin: reader.readInteger(fields.reachedMin, UINT16_MAX),
    failedMin: reader.readInteger(fields.failedMin, UINT16_MAX),
    fallRounds: reader.readInteger(fields.fallRounds, UINT16_MAX),
    riseRounds: reader.readInteger(fields.riseRounds, UINT16_MAX),
    regionsMin: reader.readInteger(fields.regionsMin, UINT8_MAX, 0),
    networksMin: reader.readInteger(fields.networksMin, UINT8_MAX, 0),
    operatorsMin: reader.readInteger(fields.operatorsMin, UINT8_MAX, 0),
    astray:
      fields.astray.value === undefined ? ASTRAY : reader.readName(fields.astray, astrayNames),
    thresholds: reader
      .readList(fields.thresholds, limits.thresholdsMax)
      .map((item) => readThreshold(reader, item, signals)),
  }
}

/** `{ signal, above | below | lag: value, clear, severity }`, the signal by its name (SPEC 4.1). */
function readThreshold(
  reader: ManifestReader,
  field: Field,
  signals: readonly SignalDef[],
): Threshold {
  const names = ['signal', 'above', 'below', 'lag', 'clear', 'severity'] as const
  const fields = reader.readObject(field, names)
  const ops = (['above', 'below', 'lag'] as const).filter((op) => fields[op].value !== undefined)
  const [op, ...others] = ops
  if (op === undefined || others.length > 0) {
    const code = op === undefined ? 'missing' : 'bad-threshold'
    reader.report(field.path, code, 'one of above, below, lag', ops.length || undefined)
  }
  const name = toText(reader.readText(fields.signal, limits.nameBytesMax))
  const signal = signals.findIndex((candidate) => toText(candidate.name) === name)
  if (signal < 0 && typeof fields.signal.value === 'string') {
    reader.report(fields.signal.path, 'bad-threshold', 'a signal of this target', name)
  }
  const value = op === undefined ? 0n : reader.readInt64(fields[op])
  return {
    signal: Math.max(signal, 0),
    op: op === undefined ? 0 : thresholdOps[op],
    value: toBits(value),
    clear: toBits(fields.clear.value === undefined ? value : reader.readInt64(fields.clear)),
    severity: reader.readName(fields.severity, SEVERITIES),
  }
}
