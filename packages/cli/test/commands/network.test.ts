import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getNetworkId, getPublicKey, toHex } from '@watchfire/attestation'
import { stringify } from 'yaml'
import { readManifestFile } from '../../src/manifest-file.ts'
import { makeManifestValue, seeds } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

const keys = seeds.map((seed) => toHex(getPublicKey(seed)))
const draft = {
  name: 'drafted',
  committee: keys.slice(0, 3).map((publicKey, at) => ({ id: `m${at + 1}`, publicKey, weight: 1 })),
  parameters: {
    originMs: 1_763_683_200_000,
    targets: [{ id: 'web', kind: 'http', params: { url: 'http://192.0.2.1/' } }],
  },
}

describe('watchfire network', () => {
  let dir: string
  let draftPath: string
  let out: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-network-'))
    draftPath = join(dir, 'draft.yaml')
    out = join(dir, 'network.yaml')
    writeFileSync(draftPath, stringify(draft))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const create = (...more: string[]) => runCli('network', 'create', draftPath, ...more)

  it('writes out a draft in full, and prints the id of the network', async () => {
    const made = await create('--member', `m4=${keys[3]},region=eu`, '--round', '1s', '--out', out)
    assert.equal(made.exitCode, 0, made.err)
    const { manifest } = readManifestFile(out)
    assert.equal(manifest.committee.members.length, 4)
    assert.equal(manifest.parameters.roundMs, 1000)
    assert.equal(manifest.parameters.targets[0]?.policy.fallRounds, 2)
    assert.match(made.err, new RegExp(`network drafted: ${toHex(getNetworkId(manifest))}\n`))
    const text = readFileSync(out, 'utf8')
    assert.match(text, /redirects: 3/)
    assert.match(text, /region: eu/)
  })

  it('says what liars could do, and warns below four members', async () => {
    const four = await create('--member', `m4=${keys[3]}`, '--json')
    const answer = JSON.parse(four.out) as { manipulability: object[]; warnings: string[] }
    assert.deepEqual(answer.warnings, [])
    assert.ok(answer.manipulability.length > 0)
    const three = await create()
    assert.match(three.err, /^warning: committee: expected at least 4 members/m)
  })

  it('names the place in the draft of what is wrong, exit 78', async () => {
    const bad = structuredClone(draft)
    const [target] = bad.parameters.targets
    assert.ok(target)
    target.params.url = 'ftp://192.0.2.1/'
    writeFileSync(draftPath, stringify(bad))
    const { err, exitCode } = await create('--out', out)
    assert.equal(exitCode, 78)
    assert.match(
      err,
      /^[^\n]*draft\.yaml:\d+:\d+: parameters\.targets\[0\]\.params\.url: expected /,
    )
  })

  it('refuses to write over a manifest, and flags that say nothing', async () => {
    assert.equal((await create('--out', out)).exitCode, 0)
    const again = await create('--out', out)
    assert.equal(again.exitCode, 1)
    assert.match(again.err, /exists already; a manifest is not written over/)
    assert.equal((await create('--round', 'soon')).exitCode, 2)
    assert.equal((await create('--member', 'm9')).exitCode, 2)
    assert.equal((await create('--origin', 'soon')).exitCode, 2)
  })

  it('inspects a manifest', async () => {
    writeFileSync(out, stringify(makeManifestValue()))
    const { out: text, exitCode } = await runCli('network', 'inspect', out)
    assert.equal(exitCode, 0)
    assert.match(text, /^weight +4: 3 decide, 1 may be faulty$/m)
    assert.match(text, /^tcp +tcp +2 rounds +2 rounds +\{"host":"127.0.0.1","port":9\}$/m)
    const json = await runCli('network', 'inspect', out, '--json')
    const { id } = JSON.parse(json.out) as { id: string }
    assert.equal(id, toHex(getNetworkId(readManifestFile(out).manifest)))
  })

  it('inspects a manifest that begins at the end of time, and refuses one that begins after it', async () => {
    const value = makeManifestValue()
    const given = value['parameters'] as Record<string, unknown>
    const begin = (originMs: number) =>
      writeFileSync(out, stringify({ ...value, parameters: { ...given, originMs } }))
    begin(Date.UTC(9999, 11, 31, 23, 59, 59, 999))
    const inspected = await runCli('network', 'inspect', out)
    assert.equal(inspected.exitCode, 0, inspected.err)
    assert.match(inspected.out, /from 9999-12-31T23:59:59.999Z/)
    begin(Date.UTC(9999, 11, 31, 23, 59, 59, 999) + 1)
    const refused = await runCli('network', 'inspect', out)
    assert.equal(refused.exitCode, 78)
    assert.match(refused.err, /originMs/)
  })

  it('refuses a malformed manifest with 78, and a missing one with 2', async () => {
    writeFileSync(out, stringify({ ...makeManifestValue(), committee: [] }))
    const { err, exitCode } = await runCli('network', 'inspect', out)
    assert.equal(exitCode, 78)
    assert.match(err, /network\.yaml:\d+:\d+: committee: expected /)
    assert.equal((await runCli('network', 'inspect', join(dir, 'none.yaml'))).exitCode, 2)
  })
})
