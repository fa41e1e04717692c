import assert from 'node:assert/strict'
import { describeError, failed } from '../src/steps.ts'

describe('details of a failure', () => {
  it('fit one line, however much a target sent', () => {
    const { detail } = failed('content', `a\r\nb\u0000\u001b[31m${'x'.repeat(10_000)}`)
    assert.ok(detail.length <= 301)
    assert.match(detail, /^a {2}b {2}\[31mx+…$/)
  })

  it('name an error’s code where its message does not', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    assert.equal(describeError(refused), 'connect ECONNREFUSED')
    assert.equal(describeError(Object.assign(new Error(''), { code: 'EPIPE' })), 'EPIPE: ')
    assert.equal(describeError('text'), 'text')
  })
})
