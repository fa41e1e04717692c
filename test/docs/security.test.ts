import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './repository-root.ts'
import { hasTitle, readThreats } from './security-table.ts'

const threats = readThreats(readFileSync(join(repositoryRoot, 'SECURITY.md'), 'utf8'))

describe('SECURITY.md', () => {
  it('answers every attack it names, with at least one test', () => {
    assert.ok(threats.length > 50, `read ${threats.length} lines`)
    for (const { attack, answer, tests } of threats) {
      assert.ok(attack.length > 5 && answer.length > 5, attack)
      assert.ok(tests.length > 0, `no test for: ${attack}`)
    }
  })

  it('names tests that there are', () => {
    const missing = threats
      .flatMap(({ tests }) => tests)
      .filter(({ title, path }) => {
        const file = join(repositoryRoot, path)
        return !existsSync(file) || !hasTitle(readFileSync(file, 'utf8'), title)
      })
      .map(({ title, path }) => `${path}: ${title}`)
    assert.deepEqual(missing, [])
  })

  it('would notice a test that is not there', () => {
    const [threat] = readThreats(
      '| attack | answer | shown by |\n|---|---|---|\n| a | b | [says so](test/a.test.ts) |\n\ntext',
    )
    assert.deepEqual(threat?.tests, [{ title: 'says so', path: 'test/a.test.ts' }])
    assert.ok(hasTitle("it('says so', () => {})", 'says so'))
    assert.ok(hasTitle("it('says one\\'s word', () => {})", "says one's word"))
    assert.ok(!hasTitle("it('says so twice', () => {})", 'says so'))
    assert.ok(!hasTitle('// says so', 'says so'))
  })
})
