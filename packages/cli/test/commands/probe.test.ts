import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { builtinKinds } from '@watchfire/probes'
import { makeExample } from '../../src/commands/probe-explain.ts'
import { makeTlsFiles, VALID_DAYS } from '../../src/devnet/tls-authority.ts'
import { runCli } from '../run-cli.ts'

describe('watchfire probe', () => {
  let server: Server
  let url: string
  let place: string

  before(async () => {
    server = createServer(({ url: path }, response) => {
      response.statusCode = path === '/broken' ? 500 : 200
      response.end(path)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    place = `127.0.0.1:${(server.address() as AddressInfo).port}`
    url = `http://${place}/`
  })
  after(() => new Promise((resolve) => server.close(resolve)))

  const probe = (...argv: string[]) => runCli('probe', ...argv)
  const local = ['--allow', '127.0.0.0/8']

  it('shows phases, and signals in the units that people read, and exits 0', async () => {
    const ran = await probe('http', url, ...local)
    assert.equal(ran.exitCode, 0, ran.err)
    assert.match(ran.out, /^http {2}reached\n\nphase +time\nconnect +\d.* (us|ms)\n/)
    assert.match(ran.out, /\nsignal +value {2}meaning\nlatency +\d.* (us|ms) {2}From the first/)
  })

  it('exits 1 of a target that failed, and says how', async () => {
    const ran = await probe('http', `${url}broken`, ...local)
    assert.equal(ran.exitCode, 1)
    assert.match(ran.out, /^http {2}failed: status {2}status 500\n/)
  })

  it('abstains from an address inside the network like a node, and exits 3', async () => {
    const ran = await probe('tcp', place)
    assert.equal(ran.exitCode, 3)
    assert.equal(ran.out, 'tcp  abstained: forbidden-address  127.0.0.1 is loopback\n')
    assert.equal((await probe('tcp', place, ...local)).exitCode, 0)
  })

  it('takes parameters as JSON and one by one, numbers and lists among them', async () => {
    const params = ['--params', '{"status":[200],"redirects":1}']
    const ran = await probe('http', `${url}broken`, ...local, ...params, '--param', 'status=[500]')
    assert.equal(ran.exitCode, 0, ran.out)
    const text = await probe('http', `${url}123`, ...local, '--param', 'contains=123')
    assert.equal(text.exitCode, 0, text.out)
  })

  it('gives the same as JSON, big numbers as text', async () => {
    const ran = await probe('http', url, ...local, '--json')
    const answer = JSON.parse(ran.out) as {
      status: string
      params: { redirects: number }
      phases: { name: string; us: number }[]
      signals: { name: string; value: string; unit: string }[]
    }
    assert.equal(answer.status, 'reached')
    assert.equal(answer.params.redirects, 3)
    assert.ok(answer.phases.length >= 4)
    const latency = answer.signals.find(({ name }) => name === 'latency')
    assert.equal(typeof latency?.value, 'string')
    assert.equal(latency?.unit, 'us')
  })

  it('shows a secret to the server only, and repeats none of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'watchfire-probe-'))
    const file = join(dir, 'secret')
    const seen: (string | undefined)[] = []
    const closed = createServer(({ headers, url: path }, response) => {
      const { authorization = '' } = headers
      seen.push(authorization)
      if (path === '/loud') response.writeHead(302, { location: `gopher://${authorization}:x` })
      else if (authorization === '') response.writeHead(401)
      response.end()
    })
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    try {
      writeFileSync(file, 'canary-31\n', { mode: 0o600 })
      const at = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`
      const secret = ['--secret', `bearer=${file}`]
      assert.equal((await probe('http', at, ...local)).exitCode, 1)
      assert.equal((await probe('http', at, ...local, '--param', 'secret=required')).exitCode, 3)
      const reached = await probe('http', at, ...local, ...secret, '--json')
      assert.equal(reached.exitCode, 0, reached.out)
      const loud = await probe('http', `${at}/loud`, ...local, ...secret)
      const loudJson = await probe('http', `${at}/loud`, ...local, ...secret, '--json')
      assert.match(loud.out, /failed: redirect.*\[secret\]/)
      assert.equal(seen.at(-1), 'Bearer canary-31')
      const misused = await probe('http', at, '--secret', 'canary-31')
      assert.equal(misused.exitCode, 2)
      chmodSync(file, 0o644)
      const loose = await probe('http', at, ...local, ...secret)
      assert.equal(loose.exitCode, 2)
      assert.match(loose.err, /secret-readable-by-others: .* got mode 0644/)
      assert.match((await probe('tcp', place, ...secret)).err, /kind tcp takes no secrets/)
      for (const { out, err } of [reached, loud, loudJson, misused, loose])
        assert.ok(!`${out}${err}`.includes('canary'))
    } finally {
      await new Promise((resolve) => closed.close(resolve))
      rmSync(dir, { recursive: true })
    }
  })

  it('says which threshold of the default policy is crossed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'watchfire-probe-'))
    const [caCertificate, tlsCertificate, tlsKey] = ['ca', 'cert', 'key'].map((name) =>
      join(dir, name),
    ) as [string, string, string]
    // One that was to hold for years, near its end.
    const madeMs = Date.now() - (VALID_DAYS - 2) * 86_400_000
    await makeTlsFiles({ caCertificate, tlsCertificate, tlsKey }, madeMs)
    const [cert, key] = [readFileSync(tlsCertificate), readFileSync(tlsKey)]
    const ending = createTlsServer({ cert, key }, (socket) => socket.end())
    await new Promise<void>((resolve) => ending.listen(0, '127.0.0.1', resolve))
    try {
      const there = `127.0.0.1:${(ending.address() as AddressInfo).port}`
      const ran = await probe('tls', there, ...local, '--ca', caCertificate)
      assert.equal(ran.exitCode, 0, ran.out)
      assert.match(
        ran.out,
        /^tls {2}reached; degraded by the default policy: expires-in, chain-expires-in\n/,
      )
      assert.match(ran.out, /\nexpires-in +1 d 23 h {2}Seconds/)
    } finally {
      await new Promise((resolve) => ending.close(resolve))
      rmSync(dir, { recursive: true })
    }
  })

  it('names what is wrong with a parameter, an address block or a kind, and exits 2', async () => {
    for (const [argv, message] of [
      [['http', url, '--param', 'redirects=99'], /params\.redirects: expected must be <= 10/],
      [['http', url, '--param', 'redirects'], /expected NAME=VALUE/],
      [['http', 'https://user@example.com/'], /params\.url: expected no user or password/],
      [['http', url, '--params', '[]'], /expected an object/],
      [['tcp', place, '--allow', 'home'], /expected a CIDR block/],
      [['tcp', place, '--timeout', 'long'], /--timeout long/],
      [['tcp', place, '--ca', '/nowhere'], /--ca \/nowhere: ENOENT/],
      [['ftp', place], /no kind ftp; there are .*http/],
    ] as const) {
      const ran = await probe(...argv)
      assert.equal(ran.exitCode, 2, argv.join(' '))
      assert.match(ran.err, message)
      assert.equal(ran.out, '')
    }
  })

  it('lists every kind', async () => {
    const ran = await probe('--list')
    for (const { kind } of builtinKinds) assert.match(ran.out, new RegExp(`^${kind} `, 'm'))
  })

  it('explains the fields of what a list holds, each after the list, with type and default', async () => {
    const lines = (await probe('--explain', 'contract')).out.split('\n')
    const at = lines.findIndex((line) => /^calls +list 1\.\.16 of object +required/.test(line))
    assert.ok(at > 0, lines.join('\n'))
    const rows = lines.slice(at + 1, lines.indexOf('', at))
    assert.match(rows[0] ?? '', /^calls\[\]\.signal +string +required +Name of the signal\./)
    assert.ok(rows.some((row) => /^calls\[\]\.word +integer 0\.\.63 +0 +Which/.test(row)))
    const relayer = (await probe('--explain', 'relayer')).out
    assert.match(relayer, /^metrics\[\]\.take +"value" or "age" +"value" /m)
    // Without a default and not required.
    assert.match(relayer, /^metrics\[\]\.absent +integer {3,}The signal/m)
    const reference = (await probe('--explain', 'price-reference')).out
    for (const name of ['sources[].headers', 'sources[].time', 'oracles[].name']) {
      assert.ok(reference.includes(`\n${name} `), name)
    }
  })

  for (const kind of builtinKinds) {
    it(`explains ${kind.kind}: each parameter, signal, identity and outcome, and its policy`, async () => {
      const example = makeExample(kind)
      assert.ok(example.ok, JSON.stringify(example))
      const ran = await probe('--explain', kind.kind)
      assert.equal(ran.exitCode, 0)
      const names = [
        ...Object.keys((kind.params as unknown as { properties: object }).properties),
        ...kind.signals(example.params).map(({ name }) => name),
        ...kind.identities.map(({ name }) => `identity ${name}`),
      ]
      for (const name of names) assert.match(ran.out, new RegExp(`^${name}\\b`, 'm'), name)
      for (const outcome of kind.outcomes) assert.ok(ran.out.includes(outcome), outcome)
      // What is slow is left out of a reference: there is no threshold on its latency.
      const signal = kind.kind === 'price-reference' ? 'spread' : 'latency'
      assert.match(ran.out, new RegExp(`degraded when ${signal} is above`))
    })
  }
})
