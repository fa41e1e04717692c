import assert from 'node:assert/strict'
import { findUndocumented } from './public-docs.ts'
import { readRepository } from './repository.ts'

describe('public exports', () => {
  it('each say what they are', () => {
    const files = readRepository()
    const indexes = files.filter(({ path }) => /^packages\/[^/]+\/src\/index\.ts$/.test(path))
    assert.equal(indexes.length, 6)
    const findings = indexes
      .flatMap((index) => findUndocumented(index, files))
      .map(({ path, line, message }) => `${path}:${line}: ${message}`)
    assert.deepEqual(findings, [])
  })

  it('that say nothing are found, those not exported are not', () => {
    const index = {
      path: 'packages/a/src/index.ts',
      text: "export * from './b.ts'\nexport { c, type D } from './sub/c.ts'\n",
    }
    const files = [
      {
        path: 'packages/a/src/b.ts',
        text: '/** Said. */\nexport const a = 1\n\nexport function b() {}\n',
      },
      {
        path: 'packages/a/src/sub/c.ts',
        text: 'export const c = 1\n/** Said. */\nexport interface D {}\nexport type E = 1\n',
      },
    ]
    assert.deepEqual(
      findUndocumented(index, files).map(({ path, line }) => `${path}:${line}`),
      ['packages/a/src/b.ts:4', 'packages/a/src/sub/c.ts:1'],
    )
  })
})
