import {
  type Json,
  type JsonObject,
  makeMemberJson,
} from '../../packages/attestation/test/support/network-fixture.ts'
import { networkJson } from '../vectors/networks.ts'
import type { Draws } from './draws.ts'

const TEXTS = [
  '',
  'a',
  'A',
  'z.9_-',
  ' ',
  '\u00e9',
  '\u007f',
  'median',
  'down',
  'a'.repeat(33),
  'a'.repeat(65),
]
const HASHES = ['AB'.repeat(32), 'ab'.repeat(31)]
const INT64_MAX = '9223372036854775807'
const DECIMALS = ['0', '01', '-0', INT64_MAX, '9223372036854775808', '-9223372036854775808']
const NUMBERS = [0, 1, 2, -1, 50, 1.5, 255, 256, 501, 65_536, 2 ** 32, 2 ** 53 - 1, 2 ** 53]
const VALUES: readonly Json[] = [null, true, ...TEXTS, ...HASHES, ...DECIMALS, ...NUMBERS]

/** A manifest with one or two things in it changed, as somebody might have written it. */
export function changeManifest(draws: Draws): Json {
  const json = structuredClone(draws.pick([networkJson.main, networkJson.full])) as JsonObject
  for (let change = 1 + draws.below(2); change > 0; change--) changeJson(json, draws)
  return json
}

function changeJson(json: JsonObject, draws: Draws): void {
  const parent = draws.pick(listParents(json))
  if (Array.isArray(parent)) {
    const at = draws.below(parent.length + 1)
    const added = draws.pick([...VALUES, [], {}, makeMemberJson('m9'), ...parent.slice(0, 1)])
    if (draws.oneIn(3)) parent.reverse()
    else parent.splice(at, draws.below(2), ...(draws.oneIn(2) ? [structuredClone(added)] : []))
    return
  }
  const key = draws.pick([...Object.keys(parent), 'colour'])
  if (draws.oneIn(5)) delete parent[key]
  else parent[key] = structuredClone(draws.pick([...VALUES, [], {}]))
}

function listParents(json: Json): (Json[] | JsonObject)[] {
  if (typeof json !== 'object' || json === null) return []
  return [json, ...Object.values(json).flatMap((child) => listParents(child))]
}
