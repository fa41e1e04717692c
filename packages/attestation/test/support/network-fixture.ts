import assert from 'node:assert/strict'
import {
  type Committee,
  type EpochContext,
  fromText,
  getPublicKey,
  type Manifest,
  type MemberIndex,
  makeGenesisContext,
  type MonitorId,
  type Parameters,
  parseManifest,
  sha256,
  toHex,
} from '@watchfire/attestation'

/** A value as parsing JSON gives it, free to change: tests break manifests in every way. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** The secret key of a member, by its id: no secret at all, and the same on every machine. */
export function makeSecret(id: string): Uint8Array {
  return sha256(fromText(`watchfire test key of ${id}`))
}

export function makeMemberJson(id: string, weight = 1): JsonObject {
  return {
    id,
    publicKey: toHex(getPublicKey(makeSecret(id))),
    weight,
    region: '',
    network: '',
    operator: '',
  }
}

/** A target in the manifest file's form with every field that has no default. */
export function makeTargetJson(id: string): JsonObject {
  return {
    id,
    kind: 'http',
    timeoutMs: 800,
    params: { url: `http://${id}.example/` },
    signals: [{ name: 'latency', unit: 'us', scale: 0, aggregate: 'median' }],
    policy: {
      reachedMin: 667,
      failedMin: 667,
      fallRounds: 3,
      riseRounds: 2,
      thresholds: [{ signal: 'latency', above: 500_000, severity: 'degraded' }],
    },
  }
}

/** A small manifest that is admitted: four members of weight 1 and two targets. */
export function makeManifestJson(): JsonObject {
  return {
    format: 1,
    protocol: 1,
    name: 'example',
    committee: ['m1', 'm2', 'm3', 'm4'].map((id) => makeMemberJson(id)),
    parameters: {
      originMs: 1_763_683_200_000,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      targets: [makeTargetJson('chain'), makeTargetJson('web')],
    },
  }
}

/** A copy of `json` with one place changed; `undefined` removes it. */
export function withChange(
  json: JsonObject,
  path: readonly (string | number)[],
  value: Json | undefined,
): JsonObject {
  const copy = structuredClone(json)
  let place: Json = copy
  for (const step of path.slice(0, -1)) place = getChild(place, step)
  const last = path.at(-1)
  assert.ok(last !== undefined && typeof place === 'object' && place !== null)
  const parent = place as Record<string | number, Json>
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

function getChild(parent: Json, step: string | number): Json {
  assert.ok(typeof parent === 'object' && parent !== null, `nothing lies at ${step}`)
  const child = (parent as Record<string | number, Json>)[step]
  assert.ok(child !== undefined, `nothing lies at ${step}`)
  return child
}

/** The manifest that `json` says; fails the test where it is refused. */
export function readManifest(json: Json): Manifest {
  const parsed = parseManifest(json)
  if (!parsed.ok) assert.fail(`refused: ${JSON.stringify(parsed.problems)}`)
  return parsed.manifest
}

export function makeContext(json: Json = makeManifestJson()): EpochContext {
  return makeGenesisContext(readManifest(json))
}

/** A committee and parameters as a hand-over has them, made by the rules of manifests. */
export function makeNextEpoch(memberIds: readonly string[]): {
  committee: Committee
  parameters: Parameters
} {
  const members = memberIds.map((id) => makeMemberJson(id))
  const { committee, parameters } = readManifest({ ...makeManifestJson(), committee: members })
  return { committee, parameters }
}

export function getSecret(context: EpochContext, member: MemberIndex): Uint8Array {
  const id: MonitorId | undefined = context.memberIds[member]
  assert.ok(id !== undefined)
  return makeSecret(id)
}

/** Every member's index, ascending. */
export function getMembers(context: EpochContext): MemberIndex[] {
  return context.memberIds.map((_, index) => index as MemberIndex)
}
