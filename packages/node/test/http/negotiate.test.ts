import assert from 'node:assert/strict'
import { negotiate } from '../../src/http/negotiate.ts'

const offers = ['application/json', 'application/octet-stream'] as const

describe('negotiate', () => {
  it('takes the first offer where the reader does not care', () => {
    for (const accept of [undefined, '', '*/*', 'application/*', 'text/html, */*;q=0.1'])
      assert.equal(negotiate(accept, offers), 'application/json', String(accept))
  })

  it('takes what the reader likes best, and the more specific word on it', () => {
    assert.equal(negotiate('application/octet-stream', offers), 'application/octet-stream')
    assert.equal(
      negotiate('application/json;q=0.2, application/octet-stream;q=0.9', offers),
      'application/octet-stream',
    )
    assert.equal(negotiate('*/*, application/json;q=0', offers), 'application/octet-stream')
  })

  it('takes nothing where nothing is wanted', () => {
    for (const accept of ['text/html', 'application/json;q=0', 'application/json;q=x', ';;,,'])
      assert.equal(negotiate(accept, offers), undefined, accept)
  })
})
