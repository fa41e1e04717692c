import assert from 'node:assert/strict'
import { formatProblem, makeProblem } from '@watchfire/attestation'

describe('formatProblem', () => {
  it('says in one line where, what was expected, and what is there', () => {
    const path = ['committee', 2, 'weight']
    assert.equal(
      formatProblem(makeProblem(path, 'out-of-range', 'an integer from 1 to 9', 0)),
      'committee[2].weight: expected an integer from 1 to 9, got 0',
    )
    assert.equal(formatProblem(makeProblem(['name'], 'missing', 'text')), 'name: expected text')
    assert.equal(
      formatProblem(makeProblem([], 'wrong-type', 'an object', [])),
      'manifest: expected an object, got a list of 0',
    )
  })

  it('shows what is there without harm to a terminal, and cut short', () => {
    assert.equal(makeProblem([], 'not-text', '', '\u001b[2J').got, '"\\u001b[2J"')
    assert.ok((makeProblem([], 'too-long', '', 'x'.repeat(10_000)).got ?? '').length < 100)
    assert.equal(makeProblem([], 'wrong-type', '', null).got, 'null')
    assert.equal(makeProblem([], 'wrong-type', '', {}).got, 'an object')
    assert.equal(makeProblem([], 'wrong-type', '', true).got, 'true')
    assert.equal(makeProblem([], 'wrong-type', '', 7n).got, '7')
    assert.equal(makeProblem([], 'wrong-type', '', () => 1).got, 'function')
  })
})
