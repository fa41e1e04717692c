import { posix } from 'node:path'
import { type Finding, getLine, type SourceFile } from './source-file.ts'

const EXPORT_PATTERN =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const) (\w+)/gm
const REEXPORT_PATTERN = /^export (?:type )?(\*|\{[^}]*\}) from '(\.[^']+)'/gm

/** The names a package's index exports of each of its files; `undefined`: all of them. */
function getExported(index: SourceFile): [path: string, names: ReadonlySet<string> | undefined][] {
  return [...index.text.matchAll(REEXPORT_PATTERN)].map(([, what = '', from = '']) => {
    const path = posix.join(posix.dirname(index.path), from)
    if (what === '*') return [path, undefined]
    const names = what
      .slice(1, -1)
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
    return [path, new Set(names.filter((name) => name !== ''))]
  })
}

/** The table of SPEC 3, a schema a type: what each field means stands there. */
const TABLES = new Set(['packages/attestation/src/schema.ts'])

/**
 * What a package exports without saying what it is.
 *
 * @param index - the package's index.ts
 * @param files - where the files it names are looked up
 */
export function findUndocumented(index: SourceFile, files: readonly SourceFile[]): Finding[] {
  return getExported(index).flatMap(([path, names]) => {
    const file = files.find((each) => each.path === path)
    if (file === undefined) return [{ path: index.path, line: 1, message: `no file ${path}` }]
    if (TABLES.has(path)) return []
    return [...file.text.matchAll(EXPORT_PATTERN)]
      .filter(([, name = '']) => names === undefined || names.has(name))
      .filter(({ index: at }) => !file.text.slice(0, at).endsWith('*/\n'))
      .map(({ 1: name, index: at }) => ({
        path,
        line: getLine(file.text, at),
        message: `${name} is public and says nothing of itself`,
      }))
  })
}
