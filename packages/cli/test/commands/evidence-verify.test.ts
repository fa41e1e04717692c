import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getNetworkId, toHex } from '@watchfire/attestation'
import { stringify } from 'yaml'
import { makeEvidence, makeManifest, makeManifestValue } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

const manifest = makeManifest()

describe('watchfire evidence verify', () => {
  let dir: string
  let manifestPath: string
  let evidencePath: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-evidence-'))
    manifestPath = join(dir, 'network.yaml')
    evidencePath = join(dir, 'm2.wfevid')
    writeFileSync(manifestPath, stringify(makeManifestValue()))
    writeFileSync(evidencePath, makeEvidence(manifest, 1).file)
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const verify = (...more: string[]) =>
    runCli('evidence', 'verify', evidencePath, '--manifest', manifestPath, ...more)

  it('prints who signed twice, for what place, and what was signed', async () => {
    const { digest, signed } = makeEvidence(manifest, 1)
    const { out, err, exitCode } = await verify()
    assert.equal(err, '')
    assert.equal(exitCode, 0)
    const id = toHex(getNetworkId(manifest))
    const [network, offender, place, first, second, evidence] = out.trimEnd().split('\n')
    assert.equal(network, `network   sample (${id})`)
    assert.equal(offender, 'offender  m2')
    assert.equal(place, 'signed    two votes for view 4')
    const header = 'notarize header (01){32}|notarize header (02){32}'
    assert.match(first ?? '', new RegExp(`^first     ${signed[0]}  (${header})$`))
    assert.match(second ?? '', new RegExp(`^second    ${signed[1]}  (${header})$`))
    assert.equal(evidence, `evidence  ${digest}`)
  })

  it('prints one JSON object with --json', async () => {
    const { out, exitCode } = await verify('--json')
    assert.equal(exitCode, 0)
    const answer = JSON.parse(out) as Record<string, unknown>
    const { valid, offender, kind, epoch, view, round } = answer
    assert.deepEqual(
      { valid, offender, kind, epoch, view, round },
      { valid: true, offender: 'm2', kind: 'vote', epoch: 0, view: 4, round: null },
    )
  })

  it('refuses a flipped bit, another network and what is no evidence with their codes, exit 1', async () => {
    const { file } = makeEvidence(manifest, 1)
    const flipped = Uint8Array.from(file)
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    writeFileSync(evidencePath, flipped)
    const bad = await verify('--json')
    assert.equal(bad.exitCode, 1)
    assert.match(bad.err, /^[^\n]*m2\.wfevid: refused: bad-signature: [^\n]*\n$/)
    assert.equal((JSON.parse(bad.out) as { valid: boolean }).valid, false)

    writeFileSync(evidencePath, 'nothing of the kind')
    assert.match((await verify()).err, /refused: malformed: /)

    writeFileSync(manifestPath, stringify({ ...makeManifestValue(), name: 'other' }))
    writeFileSync(evidencePath, file)
    const other = await verify()
    assert.equal(other.exitCode, 1)
    assert.match(other.err, /refused: wrong-network: /)
  })

  it('exits 78 on a malformed manifest, and 2 where there is no file', async () => {
    writeFileSync(manifestPath, 'format: 2')
    assert.equal((await verify()).exitCode, 78)
    writeFileSync(manifestPath, stringify(makeManifestValue()))
    rmSync(evidencePath)
    const missing = await verify()
    assert.equal(missing.exitCode, 2)
    assert.match(missing.err, /m2\.wfevid: no such file\n$/)
    assert.equal((await runCli('evidence', 'verify', evidencePath)).exitCode, 2)
  })
})
