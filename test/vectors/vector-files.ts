import { aggregationVectors } from './aggregation-vectors.ts'
import { arithmeticVectors } from './arithmetic-vectors.ts'
import { certificateVectors } from './certificate-vectors.ts'
import { evidenceVectors } from './evidence-vectors.ts'
import { handoverVectors } from './handover-vectors.ts'
import { malformedVectors } from './malformed-vectors.ts'
import { manifestVectors } from './manifest-vectors.ts'
import { messageVectors } from './message-vectors.ts'
import { paramsVectors } from './params-vectors.ts'
import { readingVectors } from './reading-vectors.ts'
import { signatureVectors } from './signature-vectors.ts'
import { stateVectors } from './state-vectors.ts'
import type { VectorFile, VectorValue } from './vector-values.ts'

/** Every file of vectors that is made by `npm run vectors`. */
export const vectorFiles: readonly VectorFile[] = [
  aggregationVectors,
  arithmeticVectors,
  certificateVectors,
  evidenceVectors,
  handoverVectors,
  malformedVectors,
  manifestVectors,
  messageVectors,
  paramsVectors,
  readingVectors,
  signatureVectors,
  stateVectors,
]

/** A file's text: one vector a line, so that a change shows as the lines that changed. */
export function formatVectors(value: VectorValue): string {
  return `${format(value, 0)}\n`
}

/** Levels that are broken into lines; what lies deeper stays on one. */
const LEVELS_BROKEN = 2

function format(value: VectorValue, level: number): string {
  if (typeof value !== 'object' || value === null || level >= LEVELS_BROKEN) {
    return JSON.stringify(value)
  }
  const indent = '  '.repeat(level + 1)
  const parts = isList(value)
    ? value.map((each) => format(each, level + 1))
    : Object.entries(value).map(
        ([key, each]) => `${JSON.stringify(key)}: ${format(each, level + 1)}`,
      )
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}']
  if (parts.length === 0) return `${open}${close}`
  return `${open}\n${indent}${parts.join(`,\n${indent}`)}\n${'  '.repeat(level)}${close}`
}

function isList(value: VectorValue): value is readonly VectorValue[] {
  return Array.isArray(value)
}
