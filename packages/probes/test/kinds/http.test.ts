import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener } from 'node:http'
import { getEnding, probeOnce, type ProbeOptions } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { httpKind } from '../../src/kinds/http.ts'
import { parseParams } from '../../src/params.ts'
import { type Authority, makeAuthority, type ServerIdentity } from '../authority.ts'
import { startHttpServer, status } from '../http-server.ts'

/** Probes a server of the test's own, and closes it. */
async function probe(
  listener: RequestListener,
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions = {},
): Promise<{ result: ProbeResult; requests: IncomingMessage[] }> {
  const server = await startHttpServer(listener)
  try {
    const url = `http://127.0.0.1:${server.port}/path?query=1`
    const result = await probeOnce(httpKind, { url, ...params }, options)
    return { result, requests: server.requests }
  } finally {
    await server.close()
  }
}

describe('kind http', () => {
  it('asks once, for what the URL says, and for no coding', async () => {
    const { result, requests } = await probe(status(200), { headers: { 'x-probe': 'yes' } })
    assert.equal(getEnding(result), 'reached')
    assert.equal(requests.length, 1)
    const [request] = requests
    assert.equal(request?.method, 'GET')
    assert.equal(request?.url, '/path?query=1')
    assert.equal(request?.headers['accept-encoding'], 'identity')
    assert.equal(request?.headers['x-probe'], 'yes')
  })

  it('times its phases in order, and the latency as their sum', async () => {
    const { result } = await probe(status(200))
    assert.ok(result.status === 'reached')
    assert.deepEqual(
      result.phases.map(({ name }) => name),
      ['connect', 'request', 'first-byte', 'transfer'],
    )
    const sumUs = result.phases.reduce((sum, { us }) => sum + us, 0)
    assert.equal(result.signals['latency'], BigInt(sumUs))
  })

  it('takes 200 to 299 for healthy unless it is told which statuses are', async () => {
    for (const [code, params, ending] of [
      [204, {}, 'reached'],
      [404, {}, 'status'],
      [403, {}, 'auth'],
      [404, { status: [404] }, 'reached'],
      [403, { status: [403] }, 'reached'],
      [200, { status: [404] }, 'status'],
    ] as const) {
      const { result } = await probe(status(code), params)
      assert.equal(getEnding(result), ending, `${code} with ${JSON.stringify(params)}`)
    }
  })

  it('follows redirects as far as it may, and says redirect of one more', async () => {
    const countDown: RequestListener = ({ url }, response) => {
      const left = Number(url?.slice(1) ?? 0)
      if (left > 0) response.writeHead(302, { location: `/${left - 1}` }).end()
      else response.end('there')
    }
    const server = await startHttpServer(countDown)
    try {
      const ask = (left: number, redirects: number) =>
        probeOnce(httpKind, { url: `http://127.0.0.1:${server.port}/${left}`, redirects })
      assert.equal(getEnding(await ask(2, 2)), 'reached')
      assert.equal(getEnding(await ask(3, 2)), 'redirect')
      assert.equal(getEnding(await ask(1, 0)), 'status')
    } finally {
      await server.close()
    }
  })

  it('judges a redirect itself where none are followed', async () => {
    const { result } = await probe(status(301, { location: '/' }), { redirects: 0, status: [301] })
    assert.equal(getEnding(result), 'reached')
  })

  it('abstains from loopback in any spelling that a redirect may use', async () => {
    for (const host of ['127.0.0.2', '127.2', '2130706434', '0x7f000002', '[::ffff:127.0.0.2]']) {
      const location = `http://${host}:9/`
      const { result } = await probe(status(302, { location }))
      assert.equal(getEnding(result), 'forbidden-address', host)
    }
  })

  it('says redirect of a place that nobody can be at', async () => {
    for (const location of ['http://127.0.0.1:0/', 'http://[', 'mailto:a@example.com']) {
      const { result } = await probe(status(302, { location }))
      assert.equal(getEnding(result), 'redirect', location)
    }
  })

  it('keeps its headers from another origin', async () => {
    const other = await startHttpServer(status(200))
    try {
      const location = `http://127.0.0.1:${other.port}/`
      const headers = { 'x-probe': 'yes' }
      const { result } = await probe(status(307, { location }), { headers })
      assert.equal(getEnding(result), 'reached')
      assert.equal(other.requests.length, 1)
      assert.equal(other.requests[0]?.headers['x-probe'], undefined)
    } finally {
      await other.close()
    }
  })

  it('looks for a text in the body', async () => {
    assert.equal(getEnding((await probe(status(200), { contains: 'od' })).result), 'reached')
    assert.equal(getEnding((await probe(status(200), { contains: 'none' })).result), 'content')
  })

  it('does not undo a coding that it did not ask for', async () => {
    const bomb = status(200, { 'content-encoding': 'gzip' })
    assert.equal(getEnding((await probe(bomb, { contains: 'body' })).result), 'protocol')
    assert.equal(getEnding((await probe(bomb)).result), 'reached')
  })

  it('reads a body up to its bound, and says too-large of a byte more', async () => {
    assert.equal(getEnding((await probe(status(200), { bodyBytesMax: 4 })).result), 'reached')
    const chunked: RequestListener = (_request, response) => {
      response.write('bo')
      response.end('dy')
    }
    assert.equal(getEnding((await probe(chunked, { bodyBytesMax: 4 })).result), 'reached')
    assert.equal(getEnding((await probe(chunked, { bodyBytesMax: 3 })).result), 'too-large')
  })

  it('abstains as overloaded when the round’s bytes are used up', async () => {
    const { result } = await probe(status(200), {}, { bytesPerRoundMax: 3 })
    assert.equal(getEnding(result), 'overloaded')
  })

  it('says protocol of a status that is none, which the parser only asserts', async () => {
    for (const code of ['000', '099']) {
      const { result } = await probe((_request, { socket }) => {
        socket?.end(`HTTP/1.1 ${code} OK\r\ncontent-length: 0\r\n\r\n`)
      })
      assert.equal(getEnding(result), 'protocol', code)
    }
  })

  it('asks without a body by HEAD', async () => {
    const { result, requests } = await probe(status(200), { method: 'HEAD', bodyBytesMax: 0 })
    assert.equal(getEnding(result), 'reached')
    assert.equal(requests[0]?.method, 'HEAD')
  })

  it('refuses parameters that it could not act on, naming the field', () => {
    const url = 'http://example.com/'
    for (const [params, field] of [
      [{}, 'params'],
      [{ url: 'ftp://example.com/' }, 'params.url'],
      [{ url: 'http://user:secret@example.com/' }, 'params.url'],
      [{ url: 'http://example.com/#part' }, 'params.url'],
      [{ url: 'http://[::1/' }, 'params.url'],
      [{ url: 'http://example.com:0/' }, 'params.url'],
      [{ url, method: 'PUT' }, 'params.method'],
      [{ url, redirects: 11 }, 'params.redirects'],
      [{ url, headers: { host: 'other' } }, 'params.headers.host'],
      [{ url, headers: { 'x-y': 'a\r\nb: c' } }, 'params.headers.x-y'],
      [{ url, method: 'HEAD', contains: 'x' }, 'params.contains'],
      [{ url, surprise: 1 }, 'params'],
    ] as const) {
      const parsed = parseParams(httpKind, params)
      assert.ok(!parsed.ok, JSON.stringify(params))
      const paths = parsed.problems.map(({ path }) => path.join('.'))
      assert.ok(paths.includes(field), `${JSON.stringify(params)}: ${paths.join(', ')}`)
    }
  })

  describe('with TLS', () => {
    let authority: Authority
    before(async () => {
      authority = await makeAuthority()
    })

    async function probeSecure(
      identity: ServerIdentity,
      options: ProbeOptions,
      listener = status(200),
    ): Promise<ProbeResult> {
      const server = await startHttpServer(listener, identity)
      try {
        return await probeOnce(httpKind, { url: `https://127.0.0.1:${server.port}/` }, options)
      } finally {
        await server.close()
      }
    }

    it('reaches a server whose authority the operator trusts, and reads when its certificate ends', async () => {
      const identity = await authority.issue(['127.0.0.1'], 20)
      const result = await probeSecure(identity, { ca: [authority.pem] })
      assert.ok(result.status === 'reached', getEnding(result))
      const days = Number(result.signals['expires-in']) / 86_400
      assert.ok(days > 19.9 && days <= 20, `${days} days`)
      assert.ok(result.phases.some(({ name }) => name === 'tls'))
    })

    it('says certificate of one that nobody vouches for, that has ended, or is for another', async () => {
      const ca = [authority.pem]
      const good = await authority.issue(['127.0.0.1'])
      assert.equal(getEnding(await probeSecure(good, {})), 'certificate')
      const ended = await authority.issue(['127.0.0.1'], -1)
      assert.equal(getEnding(await probeSecure(ended, { ca })), 'certificate')
      const another = await authority.issue(['another.example'])
      assert.equal(getEnding(await probeSecure(another, { ca })), 'certificate')
    })

    it('does not follow from a secured connection to an open one', async () => {
      const open = await startHttpServer(status(200))
      try {
        const location = `http://127.0.0.1:${open.port}/`
        const identity = await authority.issue(['127.0.0.1'])
        const result = await probeSecure(
          identity,
          { ca: [authority.pem] },
          status(302, { location }),
        )
        assert.equal(getEnding(result), 'redirect')
        assert.equal(open.requests.length, 0)
      } finally {
        await open.close()
      }
    })

    it('checks the certificate for the name in the URL, not the address behind it', async () => {
      const server = await startHttpServer(status(200), await authority.issue(['web.example']))
      try {
        const params = { url: `https://web.example:${server.port}/` }
        const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.1'] })
        const result = await probeOnce(httpKind, params, { ca: [authority.pem], resolve })
        assert.equal(getEnding(result), 'reached')
        assert.equal(result.phases[0]?.name, 'dns')
      } finally {
        await server.close()
      }
    })
  })
})
