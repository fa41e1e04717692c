import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatFinding } from '../../src/config/config-fault.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'

describe('node configuration', () => {
  let directory = ''
  let file = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-config-'))
    file = join(directory, 'node.yaml')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function refuse(text: string): string[] {
    writeFileSync(file, text)
    const loaded = loadNodeConfig(file)
    assert.ok(!loaded.ok)
    assert.equal(loaded.fault.code, 'malformed')
    return loaded.fault.findings.map((finding) => formatFinding(finding).replace(file, 'node.yaml'))
  }

  it('has defaults for all but manifest and data directory, and paths from where the file lies', () => {
    writeFileSync(file, 'manifest: ./network.yaml\ndataDir: data # here\nprobe: { ca: [ca.pem] }\n')
    const loaded = loadNodeConfig(file)
    assert.ok(loaded.ok)
    const { config } = loaded
    assert.equal(config.manifest, join(directory, 'network.yaml'))
    assert.equal(config.dataDir, join(directory, 'data'))
    const ca = [join(directory, 'ca.pem')]
    assert.deepEqual(config.probe, { allow: [], ca, concurrency: 1024, kinds: [], secrets: [] })
    assert.equal(config.monitor, undefined)
    assert.equal(config.http.host, '127.0.0.1')
  })

  it('is refused with line, field and what was expected, each in one line', () => {
    const text = [
      'manifest: network.yaml',
      'dataDir: data',
      'monitor: Not An Id',
      'http:',
      '  port: x',
      '  hosst: a',
      'p2p:',
      '  listen:',
      '    - /ip4/127.0.0.1/tcp/0',
      '    - 127.0.0.1',
      'probe: { allow: [10.0.0.0] }',
      'log: { level: loud }',
    ]
    assert.deepEqual(refuse(text.join('\n')).toSorted(), [
      'node.yaml:10:7: p2p.listen[1]: expected a multiaddr, got "127.0.0.1"',
      'node.yaml:11:18: probe.allow[0]: expected a CIDR block, got "10.0.0.0"',
      'node.yaml:12:8: log.level: expected one of debug, info, warn, error, silent, got "loud"',
      'node.yaml:3:1: monitor: expected match pattern "^[a-z0-9][a-z0-9._-]*$", got "Not An Id"',
      'node.yaml:5:3: http.port: expected integer, got "x"',
      'node.yaml:6:3: http.hosst: expected no such field here',
    ])
  })

  it('is refused when an allowed block only looks like one', () => {
    const text = 'manifest: a\ndataDir: b\nprobe:\n  allow: [10.0.0.0/8, 1.2.3.4/99, 999.0.0.0/8]\n'
    assert.deepEqual(refuse(text), [
      'node.yaml:4:23: probe.allow[1]: expected a CIDR block, got "1.2.3.4/99"',
      'node.yaml:4:35: probe.allow[2]: expected a CIDR block, got "999.0.0.0/8"',
    ])
  })

  it('names where secrets are, by paths from where the file lies, and holds none', () => {
    const text = [
      'manifest: a',
      'dataDir: b',
      'probe:',
      '  secrets:',
      '    - { target: n, origin: "https://a.example", basic: { file: s }, headers: { X-A: { env: A } } }',
    ]
    writeFileSync(file, text.join('\n'))
    const loaded = loadNodeConfig(file)
    assert.ok(loaded.ok)
    const [secret] = loaded.config.probe.secrets
    assert.deepEqual(secret?.basic, { file: join(directory, 's') })
    assert.deepEqual(secret.headers, { 'x-a': { env: 'A' } })
  })

  it('is refused with a secret that is none, twice the same, or for no origin', () => {
    const from = '{ file: s }'
    for (const [secret, expected] of [
      [`origin: https://a.example`, 'one of basic, bearer, headers, url'],
      [`origin: https://a.example, basic: {}`, 'either file or env'],
      [`origin: https://a.example, basic: { file: a, env: A }`, 'either file or env'],
      [`origin: https://a.example/v2, basic: ${from}`, 'an origin such as'],
      [`origin: https://u:p@a.example, basic: ${from}`, 'an origin such as'],
      [`origin: a.example, basic: ${from}`, 'an origin such as'],
      [`origin: https://a.example, basic: ${from}, bearer: ${from}`, 'one of basic, bearer and'],
      [`origin: https://a.example, headers: { host: ${from} }`, 'a header that the probe does not'],
      [`origin: https://a.example, headers: { A: ${from}, a: ${from} }`, 'each header once'],
      [`origin: https://a.example, token: ${from}`, 'no such field here'],
    ] as const) {
      const lines = `manifest: a\ndataDir: b\nprobe:\n  secrets:\n    - { target: n, ${secret} }\n`
      const said = refuse(lines).join('\n')
      assert.ok(said.includes(`expected ${expected}`), `${secret}: ${said}`)
      assert.match(said, /^node.yaml:5:\d+: probe.secrets\[0\]/)
    }
    const one = `{ target: n, origin: "https://a.example", bearer: ${from} }`
    const twice = `manifest: a\ndataDir: b\nprobe: { secrets: [${one}, ${one}] }\n`
    assert.match(refuse(twice).join(), /probe.secrets\[1\]: expected one entry for target n and/)
  })

  it('names the fields that are missing', () => {
    assert.deepEqual(refuse('monitor: m1\n'), [
      'node.yaml:1:1: manifest: expected a value; the field is missing',
      'node.yaml:1:1: dataDir: expected a value; the field is missing',
    ])
  })

  it('is refused when it is empty, a list, not YAML, or says a thing twice', () => {
    assert.match(refuse('').join(), /^node.yaml:1:1: expected the fields manifest, dataDir/)
    assert.match(refuse('- a\n').join(), /node.yaml:1:1: expected the fields/)
    assert.match(refuse('manifest: [a\n').join(), /^node.yaml:2:1: expected YAML/)
    assert.match(
      refuse('manifest: a\ndataDir: b\nmanifest: c\n').join(),
      /^node.yaml:3:1: expected YAML: Map keys must be unique/,
    )
  })

  it('is refused in another version of YAML, which reads the same text otherwise', () => {
    const text = '---\nmanifest: a\ndataDir: b\n'
    for (const version of ['1.1', '1.3'])
      assert.deepEqual(refuse(`# ours\n%YAML ${version}\n${text}`), [
        `node.yaml:2:1: expected YAML 1.2, got %YAML ${version}`,
      ])
    writeFileSync(file, `%YAML 1.2\n${text}`)
    assert.ok(loadNodeConfig(file).ok)
  })

  it('does not let a few bytes of aliases become a flood', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 12; i += 1)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 8 }, () => `*a${i - 1}`).join(', ')}]`)
    assert.match(refuse(lines.join('\n')).join(), /alias/i)
  })

  it('says missing apart from malformed', () => {
    const loaded = loadNodeConfig(join(directory, 'none.yaml'))
    assert.ok(!loaded.ok)
    assert.equal(loaded.fault.code, 'missing')
    writeFileSync(file, Uint8Array.of(0xff, 0xfe, 0x00))
    const rubbish = loadNodeConfig(file)
    assert.ok(!rubbish.ok)
    assert.equal(rubbish.fault.code, 'malformed')
  })

  it('is refused where an alias stands in what it names, or brackets never end', () => {
    const finding = 'node.yaml: expected at most 64 levels, and no alias to what it stands in'
    for (const text of [
      'manifest: &a [*a]',
      'manifest: &a { b: *a, c: *a }',
      `manifest: ${'['.repeat(65)}${']'.repeat(65)}`,
      `manifest: ${'['.repeat(100_000)}`,
    ])
      assert.deepEqual(refuse(text), [finding])
  })

  it('is refused in one short line, however long what the parser repeats', () => {
    const [finding] = refuse(`manifest: *${'x'.repeat(5000)}`)
    assert.ok(finding !== undefined && finding.length < 400)
  })
})
