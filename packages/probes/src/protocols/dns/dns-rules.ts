import type { Answer, DecodedPacket } from 'dns-packet'
import { type Static, Type } from 'typebox'
import type { ParamsProblem, ProbeContext, Step, Stop } from '../../kind.ts'
import { checkPatterns, makeSearch, patternsSchema, placePatterns } from '../../parts/patterns.ts'
import { strictObject } from '../../parts/schemas.ts'
import { done, failed, stopped } from '../../steps.ts'
import { formatName, formatRecord, recordTypes } from './dns-records.ts'

/** Of a section's records as they are searched; a message of 64 KiB can name more than it holds. */
export const SECTION_CHARS_MAX = 65_536

/** What the records of one section of an answer must be like, each as a line of a zone file. */
export const sectionSchema = Type.Optional(
  strictObject({
    every: patternsSchema('Patterns each of which every record must match.'),
    some: patternsSchema('Patterns one of which a record must match.'),
    none: patternsSchema('Patterns that no record may match.'),
  }),
)
type SectionRule = NonNullable<Static<typeof sectionSchema>>

/** Rules for the sections of an answer (RFC 1035 4.1). */
export interface SectionRules {
  readonly answer?: SectionRule
  readonly authority?: SectionRule
  readonly additional?: SectionRule
}

const sections = {
  answer: ({ answers }) => answers,
  authority: ({ authorities }) => authorities,
  additional: ({ additionals }) => additionals,
} as const satisfies Record<keyof SectionRules, (message: DecodedPacket) => Answer[] | undefined>
const sectionNames = ['answer', 'authority', 'additional'] as const

/** Refuses patterns that are none, and rules for a section that are too large. */
export function checkRules(rules: SectionRules): readonly ParamsProblem[] {
  return sectionNames.flatMap((name) => {
    const rule = rules[name]
    if (rule === undefined) return []
    const placed = (['every', 'some', 'none'] as const).flatMap((field) =>
      placePatterns(field, rule[field]),
    )
    return checkPatterns(
      placed.map(({ path, pattern }) => ({ path: [name, ...path], pattern })),
      SECTION_CHARS_MAX,
    )
  })
}

/** What is wrong with the sections of an answer. */
export function judgeSections(
  rules: SectionRules,
  message: DecodedPacket,
  context: ProbeContext,
): Stop | undefined {
  for (const name of sectionNames) {
    const rule = rules[name]
    if (rule === undefined) continue
    const lines = formatSection(sections[name](message) ?? [])
    if (!lines.ok) return lines.stop
    const judged = context.compute(() => findFault(rule, lines.value))
    if (!judged.ok) return judged.stop
    if (judged.value !== undefined) return failed('content', `${name}: ${judged.value}`)
  }
  return undefined
}

function findFault(
  { every = [], some = [], none = [] }: SectionRule,
  lines: readonly string[],
): string | undefined {
  const search = makeSearch([...every, ...none, ...some])
  let isSome = some.length === 0
  for (const line of lines) {
    const found = search(line)
    const missing = every.find((_pattern, index) => !found.has(index))
    if (missing !== undefined) return `${line} does not match ${missing}`
    const wrong = none.find((_pattern, index) => found.has(every.length + index))
    if (wrong !== undefined) return `${line} matches ${wrong}`
    isSome ||= some.some((_pattern, index) => found.has(every.length + none.length + index))
  }
  return isSome ? undefined : `no record matches any of ${some.join(', ')}`
}

/** Records as lines: name, time to live, class, type and data. What is about the message itself is none. */
function formatSection(records: readonly Answer[]): Step<string[]> {
  const lines: string[] = []
  let chars = 0
  for (const record of records) {
    if (record.type === 'OPT') continue
    const line = formatLine(record)
    chars += line.length
    if (chars > SECTION_CHARS_MAX) {
      return stopped(failed('protocol', `more than ${SECTION_CHARS_MAX} characters of records`))
    }
    lines.push(line)
  }
  return done(lines)
}

function formatLine(record: Exclude<Answer, { type: 'OPT' }>): string {
  const known = recordTypes.find((type) => type === record.type)
  const data = known === undefined ? undefined : formatRecord(record, known)
  const ttl = 'ttl' in record ? (record.ttl ?? 0) : 0
  const head = `${formatName(record.name)} ${ttl} IN ${record.type}`
  return data === undefined ? head : `${head} ${data}`
}
