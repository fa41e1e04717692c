import { fromString } from 'uint8arrays/from-string'
import { toString as fromUtf8 } from 'uint8arrays/to-string'
import { areEqual } from './bytes.ts'
import { canonicalJson, isPlainObject } from './canonical-json.ts'
import { limits } from './limits.ts'

/** A probe's parameters as the manifest file has them; the kind's schema says what they mean (SPEC 13). */
export type ProbeParams = Readonly<Record<string, unknown>>

const BOUNDS = { depthMax: limits.paramsDepthMax, lengthMax: limits.paramsBytesMax }

/**
 * The canonical bytes of a target's parameters (SPEC 4.2). Their length is for the caller to check.
 *
 * @throws UncanonicalError for what has no canonical form
 */
export function encodeParams(params: ProbeParams): Uint8Array {
  return fromString(canonicalJson(params, BOUNDS), 'utf8')
}

/**
 * @param bytes `params` of a target
 * @returns what they say, or undefined when they are not canonical JSON of an object (SPEC 4.2)
 */
export function decodeParams(bytes: Uint8Array): ProbeParams | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes, 'utf8'))
    return isPlainObject(value) && areEqual(encodeParams(value), bytes) ? value : undefined
  } catch {
    // Not JSON, or nothing canonical JSON could say: both throw, and both are the same refusal here.
    return undefined
  }
}
