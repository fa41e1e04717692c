import assert from 'node:assert/strict'
import { makeRegistry } from '../src/registry.ts'
import { findCredentials } from '../src/public-params.ts'
import { checkTargetParams } from '../src/target.ts'

describe('parameters of a manifest, which everybody may read', () => {
  it('are refused with a credential in them, which is not repeated', () => {
    for (const [params, path] of [
      [{ url: 'https://user:canary@a.example/' }, ['url']],
      [{ url: 'wss://canary@a.example/' }, ['url']],
      [{ url: 'https://a.example/?x=1&API_KEY=canary' }, ['url']],
      [{ headers: { Authorization: 'Bearer canary' } }, ['headers', 'Authorization']],
      [{ headers: { 'x-api-key': 'canary' } }, ['headers', 'x-api-key']],
      [{ headers: { cookie: 'canary' } }, ['headers', 'cookie']],
      [{ sources: [{}, { url: 'postgres://u:canary@a/' }] }, ['sources', 1, 'url']],
    ] as const) {
      const [problem, ...more] = findCredentials(params)
      assert.deepEqual(more, [])
      assert.equal(problem?.code, 'credential')
      assert.deepEqual(problem?.path, path)
      assert.ok(!JSON.stringify(problem).includes('canary'))
    }
  })

  it('may name what opens no door', () => {
    const params = {
      url: 'https://a.example/?token=eth&x=apikey',
      headers: { accept: 'text/plain' },
      authorization: 'not a header',
      contains: 'user:password@a.example',
    }
    assert.deepEqual(findCredentials(params), [])
  })

  it('are refused so of a kind that is unknown here, too', () => {
    const target = { kind: 'other', params: { url: 'https://u:p@a.example/' } }
    const problems = checkTargetParams({ ...target, signals: [], identities: [] }, makeRegistry([]))
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['unknown-kind', 'credential'],
    )
  })
})
