import {
  type Finding,
  findNodes,
  getLine,
  getPropertyName,
  type SourceFile,
} from './source-file.ts'

/** The longest file in a `src` folder. A longer one is asking to be two. */
export const LINES_MAX = 400

/** Files of `src` that may be longer, each with its reason. */
const LONGER: ReadonlyMap<string, string> = new Map()

const TEST_FUNCTIONS = new Set(['context', 'describe', 'it', 'specify'])
const SKIPPING_NAMES = new Set(['xcontext', 'xdescribe', 'xit', 'xspecify'])

// Each written so that it does not match itself.
const PUT_OFF = /\b(TO[D]O|FIX[M]E|XX[X])\b/g
const MACHINE_PATH = /(?<![\w.])\/(work|home|root|tmp)\//g
const REGISTRY_HOST =
  /https?:\/\/[a-z0-9.-]*(npm|yarnpkg|pypi|crates|golang|debian|maven)[a-z0-9-]*\./g

export function findLongFile(file: SourceFile): Finding[] {
  const lines = file.text.replace(/\n$/, '').split('\n').length
  if (lines <= LINES_MAX || LONGER.has(file.path)) return []
  return [{ path: file.path, line: LINES_MAX + 1, message: `${lines} lines, over ${LINES_MAX}` }]
}

/** Names are kebab-case: `health-certificate.ts`, `health-certificate.test.ts`. A README is one. */
export function findBadName(file: SourceFile): Finding[] {
  const bad = file.path
    .replace(/(^|\/)README\.md$/, '')
    .split('/')
    .find((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(part))
  return bad === undefined
    ? []
    : [{ path: file.path, line: 1, message: `${bad} is not in kebab-case` }]
}

/** Tests singled out or left out. */
export function findSkippedTests(file: SourceFile): Finding[] {
  return findNodes(file, (node) => {
    if (node.type === 'Identifier' && SKIPPING_NAMES.has(node.name)) return `${node.name} skips`
    if (node.type !== 'MemberExpression') return undefined
    const property = getPropertyName(node)
    if (property !== 'only' && property !== 'skip') return undefined
    if (node.object.type === 'ThisExpression') return `this.${property}`
    return node.object.type === 'Identifier' && TEST_FUNCTIONS.has(node.object.name)
      ? `${node.object.name}.${property}`
      : undefined
  })
}

/** Work put off in words, instead of in an issue. */
export function findPutOffWork(file: SourceFile): Finding[] {
  return findPattern(file, PUT_OFF, 'work put off')
}

/** Paths of one machine, and hosts of package registries. */
export function findLocalNames(file: SourceFile): Finding[] {
  return [
    ...findPattern(file, MACHINE_PATH, 'a path of one machine'),
    ...findPattern(file, REGISTRY_HOST, 'the host of a registry'),
  ]
}

/** A file other than a package's index that only hands on what others export. */
export function findBarrel(file: SourceFile): Finding[] {
  if (/^packages\/[^/]+\/src\/index\.ts$/.test(file.path)) return []
  const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const reexport =
    /\bexport\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*['"][^'"]+['"];?/g
  const rest = code.replace(reexport, '').trim()
  return rest === '' && code.trim() !== ''
    ? [{ path: file.path, line: 1, message: 'a barrel: it only hands on what others export' }]
    : []
}

function findPattern(file: SourceFile, pattern: RegExp, what: string): Finding[] {
  return [...file.text.matchAll(pattern)].map((match) => ({
    path: file.path,
    line: getLine(file.text, match.index),
    message: `${what}: ${match[0]}`,
  }))
}
