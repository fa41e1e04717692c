import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { httpKind } from '../../src/kinds/http.ts'
import { parseParams } from '../../src/params.ts'
import { assertReached } from '../assert-reached.ts'
import { makeAuthority } from '../authority.ts'
import { startHttpServer, status } from '../http-server.ts'

/** Probes a server of the test's own. */
async function probe(listener: RequestListener, params: Readonly<Record<string, unknown>> = {}) {
  const server = await startHttpServer(listener)
  try {
    const url = `http://127.0.0.1:${server.port}/`
    const result = await probeOnce(httpKind, { url, ...params })
    return { result, ending: getEnding(result), requests: server.requests }
  } finally {
    await server.close()
  }
}

const say =
  (
    body: string | Buffer,
    headers: Readonly<Record<string, string | string[]>> = {},
  ): RequestListener =>
  (_request, response) =>
    response.writeHead(200, headers).end(body)

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

describe('what kind http expects of an answer', () => {
  it('is that the body matches every pattern, and none that it may not', async () => {
    const well = say('{"status": "ok",\n"peers": 12}')
    for (const [params, ending] of [
      [{ bodyMatches: ['"status":\\s*"ok"'] }, 'reached'],
      [{ bodyMatches: ['"status":\\s*"ok"', '"peers": [1-9]'] }, 'reached'],
      [{ bodyMatches: ['"status":\\s*"ok"', '"peers": 0'] }, 'content'],
      [{ bodyMatches: ['^"peers"'] }, 'content'],
      [{ bodyMatches: ['(?m)^"peers"'] }, 'reached'],
      [{ bodyMatchesNot: ['(?i)ERROR', '"peers": 0'] }, 'reached'],
      [{ bodyMatchesNot: ['(?i)ERROR', '(?i)STATUS'] }, 'content'],
      [{ bodyMatches: ['ok'], bodyMatchesNot: ['12'] }, 'content'],
    ] as const) {
      assert.equal((await probe(well, params)).ending, ending, JSON.stringify(params))
    }
  })

  it('is that one of a header’s values matches, and none that may not', async () => {
    const answers = say('', { 'Set-Cookie': ['a=1', 'b=2; Secure'], server: 'test' })
    for (const [params, ending] of [
      [{ headerMatches: [{ name: 'server', pattern: '^test$' }] }, 'reached'],
      [{ headerMatches: [{ name: 'Set-Cookie', pattern: 'Secure' }] }, 'reached'],
      [{ headerMatches: [{ name: 'set-cookie', pattern: 'HttpOnly' }] }, 'content'],
      [{ headerMatches: [{ name: 'x-none', pattern: '.*' }] }, 'content'],
      [{ headerMatches: [{ name: 'x-none', pattern: '.*', optional: true }] }, 'reached'],
      [{ headerMatches: [{ name: 'server', pattern: 'x', optional: true }] }, 'content'],
      [{ headerMatchesNot: [{ name: 'x-none', pattern: '.*' }] }, 'reached'],
      [{ headerMatchesNot: [{ name: 'set-cookie', pattern: '^b=' }] }, 'content'],
    ] as const) {
      assert.equal((await probe(answers, params)).ending, ending, JSON.stringify(params))
    }
  })

  it('posts a body, and not again where it is led on', async () => {
    const bodies: string[] = []
    const lead =
      (code: number): RequestListener =>
      async (request, response) => {
        bodies.push(`${request.method} ${await readText(request)}`)
        if (request.url === '/') response.writeHead(code, { location: '/next' })
        response.end()
      }
    const params = {
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    }
    const { ending, requests } = await probe(lead(302), params)
    assert.equal(ending, 'reached')
    assert.equal(requests[0]?.headers['content-type'], 'application/json')
    assert.deepEqual(bodies.splice(0), ['POST {"a":1}', 'GET '])
    await probe(lead(307), params)
    assert.deepEqual(bodies.splice(0), ['POST {"a":1}', 'POST {"a":1}'])
  })

  it('asks by OPTIONS', async () => {
    const { ending, requests } = await probe(status(204), { method: 'OPTIONS' })
    assert.equal(ending, 'reached')
    assert.equal(requests[0]?.method, 'OPTIONS')
  })

  it('asks for a coding, wants the answer in it, and undoes it', async () => {
    const text = 'all is well '.repeat(100)
    for (const [compression, coded] of [
      ['gzip', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['br', brotliCompressSync(text)],
    ] as const) {
      const params = { compression, contains: 'all is well' }
      const coding = { 'content-encoding': compression }
      const { result, requests } = await probe(say(coded, coding), params)
      const { signals } = assertReached(result)
      assert.equal(requests[0]?.headers['accept-encoding'], compression)
      assert.equal(signals['body-bytes'], BigInt(text.length))
      assert.equal((await probe(say(text), params)).ending, 'content')
      assert.equal((await probe(say('no such thing', coding), params)).ending, 'protocol')
      const cut = coded.subarray(0, coded.length - 3)
      assert.equal((await probe(say(cut, coding), params)).ending, 'protocol')
    }
  })

  it('undoes no more of a bomb than a body may have', async () => {
    const bomb = say(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' })
    const { ending } = await probe(bomb, { compression: 'gzip' })
    assert.equal(ending, 'too-large')
  })

  it('tells status, redirects and lengths, and the age of what was modified', async () => {
    const roundStartMs = Date.now()
    const modified = new Date(roundStartMs - 100_000).toUTCString()
    const server = await startHttpServer(({ url }, response) => {
      if (url === '/') response.writeHead(301, { location: '/next' }).end()
      else {
        response.writeHead(203, { 'content-length': 5, 'last-modified': modified }).end('12345')
      }
    })
    try {
      const url = `http://127.0.0.1:${server.port}/`
      const { signals } = assertReached(await probeOnce(httpKind, { url }, { roundStartMs }))
      assert.equal(signals['status-code'], 203n)
      assert.equal(signals['redirects'], 1n)
      assert.equal(signals['content-length'], 5n)
      assert.equal(signals['body-bytes'], 5n)
      assert.equal(signals['last-modified-age'], 100n)
      const parts = ['connect-time', 'wait-time', 'transfer-time'].map(
        (name) => signals[name] ?? 0n,
      )
      const sum = parts.reduce((a, b) => a + b)
      assert.ok(sum > 0n && sum <= (signals['latency'] ?? 0n), parts.join())
    } finally {
      await server.close()
    }
  })

  it('leaves out what an answer does not tell', async () => {
    const chunked: RequestListener = (_request, response) => {
      response.setHeader('last-modified', 'yesterday')
      response.write('a')
      response.end('b')
    }
    const { signals } = assertReached((await probe(chunked)).result)
    assert.equal(signals['content-length'], undefined)
    assert.equal(signals['last-modified-age'], undefined)
    assert.equal(signals['body-bytes'], 2n)
  })

  it('wants to be led to https where it is told so', async () => {
    const authority = await makeAuthority()
    const secure = await startHttpServer(status(200), await authority.issue(['127.0.0.1']))
    const open = await startHttpServer(
      status(301, { location: `https://127.0.0.1:${secure.port}/` }),
    )
    const plain = await startHttpServer(status(200))
    try {
      const ask = async (port: number, finalScheme: string) => {
        const params = { url: `http://127.0.0.1:${port}/`, finalScheme }
        return getEnding(await probeOnce(httpKind, params, { ca: [authority.pem] }))
      }
      assert.equal(await ask(open.port, 'https'), 'reached')
      assert.equal(await ask(open.port, 'http'), 'redirect')
      assert.equal(await ask(plain.port, 'https'), 'redirect')
      assert.equal(await ask(plain.port, 'http'), 'reached')
    } finally {
      await Promise.all([secure, open, plain].map((server) => server.close()))
    }
  })

  it('refuses expectations that it could not judge, by code and field', () => {
    const url = 'http://example.com/'
    for (const [params, code, field] of [
      [{ url, body: 'x' }, 'no-body', 'params.body'],
      [{ url, method: 'HEAD', contains: 'x' }, 'no-body', 'params.contains'],
      [{ url, method: 'HEAD', bodyMatchesNot: ['x'] }, 'no-body', 'params.bodyMatchesNot'],
      [{ url, method: 'HEAD', compression: 'gzip' }, 'no-body', 'params.compression'],
      [{ url, bodyMatches: ['(?=x)'] }, 'bad-pattern', 'params.bodyMatches.0'],
      [{ url, bodyMatches: ['a', '('] }, 'bad-pattern', 'params.bodyMatches.1'],
      [{ url, bodyMatchesNot: ['a{60}'] }, 'pattern-too-costly', 'params.bodyMatchesNot.0'],
      [
        { url, headerMatches: [{ name: 'a', pattern: '[' }] },
        'bad-pattern',
        'params.headerMatches.0.pattern',
      ],
      [{ url: 'https://example.com/', finalScheme: 'http' }, 'bad-scheme', 'params.finalScheme'],
      [{ url, headers: { authorization: 'x' } }, 'credential', 'params.headers.authorization'],
      [
        { url, headers: { 'accept-encoding': 'x' } },
        'reserved-header',
        'params.headers.accept-encoding',
      ],
    ] as const) {
      const parsed = parseParams(httpKind, params)
      assert.ok(!parsed.ok, JSON.stringify(params))
      const found = parsed.problems.map((each) => `${each.code} ${each.path.join('.')}`)
      assert.deepEqual(found, [`${code} ${field}`])
    }
    assert.ok(parseParams(httpKind, { url, bodyMatches: ['a{60}'], bodyBytesMax: 65_536 }).ok)
  })
})
