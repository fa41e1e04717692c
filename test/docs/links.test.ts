import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { readRepository } from '../tidy/repository.ts'
import { getAnchors, getInternalLinks } from './markdown.ts'
import { repositoryRoot } from './repository-root.ts'

const pages = readRepository().filter(({ path }) => path.endsWith('.md'))
const isThere = (path: string) => existsSync(join(repositoryRoot, path))

/** Paths in backticks: with a folder, and without the words and wildcards that are no path. */
function getPaths(text: string): string[] {
  return [...text.matchAll(/`([^`\s]+)`/g)].map(([, path = '']) => path)
}

/** Every clause of the specification by its number: `6`, `6.4`, `6.4.9`. */
function getClauses(spec: string): Set<string> {
  const clauses = new Set<string>()
  let clause = ''
  for (const line of spec.split('\n')) {
    const [, chapter] = /^## (\d+)\. /.exec(line) ?? []
    const [, section] = /^(?:### |- )(\d+\.\d+) /.exec(line) ?? []
    const [, item] = /^ *(\d+)\. /.exec(line) ?? []
    if (chapter !== undefined || section !== undefined) clause = chapter ?? section ?? ''
    clauses.add(item === undefined ? clause : `${clause}.${item}`)
  }
  return clauses
}

describe('what the documents point at', () => {
  it('is there, for every link within the repository, anchors too', () => {
    assert.ok(pages.length > 15)
    const broken = pages.flatMap(({ path, text }) =>
      getInternalLinks(text)
        .filter(({ target }) => {
          const [file = '', anchor] = target.split('#')
          const found = file === '' ? path : posix.join(dirname(path), file)
          if (!isThere(found)) return true
          if (anchor === undefined) return false
          return !getAnchors(readFileSync(join(repositoryRoot, found), 'utf8')).has(anchor)
        })
        .map(({ target }) => `${path}: ${target}`),
    )
    assert.deepEqual(broken, [])
  })

  it('is there, for the code that each chapter of SPEC.md names', () => {
    const spec = pages.find(({ path }) => path === 'SPEC.md')
    assert.ok(spec)
    const lines = spec.text.split('\n').filter((line) => line.startsWith('Code: '))
    // One a chapter, but for that of words.
    assert.equal(lines.length, (spec.text.match(/^## \d+\./gm) ?? []).length - 1)
    for (const line of lines) {
      let folder = ''
      for (const path of getPaths(line)) {
        const full = path.startsWith('packages/') ? path : join(folder, path)
        folder = full.endsWith('/') ? full : dirname(full)
        assert.ok(isThere(full), `${line}: ${full}`)
      }
    }
  })

  it('is there, for every clause of SPEC.md that code and documents cite', () => {
    const files = readRepository()
    const spec = files.find(({ path }) => path === 'SPEC.md')
    assert.ok(spec)
    const clauses = getClauses(spec.text)
    for (const clause of ['1', '2.4', '4.4.5', '6.4.12', '7.7.5', '9.5', '13'])
      assert.ok(clauses.has(clause), clause)
    const cited = files
      .filter(({ path }) => /\.(ts|md|py)$/.test(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\bSPEC (\d+(?:\.\d+)*)/g)].map(([, clause = '']) => ({ path, clause })),
      )
    assert.ok(cited.length > 300)
    assert.deepEqual(
      cited.filter(({ clause }) => !clauses.has(clause)),
      [],
    )
  })

  it('is there, for every path in ARCHITECTURE.md', () => {
    const page = pages.find(({ path }) => path === 'ARCHITECTURE.md')
    assert.ok(page)
    let folder = ''
    const missing: string[] = []
    for (const path of getPaths(page.text)) {
      // A file by its name alone lies beside the one named before it.
      const isPath = /^[a-z-]+(\/[a-z-]+)*(\/|\/[a-z-]+(\.[a-z]+)+)$/.test(path)
      const isName = /^[a-z-]+\.ts$/.test(path)
      if (!isPath && !isName) continue
      const candidates = isName ? [join(folder, path)] : [path, `packages/${path}`]
      const found = candidates.find(isThere)
      if (found === undefined) missing.push(path)
      else folder = found.endsWith('/') ? found : dirname(found)
    }
    assert.deepEqual(missing, [])
  })

  it('is there, for every npm script that a document names', () => {
    const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = pages.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z:]+)/g)])
    assert.ok(named.length > 5)
    for (const [, name = ''] of named) assert.ok(name in scripts, name)
  })
})
