import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceFile } from './source-file.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What no commit holds: see .gitignore. */
const NOT_COMMITTED = new Set(['.git', '.nx', 'coverage', 'dist', 'node_modules', 'tmp'])

/**
 * Reads every text file of the repository that can be committed. Files with a NUL byte count as
 * binary and are left out.
 */
export function readRepository(): SourceFile[] {
  return readdirSync(ROOT, { recursive: false, withFileTypes: true })
    .flatMap((entry) => {
      if (NOT_COMMITTED.has(entry.name)) return []
      return entry.isDirectory() ? listFiles(join(ROOT, entry.name)) : [join(ROOT, entry.name)]
    })
    .filter((path) => !/\.(tsbuildinfo|log)$/.test(path))
    .map((path) => ({
      path: relative(ROOT, path).split(sep).join('/'),
      text: readFileSync(path, 'utf8'),
    }))
    .filter((file) => !file.text.includes('\0'))
}

function listFiles(dir: string): string[] {
  if (NOT_COMMITTED.has(basename(dir))) return []
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return listFiles(path)
    return entry.isFile() ? [path] : []
  })
}
