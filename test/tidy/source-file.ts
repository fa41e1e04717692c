import { stripTypeScriptTypes } from 'node:module'
import { type AnyNode, type Program, parse } from 'acorn'
import { ancestor } from 'acorn-walk'

/** One text file of the repository, named by its path from the root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** One place that breaks a rule. */
export interface Finding {
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly message: string
}

/** A module specifier as written, with where it stands and whether only types come through it. */
export interface ImportStatement {
  readonly specifier: string
  readonly typeOnly: boolean
  readonly line: number
}

const IMPORT_PATTERN =
  /^[ \t]*(?:import|export)\b(?<clause>[^'"`;]*?)\bfrom\s*['"](?<from>[^'"]+)['"]|^[ \t]*import\s*['"](?<bare>[^'"]+)['"]|\bimport\s*\(\s*['"](?<dynamic>[^'"]+)['"]/gm

/** The 1-based line of an offset. */
export function getLine(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/**
 * Every import and re-export of a file, type-only ones included: it reads the text, since stripping
 * the types would lose those.
 */
export function getImports(file: SourceFile): ImportStatement[] {
  return [...file.text.matchAll(IMPORT_PATTERN)].map((match) => {
    const { clause, from, bare, dynamic } = match.groups ?? {}
    const specifier = from ?? bare ?? dynamic
    if (specifier === undefined) throw new Error(`import without a specifier in ${file.path}`)
    return {
      specifier,
      typeOnly: clause !== undefined && /^\s*type\b/.test(clause),
      line: getLine(file.text, match.index + match[0].length),
    }
  })
}

/** The file's syntax tree with its types blanked out; offsets are those of the text. */
export function parseSource(file: SourceFile): Program {
  const code = file.path.endsWith('.ts') ? stripTypeScriptTypes(file.text) : file.text
  return parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true })
}

/**
 * Reports each node for which `judge` gives a message.
 *
 * @param judge - sees a node and its parents, nearest first
 */
export function findNodes(
  file: SourceFile,
  judge: (node: AnyNode, parents: readonly AnyNode[]) => string | undefined,
): Finding[] {
  const findings: Finding[] = []
  const visit = (node: unknown, _state: unknown, ancestors: readonly unknown[]): void => {
    const [self, ...parents] = ancestors.toReversed() as AnyNode[]
    if (self === undefined || self !== node) throw new Error('a walk without its own node')
    const message = judge(self, parents)
    if (message !== undefined) {
      findings.push({ path: file.path, line: getLine(file.text, self.start), message })
    }
  }
  ancestor(parseSource(file), {
    ArrowFunctionExpression: visit,
    AssignmentExpression: visit,
    AwaitExpression: visit,
    BinaryExpression: visit,
    ForOfStatement: visit,
    Function: visit,
    Identifier: visit,
    Literal: visit,
    MemberExpression: visit,
  } as Parameters<typeof ancestor>[1])
  return findings
}

/** The name a member expression ends in: `only` for `it.only` and `it['only']`. */
export function getPropertyName(node: AnyNode): string | undefined {
  if (node.type !== 'MemberExpression') return undefined
  if (!node.computed && node.property.type === 'Identifier') return node.property.name
  if (node.property.type === 'Literal' && typeof node.property.value === 'string') {
    return node.property.value
  }
  return undefined
}

/** `a.b` for a member expression of two plain names, else undefined. */
export function getDottedName(node: AnyNode): string | undefined {
  const property = getPropertyName(node)
  if (node.type !== 'MemberExpression' || property === undefined) return undefined
  return node.object.type === 'Identifier' ? `${node.object.name}.${property}` : undefined
}
