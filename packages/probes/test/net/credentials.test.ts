import assert from 'node:assert/strict'
import { bindSecrets, type Credentials, type SecretBinding } from '../../src/net/credentials.ts'

const KEY = 'k3y-of-ours/+='

function bind(url: string, binding: Partial<SecretBinding>): Credentials {
  const { origin } = new URL(url)
  const bound = bindSecrets({ url, headers: {} }, [{ origin, headers: {}, ...binding }])
  assert.ok(bound.ok)
  return bound.credentials
}

describe('secrets bound to a target', () => {
  it('go to the origin that they are for, and to no other', () => {
    const credentials = bind('https://rpc.example/', { headers: { authorization: KEY } })
    const sent = { path: '/', headers: { accept: '*/*' } }
    assert.deepEqual(credentials.apply(new URL('https://rpc.example/a'), sent).headers, {
      accept: '*/*',
      authorization: KEY,
    })
    for (const elsewhere of [
      'http://rpc.example/',
      'https://rpc.example:8443/',
      'https://rpc.example.evil/',
      'wss://rpc.example/',
    ]) {
      assert.equal(credentials.apply(new URL(elsewhere), sent), sent, elsewhere)
    }
  })

  it('are refused where the target has no URL of that origin: its manifest may name another by now', () => {
    const binding = { origin: 'https://rpc.example', headers: { authorization: KEY } }
    const bound = bindSecrets({ url: 'https://evil.example/' }, [binding])
    assert.ok(!bound.ok)
    assert.equal(bound.expected, 'https://evil.example')
    assert.equal(bindSecrets({ host: 'rpc.example' }, [binding]).ok, false)
    assert.equal(bindSecrets({ sources: [{ url: 'https://rpc.example/x' }] }, [binding]).ok, true)
  })

  it('take the place of a header that the manifest names, whatever its case', () => {
    const credentials = bind('https://rpc.example/', { headers: { 'x-plan': 'paid' } })
    const { headers } = credentials.apply(new URL('https://rpc.example/'), {
      path: '/',
      headers: { 'X-Plan': 'free' },
    })
    assert.deepEqual(headers, { 'x-plan': 'paid' })
  })

  it('put a key into path and query, for whatever lies below the URL', () => {
    for (const [url, own, path, expected] of [
      ['https://a.example/', 'https://a.example/v2/KEY', '/', '/v2/KEY'],
      ['https://a.example/v2', 'https://a.example/v2/KEY', '/v2', '/v2/KEY'],
      ['https://a.example/', 'https://a.example/KEY/', '/eth/v1/node', '/KEY/eth/v1/node'],
      ['https://a.example/v1', 'https://a.example/v1?key=K', '/v1/x?a=b', '/v1/x?a=b&key=K'],
      ['https://a.example/v1?key=', 'https://a.example/v1?key=K', '/v1?key=', '/v1?key=K'],
      ['https://a.example/v1', 'https://a.example/KEY', '/login', '/login'],
      ['https://a.example/', 'https://a.example/KEY', '/KEY/login', '/KEY/login'],
      ['https://a.example/', 'https://a.example/KEY', '/KEYS', '/KEY/KEYS'],
      ['https://a.example/v1', 'https://a.example/KEY', '/v10', '/v10'],
    ] as const) {
      const sent = { path, headers: {} }
      assert.equal(bind(url, { url: own }).apply(new URL(url), sent).path, expected)
    }
  })

  it('are taken out of a text in every spelling, and where it was cut short', () => {
    const basic = `Basic ${Buffer.from(`user:${KEY}`).toString('base64')}`
    const credentials = bind('https://rpc.example/', {
      headers: { authorization: basic },
      url: 'https://rpc.example/v2/path-key?key=query-key',
    })
    const spellings = [
      basic,
      KEY,
      encodeURIComponent(KEY),
      Buffer.from(KEY).toString('base64'),
      Buffer.from(KEY).toString('hex'),
      'path-key',
      'query-key',
    ]
    for (const spelling of spellings) {
      const clean = credentials.redact(`before ${spelling} after`)
      assert.ok(!clean.includes(spelling), clean)
      assert.match(clean, /^before .*\[secret\].* after$/)
    }
    assert.equal(credentials.redact(`got ${KEY.slice(0, 9)}…`), 'got [secret]…')
    assert.equal(credentials.redact('status 500'), 'status 500')
  })
})
