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
