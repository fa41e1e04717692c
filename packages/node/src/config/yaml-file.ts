import { readFileSync, statSync } from 'node:fs'
import { isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { type ConfigFault, type Finding, formatPath } from './config-fault.ts'

/** Bytes of a file read as configuration: far above any manifest of SPEC chapter 3. */
const fileBytesMax = 64 * 1_048_576
/** Findings shown of one file. */
const findingsMax = 32
/** Aliases expanded in one file, so that a small file cannot become a huge one. */
const aliasesMax = 100
/** Levels of a file: far above any that is meant, far below where a reader's stack ends. */
const levelsMax = 64
/** Characters of what the parser says: it repeats what it found, however long that is. */
const messageCharsMax = 300

type Path = readonly (string | number)[]

/** A parsed YAML or JSON file that still knows where in it every field stands. */
export interface YamlFile {
  readonly file: string
  readonly value: unknown
  /** A finding at the field of this path, or at the nearest one around it that is there. */
  find(path: Path, message: string): Finding
}

/** A file that was parsed, or why it could not be. */
export type ReadYamlFile =
  | { readonly ok: true; readonly value: YamlFile }
  | { readonly ok: false; readonly fault: ConfigFault }

/** Reads a YAML 1.2 file, of which JSON is a part. */
export function readYamlFile(file: string): ReadYamlFile {
  let text: string
  try {
    if (statSync(file).size > fileBytesMax)
      return refuse(file, 'unreadable', `expected at most ${fileBytesMax} bytes`)
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT') return refuse(file, 'missing', 'no such file')
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return refuse(file, 'malformed', 'expected UTF-8 text')
    return refuse(file, 'unreadable', `cannot be read (${code})`)
  }
  return parseYaml(file, text)
}

function refuse(file: string, code: ConfigFault['code'], message: string): ReadYamlFile {
  const finding = { file, line: undefined, column: undefined, field: '', message }
  return { ok: false, fault: { code, file, findings: [finding] } }
}

/** @param file name for findings */
export function parseYaml(file: string, text: string): ReadYamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' })
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const tooDeep = () =>
    refuse(
      file,
      'malformed',
      `expected at most ${levelsMax} levels, and no alias to what it stands in`,
    )
  // SPEC 4: other versions read `yes` and `010` otherwise, so one file would be two manifests.
  const directive = /^%YAML(?:[ \t]+(\S+))?/m.exec(text)
  if (document.directives?.yaml.explicit === true && directive?.[1] !== '1.2') {
    const message = `expected YAML 1.2, got ${shorten(directive?.[0] ?? 'another version')}`
    const place = at(directive?.index ?? 0)
    const finding: Finding = { file, ...place, field: '', message }
    return { ok: false, fault: { code: 'malformed', file, findings: [finding] } }
  }
  // The parser's stack ends sooner or later: that is the same finding wherever it happened.
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return tooDeep()
  const failures = document.errors.slice(0, findingsMax).map(
    (error): Finding => ({
      file,
      ...at(error.pos[0]),
      field: '',
      message: `expected YAML: ${shorten(error.message)}`,
    }),
  )
  if (failures.length > 0)
    return { ok: false, fault: { code: 'malformed', file, findings: failures } }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: aliasesMax })
  } catch (error) {
    if (error instanceof RangeError) return tooDeep()
    const message = error instanceof Error ? error.message : String(error)
    return refuse(file, 'malformed', `expected YAML: ${shorten(message)}`)
  }
  if (getLevels(value) > levelsMax) return tooDeep()
  return {
    ok: true,
    value: {
      file,
      value,
      find(path, message) {
        const offset = findOffset(document.contents, path)
        // Of an empty file its beginning.
        const place = offset === undefined ? { line: 1, column: 1 } : at(offset)
        return { file, ...place, field: formatPath(path), message }
      },
    },
  }
}

function shorten(message: string): string {
  return message.length <= messageCharsMax ? message : `${message.slice(0, messageCharsMax)}…`
}

/**
 * How deep a value nests. Through an alias it may hold itself, which has no end: a reader that
 * follows it, such as one that shows what was found, would have none either.
 */
function getLevels(
  value: unknown,
  depth = 0,
  known: Map<object, number> = new Map<object, number>(),
): number {
  if (typeof value !== 'object' || value === null) return 0
  const before = known.get(value)
  if (before !== undefined) return before
  if (depth > levelsMax) return Number.POSITIVE_INFINITY
  let levels = 0
  for (const item of Object.values(value))
    levels = Math.max(levels, getLevels(item, depth + 1, known))
  known.set(value, levels + 1)
  return levels + 1
}

/** Where the deepest part of `path` that is in the document begins: the key of a field, else the item. */
function findOffset(contents: unknown, path: Path): number | undefined {
  if (!isNode(contents)) return undefined
  let node: Node = contents
  let offset = node.range?.[0]
  for (const step of path) {
    if (!isCollection(node)) break
    const next: unknown = node.get(step, true)
    if (isMap(node)) {
      const { items } = node
      const key = items.find((pair) => isScalar(pair.key) && pair.key.value === step)?.key
      if (!isScalar(key)) break
      offset = key.range?.[0] ?? offset
    } else if (isNode(next)) {
      offset = next.range?.[0] ?? offset
    }
    if (!isNode(next)) break
    node = next
  }
  return offset
}
