import assert from 'node:assert/strict'
import { abstentions, getCodeName, outcomes, verdicts } from '@watchfire/attestation'

describe('getCodeName (SPEC 3)', () => {
  it('names every code of a closed set, and prints a reserved one as a number', () => {
    for (const [name, code] of Object.entries(outcomes)) {
      assert.equal(getCodeName(outcomes, code), name)
    }
    assert.equal(getCodeName(verdicts, 4), 'down')
    assert.equal(getCodeName(outcomes, 18), '18')
    assert.equal(getCodeName(abstentions, 999), '999')
  })
})
