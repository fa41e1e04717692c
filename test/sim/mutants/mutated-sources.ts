import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Edit } from './mutant.ts'

const root = new URL('../../../', import.meta.url)

/**
 * @returns sources by URL, changed
 * @throws Error where a fragment does not stand in its file exactly once
 */
export function readMutated(edits: readonly Edit[]): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  for (const edit of edits) {
    const url = new URL(edit.file, root).href
    sources.set(url, applyEdit(sources.get(url) ?? readFileSync(fileURLToPath(url), 'utf8'), edit))
  }
  return sources
}

/**
 * Changes sources as this thread loads them. To be called before any of them is loaded, so nothing
 * here imports what is tested.
 *
 * @throws Error where a fragment does not stand in its file exactly once
 */
export function mutateSources(edits: readonly Edit[]): void {
  const sources = readMutated(edits)
  registerHooks({
    load(url, context, nextLoad) {
      const source = sources.get(url)
      const loaded = nextLoad(url, context)
      return source === undefined ? loaded : { ...loaded, source }
    },
  })
}

function applyEdit(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`)
  return parts.join(replace)
}
