import { RE2JS, RE2Set } from 're2js'
import { Type } from 'typebox'
import type { ParamsProblem } from '../kind.ts'
import { estimatePatternSize } from './pattern-size.ts'

// Regular expressions out of a manifest run on every operator's machine. JavaScript's own engine can
// be made to search for ever; RE2's takes time in proportion to the size of pattern and text, and both
// are bounded here.

/** Instructions that the patterns of one target are compiled to, all together. */
export const PATTERN_SIZE_MAX = 500
/** Size of the patterns times bytes of the text: some 20 ns each at worst. */
export const SEARCH_STEPS_MAX = 8_388_608
/** What a search may keep of what it has learnt; beyond it goes on without, and slower. */
const SEARCH_MEMORY_BYTES_MAX = 262_144

/** A regular expression in RE2's syntax, found anywhere in a text. */
export const patternSchema = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'Regular expression in RE2’s syntax, to be found anywhere.',
})

/** @param description - of what is searched for them */
export function patternsSchema(description: string) {
  return Type.Optional(Type.Array(patternSchema, { minItems: 1, maxItems: 8, description }))
}

/** A pattern, and where among the parameters it stands. */
export interface PlacedPattern {
  readonly path: readonly (string | number)[]
  readonly pattern: string
}

/** The patterns of a list that stands among the parameters. */
export function placePatterns(field: string, patterns: readonly string[] = []): PlacedPattern[] {
  return patterns.map((pattern, index) => ({ path: [field, index], pattern }))
}

/**
 * Refuses what is no pattern (`bad-pattern`), and patterns that could take too long
 * (`pattern-too-costly`).
 *
 * @param patterns - all that are searched for in one text
 * @param textBytesMax - of that text
 */
export function checkPatterns(
  patterns: readonly PlacedPattern[],
  textBytesMax: number,
): readonly ParamsProblem[] {
  let size = 0
  for (const { path, pattern } of patterns) {
    const estimate = estimatePatternSize(pattern)
    if (estimate === undefined) return [bad(path, 'a pattern without \\Q', pattern)]
    if (estimate > 2 * PATTERN_SIZE_MAX) return [tooCostly(path, `size ${estimate}`, textBytesMax)]
    try {
      size += RE2JS.compile(pattern).programSize()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return [bad(path, `a pattern in RE2’s syntax (${why})`, pattern)]
    }
    if (size > PATTERN_SIZE_MAX || size * textBytesMax > SEARCH_STEPS_MAX) {
      return [tooCostly(path, `size ${size}`, textBytesMax)]
    }
  }
  return []
}

function bad(path: PlacedPattern['path'], expected: string, got: string): ParamsProblem {
  return { path, code: 'bad-pattern', expected, got }
}

function tooCostly(path: PlacedPattern['path'], got: string, textBytesMax: number): ParamsProblem {
  const sizeMax = Math.min(PATTERN_SIZE_MAX, Math.floor(SEARCH_STEPS_MAX / textBytesMax))
  const expected = `patterns of size ${sizeMax} at most, for ${textBytesMax} bytes to search`
  return { path, code: 'pattern-too-costly', expected, got }
}

/**
 * Makes what searches texts for all patterns in one pass. Only for patterns that {@link checkPatterns}
 * let through, and within the round's time for it (`context.compute`).
 *
 * @returns gives the indexes of those found
 */
export function makeSearch(patterns: readonly string[]): (text: string) => ReadonlySet<number> {
  const set = new RE2Set(RE2Set.UNANCHORED, 0, SEARCH_MEMORY_BYTES_MAX)
  for (const pattern of patterns) set.add(pattern)
  set.compile()
  return (text) => new Set(set.match(text))
}

/** Searches one text, as {@link makeSearch} does. */
export function findPatterns(patterns: readonly string[], text: string): ReadonlySet<number> {
  return patterns.length === 0 ? new Set() : makeSearch(patterns)(text)
}

/** What groups of a pattern stand for in a text: the whole first. Undefined where it is not found. */
export function findGroups(pattern: string, text: string): readonly string[] | undefined {
  const found = RE2JS.compile(pattern).exec(text)
  return found === null ? undefined : Array.from(found, (group: string | undefined) => group ?? '')
}
