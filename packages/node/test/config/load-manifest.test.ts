import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getPublicKey, toHex } from '@watchfire/attestation'
import { builtinKinds, makeRegistry } from '@watchfire/probes'
import { formatFinding } from '../../src/config/config-fault.ts'
import { loadManifest } from '../../src/config/load-manifest.ts'

const registry = makeRegistry(builtinKinds)

function makeText(members: number, kind = 'tcp', params = '{ host: 127.0.0.1, port: 80 }'): string {
  const committee = Array.from({ length: members }, (_, i) => {
    const key = toHex(getPublicKey(new Uint8Array(32).fill(i + 1)))
    return `  - { id: m${i + 1}, publicKey: "${key}", weight: 1 }`
  })
  return `# a network
format: 1
protocol: 1
name: example
committee:
${committee.join('\n')}
parameters:
  originMs: 1763683200000
  roundMs: 2000
  attestByMs: 1000
  proposeAtMs: 1300
  viewTimeoutMs: 500
  targets:
    - id: shop
      kind: ${kind}
      timeoutMs: 800
      params: ${params}
      signals: []
      policy: { reachedMin: 667, failedMin: 667, fallRounds: 3, riseRounds: 2, thresholds: [] }
`
}

describe('manifest file', () => {
  let directory = ''
  let file = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-manifest-'))
    file = join(directory, 'network.yaml')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function load(text: string): ReturnType<typeof loadManifest> {
    writeFileSync(file, text)
    return loadManifest(file, registry)
  }
  function refuse(text: string): string {
    const loaded = load(text)
    assert.ok(!loaded.ok)
    const lines = loaded.fault.findings.map(formatFinding)
    return lines.join('\n').replaceAll(file, 'network.yaml')
  }

  it('of four monitors is admitted without a warning', () => {
    const loaded = load(makeText(4))
    assert.ok(loaded.ok)
    assert.deepEqual(loaded.warnings, [])
    assert.equal(loaded.manifest.committee.members.length, 4)
  })

  it('of three monitors is admitted with a warning at the committee', () => {
    const loaded = load(makeText(3))
    assert.ok(loaded.ok)
    assert.equal(loaded.warnings.length, 1)
    assert.match(formatFinding(loaded.warnings[0] ?? assert.fail()), /:5:1: committee/)
  })

  it('is refused where a member weighs nothing, is there twice, or is missing, by line', () => {
    assert.match(
      refuse(makeText(4).replace('weight: 1', 'weight: 0')),
      /^network.yaml:6:\d+: committee\[0\].weight: expected .*got 0$/,
    )
    assert.match(refuse(makeText(4).replace('id: m2', 'id: m1')), /^network.yaml:7:\d+: committee/)
    assert.match(refuse(makeText(4).replace('name: example\n', '')), /name: expected/)
    assert.match(refuse(makeText(0).replace('committee:', 'committee: []')), /:5:1: committee/)
  })

  it('is refused where it names a feature that this release does not know, by line', () => {
    writeFileSync(file, makeText(4).replace('committee:', 'features: [sortition]\ncommittee:'))
    const loaded = loadManifest(file, registry)
    assert.ok(!loaded.ok)
    assert.equal(loaded.fault.code, 'malformed')
    assert.match(
      loaded.fault.findings.map(formatFinding).join('\n'),
      /network\.yaml:5:\d+: features\[0\]: expected a feature that this release knows.*sortition/,
    )
  })

  it('is refused where a kind does not take its parameters, by line', () => {
    assert.match(
      refuse(makeText(4, 'tcp', '{ host: 127.0.0.1, port: many }')),
      /^network.yaml:\d+:\d+: parameters.targets\[0\].params.port: expected .*\(kind tcp\)/,
    )
  })

  it('is refused with a credential in it, by line and code, and does not repeat it', () => {
    for (const kind of ['http', 'seance']) {
      writeFileSync(file, makeText(4, kind, '{ url: "https://user:canary@a.example/" }'))
      const loaded = loadManifest(file, registry)
      assert.ok(!loaded.ok)
      const [finding, ...more] = loaded.fault.findings
      assert.deepEqual(more, [])
      assert.equal(finding?.code, 'credential')
      assert.match(
        formatFinding(finding),
        /:\d+: parameters.targets\[0\].params.url: expected no user/,
      )
      assert.ok(!JSON.stringify(loaded.fault).includes('canary'))
    }
  })

  it('with a kind that is unknown here is admitted with a warning, for this monitor abstains', () => {
    const loaded = load(makeText(4, 'seance'))
    assert.ok(loaded.ok)
    assert.match(
      formatFinding(loaded.warnings[0] ?? assert.fail()),
      /parameters.targets\[0\].kind: expected one of .*, got seance/,
    )
  })
})
