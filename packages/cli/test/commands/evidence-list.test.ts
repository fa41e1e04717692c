import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MemberIndex, Round } from '@watchfire/attestation'
import { stringify } from 'yaml'
import { type Answer, type FakeNode, startFakeNode } from '../fake-node.ts'
import { makeEvidence, makeFile, makeManifest, makeManifestValue } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

const manifest = makeManifest()
const m2 = makeEvidence(manifest, 1)
const m3 = makeEvidence(manifest, 2)
const exclusions = [{ member: 1 as MemberIndex, round: 6 as Round }]
const certificate = makeFile(manifest, [0, 2, 3], 7, exclusions)
const toItem = (file: Uint8Array) => ({ file: Buffer.from(file).toString('base64') })

describe('watchfire evidence', () => {
  let node: FakeNode | undefined
  let dir: string
  let manifestPath: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-evidence-'))
    manifestPath = join(dir, 'network.yaml')
    writeFileSync(manifestPath, stringify(makeManifestValue()))
  })
  afterEach(async () => {
    await node?.close()
    rmSync(dir, { recursive: true })
  })

  async function run(answers: Readonly<Record<string, Answer>>, ...argv: string[]) {
    node = await startFakeNode(answers)
    return runCli('evidence', ...argv, '--api', node.url, '--manifest', manifestPath)
  }
  const serve = (...files: readonly Uint8Array[]): Record<string, Answer> => ({
    '/v1/evidence': { json: { evidence: files.map(toItem), next: null } },
    '/v1/certificates/latest': { bytes: certificate },
  })

  it('list: verifies each piece, and says who is excluded as a certificate has it', async () => {
    const { out, err, exitCode } = await run(serve(m2.file, m3.file), 'list')
    assert.equal(exitCode, 0)
    const [, first, second] = out.split('\n')
    assert.equal(first, `${m2.digest}  m2        two votes for view 4  excluded since round 6`)
    assert.equal(second, `${m3.digest}  m3        two votes for view 4  in no block yet`)
    assert.equal(err, '2 members signed two things for one place; every piece verified\n')
  })

  it('list: gives one JSON object a piece', async () => {
    const { out } = await run(serve(m2.file), 'list', '--json')
    const { digest, offender, excludedSince } = JSON.parse(out) as Record<string, unknown>
    assert.deepEqual([digest, offender, excludedSince], [m2.digest, 'm2', 6])
  })

  it('list: names who is excluded though this node lacks the proof', async () => {
    const { out, err, exitCode } = await run(serve(), 'list')
    assert.equal(out, '')
    assert.match(err, /^m2 excluded since round 6; this node lacks the evidence$/m)
    assert.match(err, /^this node knows of nobody who signed two things for one place$/m)
    assert.equal(exitCode, 0)
  })

  it('list: refuses a node that gives what proves nothing', async () => {
    const forged = Uint8Array.from(m2.file)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const { out, err, exitCode } = await run(serve(forged), 'list')
    assert.equal(exitCode, 1)
    assert.equal(out, '')
    assert.match(err, /\/v1\/evidence: refused: bad-signature: /)
  })

  it('show: keeps the file that was verified, for `evidence verify` to verify again', async () => {
    const out = join(dir, 'm2.wfevid')
    const answers = { [`/v1/evidence/${m2.digest}`]: { bytes: m2.file } }
    const shown = await run(answers, 'show', m2.digest, '--out', out)
    assert.equal(shown.exitCode, 0)
    assert.match(shown.out, /^offender {2}m2$/m)
    assert.deepEqual(new Uint8Array(readFileSync(out)), m2.file)
    const verified = await runCli('evidence', 'verify', out, '--manifest', manifestPath)
    assert.equal(verified.out, shown.out)
  })

  it('show: refuses another piece than was asked for, and keeps nothing', async () => {
    const out = join(dir, 'm2.wfevid')
    const answers = { [`/v1/evidence/${m2.digest}`]: { bytes: m3.file } }
    const shown = await run(answers, 'show', m2.digest, '--out', out)
    assert.equal(shown.exitCode, 1)
    assert.match(shown.err, new RegExp(`refused: it is ${m3.digest}`))
    assert.throws(() => readFileSync(out), { code: 'ENOENT' })
    await node?.close()
    assert.equal((await run({}, 'show', 'm2')).exitCode, 2)
  })

  it('targets: says on stderr who is excluded', async () => {
    node = await startFakeNode(serve())
    const { err } = await runCli('targets', '--api', node.url, '--manifest', manifestPath)
    assert.match(err, /^EXCLUDED: m2 since round 6: it signed two things for one place/m)
  })

  it('certificate verify: names who is excluded, with --json too', async () => {
    const path = join(dir, 'a.wfcert')
    writeFileSync(path, certificate)
    const argv = ['certificate', 'verify', path, '--manifest', manifestPath]
    assert.match((await runCli(...argv)).out, /^excluded {5}m2 since round 6: /m)
    const { excluded } = JSON.parse((await runCli(...argv, '--json')).out) as { excluded: unknown }
    assert.deepEqual(excluded, [{ monitor: 'm2', since: 6 }])
  })

  it('status: says of the accused and the excluded what is known', async () => {
    const monitors = [
      { id: 'm1', weight: 1, isSelf: true },
      { id: 'm2', weight: 1, excludedSince: 6, evidence: m2.digest },
      { id: 'm3', weight: 1, evidence: m3.digest },
    ]
    const answers = {
      '/v1/status': { json: { agreement: { status: 'ok' } } },
      '/v1/monitors': { json: { monitors } },
    }
    node = await startFakeNode(answers)
    const { out } = await runCli('status', '--api', node.url)
    const what = 'signed two things for one place'
    assert.match(
      out,
      new RegExp(`^evidence +m2 ${what}: nothing it observes counts since round 6$`, 'm'),
    )
    assert.match(out, new RegExp(`^evidence +m3 ${what}; no block holds that yet$`, 'm'))
  })
})
