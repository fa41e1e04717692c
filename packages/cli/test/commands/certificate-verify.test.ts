import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getNetworkId, toHex } from '@watchfire/attestation'
import { stringify } from 'yaml'
import { makeFile, makeManifest, makeManifestValue } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

const manifest = makeManifest()

describe('watchfire certificate verify', () => {
  let dir: string
  let manifestPath: string
  let certificatePath: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-verify-'))
    manifestPath = join(dir, 'network.yaml')
    certificatePath = join(dir, 'a.wfcert')
    writeFileSync(manifestPath, stringify(makeManifestValue()))
    writeFileSync(certificatePath, makeFile(manifest, [0, 1, 3]))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const verify = (...more: string[]) =>
    runCli('certificate', 'verify', certificatePath, '--manifest', manifestPath, ...more)

  it('prints network, round, height, signers, weight and verdicts', async () => {
    const { out, err, exitCode } = await verify()
    assert.equal(err, '')
    assert.equal(exitCode, 0)
    assert.match(out, new RegExp(`^network {6}sample \\(${toHex(getNetworkId(manifest))}\\)$`, 'm'))
    assert.match(out, /^round {8}7, from 2025-11-21T00:00:14.000Z$/m)
    assert.match(out, /^fresh until {2}2025-11-21T00:00:19.800Z$/m)
    assert.match(out, /^height {7}1$/m)
    assert.match(out, /^signers {6}m1 m2 m4 \(3 of 4\)$/m)
    assert.match(out, /^weight {7}3 of 4, 3 needed$/m)
    assert.match(out, /^gap {10}rounds 1 to 6 were not agreed on$/m)
    assert.match(out, /^tcp +tcp +up +0 s +3 reached 1 absent +latency 1.23 ms$/m)
  })

  it('prints one JSON object with --json', async () => {
    const { out, exitCode } = await verify('--json')
    assert.equal(exitCode, 0)
    const answer = JSON.parse(out) as Record<string, unknown>
    assert.equal(answer['valid'], true)
    assert.equal(answer['round'], 7)
    assert.deepEqual(answer['signers'], ['m1', 'm2', 'm4'])
  })

  it('refuses weight short by one, a flipped bit and another network with their codes, exit 1', async () => {
    writeFileSync(certificatePath, makeFile(manifest, [0, 1]))
    const short = await verify()
    assert.equal(short.exitCode, 1)
    assert.match(short.err, /^[^\n]*a\.wfcert: refused: insufficient-weight: [^\n]*\n$/)

    const flipped = makeFile(manifest, [0, 1, 2])
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    writeFileSync(certificatePath, flipped)
    const bad = await verify('--json')
    assert.equal(bad.exitCode, 1)
    assert.equal((JSON.parse(bad.out) as { valid: boolean }).valid, false)

    writeFileSync(manifestPath, stringify({ ...makeManifestValue(), name: 'other' }))
    writeFileSync(certificatePath, makeFile(manifest, [0, 1, 2]))
    const other = await verify()
    assert.equal(other.exitCode, 1)
    assert.match(other.err, /refused: wrong-network: /)
  })

  it('names file, line and field of what is wrong in a manifest, exit 78', async () => {
    const value = makeManifestValue() as { committee: { weight: number }[] }
    const [, second] = value.committee
    assert.ok(second)
    second.weight = 0
    const text = stringify(value)
    const line = text.split('\n').findIndex((each) => each.includes('weight: 0')) + 1
    writeFileSync(manifestPath, text)
    const { err, exitCode } = await verify()
    assert.equal(exitCode, 78)
    assert.match(
      err,
      new RegExp(
        `^${manifestPath}:${line}:\\d+: committee\\[1\\]\\.weight: expected [^\\n]+, got 0\\n$`,
      ),
    )
  })

  it('refuses an empty manifest with 78', async () => {
    writeFileSync(manifestPath, '')
    const { err, exitCode } = await verify()
    assert.equal(exitCode, 78)
    assert.match(err, /network\.yaml/)
  })

  it('exits 2 where there is no such file, or no manifest is named', async () => {
    rmSync(certificatePath)
    const missing = await verify()
    assert.equal(missing.exitCode, 2)
    assert.match(missing.err, /a\.wfcert: no such file\n$/)
    const unnamed = await runCli('certificate', 'verify', certificatePath)
    assert.equal(unnamed.exitCode, 2)
    assert.match(unnamed.err, /--manifest/)
    rmSync(manifestPath)
    assert.equal((await verify()).exitCode, 2)
  })

  it('loads no network stack', () => {
    const bin = fileURLToPath(new URL('../../bin/watchfire.js', import.meta.url))
    const trace = join(dir, 'trace.mjs')
    writeFileSync(
      trace,
      `import { registerHooks } from 'node:module'
       registerHooks({ resolve(specifier, context, next) {
         if (/libp2p|gossipsub|fastify/.test(specifier)) throw new Error('loaded ' + specifier)
         return next(specifier, context)
       } })`,
    )
    const argv = ['--import', trace, bin, 'certificate', 'verify', certificatePath]
    const out = execFileSync(process.execPath, [...argv, '--manifest', manifestPath, '--json'])
    assert.equal((JSON.parse(out.toString()) as { valid: boolean }).valid, true)
  })
})
