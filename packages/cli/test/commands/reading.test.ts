import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Attestation,
  encode,
  type Epoch,
  getAttestationDigest,
  getNetworkId,
  type MemberIndex,
  type Round,
  signDigest,
  signedAttestationType,
  type TargetIndex,
} from '@watchfire/attestation'
import { stringify } from 'yaml'
import { type FakeNode, startFakeNode } from '../fake-node.ts'
import { makeFile, makeManifest, makeManifestValue, seeds } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

const manifest = makeManifest()
const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** An attestation of member 1 that the target refused, signed by the key at `signer`. */
function makeAttestation(signer: number): string {
  const message: Attestation = {
    epoch: 0 as Epoch,
    round: 7 as Round,
    shard: 0,
    member: 1 as MemberIndex,
    observations: [
      {
        target: 0 as TargetIndex,
        status: 2,
        code: 1,
        referenceKind: 0,
        reference: 0,
        signals: [],
        identities: [],
      },
    ],
  }
  const seed = seeds[signer]
  assert.ok(seed)
  const signature = signDigest(getAttestationDigest(getNetworkId(manifest), message), seed)
  return toBase64(encode(signedAttestationType, { message, signature }))
}

const certificateEvent = (file: Uint8Array) =>
  `id: 1\nevent: certificate\ndata: ${JSON.stringify({ file: toBase64(file) })}\n\n`

describe('commands that ask a node', () => {
  let node: FakeNode | undefined
  let dir: string
  let manifestPath: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-reading-'))
    manifestPath = join(dir, 'network.yaml')
    writeFileSync(manifestPath, stringify(makeManifestValue()))
  })
  afterEach(async () => {
    await node?.close()
    rmSync(dir, { recursive: true })
  })

  async function run(answers: Parameters<typeof startFakeNode>[0], ...argv: string[]) {
    node = await startFakeNode(answers)
    return runCli(...argv, '--api', node.url)
  }

  it('attestations: checks each signature against the manifest', async () => {
    const attestations = [{ bytes: makeAttestation(1), monitor: 'a liar about names' }]
    const { out, err, exitCode } = await run(
      { '/v1/attestations': { json: { attestations } } },
      'attestations',
      '--manifest',
      manifestPath,
      '--round',
      '7',
      '--monitor',
      'm2',
    )
    assert.equal(exitCode, 0)
    assert.match(out, /^ {4}7 {2}m2 +valid +tcp +failed: refused$/m)
    assert.equal(err, '1 attestation, every signature valid\n')
    assert.deepEqual(node?.asked, ['/v1/attestations?round=7&monitor=m2'])
  })

  it("attestations: shows another's signature as invalid, exit 1", async () => {
    const attestations = [{ bytes: makeAttestation(1) }, { bytes: makeAttestation(2) }]
    const answers = { '/v1/attestations': { json: { attestations } } }
    const { out, exitCode } = await run(
      answers,
      'attestations',
      '--manifest',
      manifestPath,
      '--json',
    )
    assert.equal(exitCode, 1)
    const valid = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { valid: boolean }).valid)
    assert.deepEqual(valid, [true, false])
  })

  it('attestations: refuses bytes that are none', async () => {
    const attestations = [{ bytes: 'AAAA' }]
    const { err, exitCode } = await run(
      { '/v1/attestations': { json: { attestations } } },
      'attestations',
      '--manifest',
      manifestPath,
    )
    assert.equal(exitCode, 1)
    assert.match(err, /an attestation is malformed/)
  })

  it('targets: verifies the certificate, and says whose manifest it trusts', async () => {
    const answers = {
      '/v1/certificates/latest': { bytes: makeFile(manifest, [0, 1, 2]) },
      '/v1/network': { json: { manifest: makeManifestValue() } },
    }
    const { out, err, exitCode } = await run(answers, 'targets')
    assert.equal(exitCode, 0)
    assert.match(out, /^tcp +tcp +up +0 s +3 reached 1 absent +latency 1.23 ms$/m)
    assert.match(err, /^manifest taken from the node itself \(network [0-9a-f]{64}\)/)
    assert.match(err, /^STALE: round 7, [^\n]+ ago, signed by 3 of 4$/m)
  })

  it('certificate get: keeps a verified file, and refuses another network’s', async () => {
    const file = makeFile(manifest, [0, 1, 2])
    const out = join(dir, 'a.wfcert')
    const path = '/v1/certificates/round/7'
    const argv = ['certificate', 'get', '--round', '7', '--out', out, '--manifest', manifestPath]
    const got = await run({ [path]: { bytes: file } }, ...argv)
    assert.equal(got.exitCode, 0)
    assert.deepEqual(new Uint8Array(readFileSync(out)), file)
    await node?.close()
    rmSync(out)
    writeFileSync(manifestPath, stringify({ ...makeManifestValue(), name: 'other' }))
    const refused = await run({ [path]: { bytes: file } }, ...argv)
    assert.equal(refused.exitCode, 1)
    assert.match(refused.err, /refused: wrong-network: /)
    assert.throws(() => readFileSync(out), { code: 'ENOENT' })
  })

  it('certificate get: shows the reason of a refusal', async () => {
    const json = { code: 'gap', detail: 'no block\u001b[2J covers round 3' }
    const { err, exitCode } = await run(
      { '/v1/certificates/round/3': { json, status: 404 } },
      'certificate',
      'get',
      '--round',
      '3',
      '--manifest',
      manifestPath,
    )
    assert.equal(exitCode, 1)
    assert.match(err, /: 404 gap: no block\?\[2J covers round 3\n$/)
  })

  it('feed: shows a verified round, its gap and that it is old', async () => {
    const events = [certificateEvent(makeFile(manifest, [0, 1, 2]))]
    const argv = ['feed', '--rounds', '1', '--manifest', manifestPath]
    const { out, exitCode } = await run({ '/v1/events': { streams: [events] } }, ...argv, '--json')
    assert.equal(exitCode, 0)
    const event = JSON.parse(out) as Record<string, unknown>
    assert.equal(event['type'], 'state')
    assert.equal(event['stale'], true)
    assert.deepEqual(event['gap'], { from: 1, to: 6 })
    await node?.close()
    const people = await run({ '/v1/events': { streams: [events] } }, ...argv)
    assert.match(people.out, /^ +7 +1 +3\/4 .*up 1.23 ms$/m)
  })

  it('feed: says that a certificate was refused, and goes on', async () => {
    const short = makeFile(manifest, [0, 1])
    const good = makeFile(manifest, [0, 1, 2])
    // It gives the first stream up and asks again.
    const streams = [[certificateEvent(short)], [certificateEvent(good)]]
    const { out, exitCode } = await run(
      { '/v1/events': { streams } },
      'feed',
      '--rounds',
      '1',
      '--manifest',
      manifestPath,
      '--json',
    )
    assert.equal(exitCode, 0)
    const types = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; code?: string })
      .map(({ type, code }) => code ?? type)
    assert.deepEqual(types, ['insufficient-weight', 'state'])
  })

  it('status: exits 1 where the node sees no agreement, and says why', async () => {
    const status = (agreement: string) => ({
      '/v1/status': {
        json: {
          network: 'ab',
          networkName: 'sample',
          monitor: 'm1',
          version: '0.1.0',
          round: 7,
          height: 1,
          stale: agreement !== 'ok',
          agreement: { status: agreement, words: '2 of 4 monitors heard' },
          notReady: agreement === 'ok' ? [] : ['no-agreement: 2 of 4 monitors heard'],
          clockRound: 12,
          peers: 1,
        },
      },
      '/v1/monitors': { json: { monitors: [{ id: 'm1', weight: 1, isSelf: true }] } },
    })
    const bad = await run(status('waiting'), 'status')
    assert.equal(bad.exitCode, 1)
    assert.match(bad.out, /^agreement {2}waiting 2 of 4 monitors heard$/m)
    assert.match(bad.out, /^certified {2}round 7, height 1, stale$/m)
    assert.doesNotMatch(bad.out, /^notice/m, 'what agreement waits for is said once')
    await node?.close()
    assert.equal((await run(status('ok'), 'status')).exitCode, 0)
  })

  it('status: says how far the clock is off, against whom, and how many canaries answered', async () => {
    const { out } = await run(
      {
        '/v1/status': {
          json: {
            agreement: { status: 'ok', words: 'fine' },
            clockRound: 12,
            clockOffsetMs: -3.2,
            timeServer: { offsetMs: 41.6, errorMs: 2.1 },
            notReady: ['unwell: 2 of 3 canaries did not answer'],
            selfHealth: {
              healthy: false,
              cause: 'canaries',
              reason: '2 of 3 canaries did not answer',
              canaries: { total: 3, failed: 2 },
            },
          },
        },
        '/v1/monitors': { json: { monitors: [] } },
      },
      'status',
    )
    assert.match(
      out,
      /^clock +round 12, 3 ms behind the committee, 42 ms ahead of its time servers \(within 3 ms\)$/m,
    )
    assert.match(out, /^canaries +1 of 3 answered$/m)
    assert.deepEqual(out.match(/^notice.*$/gm), [
      'notice     unwell: 2 of 3 canaries did not answer',
    ])
  })

  it('status: says a clock far off once, and what else there is to say', async () => {
    const clockNotice = "this machine's clock is 61.0 s behind the committee's"
    const { out } = await run(
      {
        '/v1/status': {
          json: {
            agreement: { status: 'waiting', words: 'round 60 is yet to come here' },
            notReady: [
              'muted: it signs nothing until it is safe',
              `unwell: ${clockNotice}`,
              'no-agreement: round 60 is yet to come here',
            ],
            isQuarantined: true,
            clockNotice,
            selfHealth: { healthy: false, reason: clockNotice },
          },
        },
        '/v1/monitors': { json: { monitors: [] } },
      },
      'status',
    )
    assert.deepEqual(out.match(/^notice.*$/gm), [
      'notice     muted: it signs nothing until it is safe',
      `notice     unwell: ${clockNotice}`,
    ])
  })

  it('peers, attestations: say with their answer that nothing is certified', async () => {
    const agreement = { status: 'waiting', words: '2 of 4 monitors heard since round 7' }
    const answers = {
      '/v1/peers': { json: { peers: [], total: 0, agreement } },
      '/v1/attestations': { json: { attestations: [], agreement } },
    }
    const told = /^NO AGREEMENT \(waiting\): 2 of 4 monitors heard since round 7$/m
    assert.match((await run(answers, 'peers')).err, told)
    await node?.close()
    assert.match((await run(answers, 'attestations', '--manifest', manifestPath)).err, told)
  })

  it('certificate get: says that the latest is stale, and nothing of one that was asked for', async () => {
    const bytes = makeFile(manifest, [0, 1, 2])
    const answers = { '/v1/certificates/latest': { bytes }, '/v1/certificates/1': { bytes } }
    const argv = ['certificate', 'get', '--manifest', manifestPath]
    assert.match((await run(answers, ...argv)).err, /^STALE: round 7, /m)
    await node?.close()
    assert.equal((await run(answers, ...argv, '--height', '1')).err, '')
  })

  it('peers: aligns what it is told, and survives what it is not', async () => {
    const peers = [
      { peerId: '12D3KooWx', monitor: 'm2', direction: 'inbound', latencyMs: 1.25 },
      { peerId: 7, addresses: 'none' },
    ]
    const { out, exitCode } = await run({ '/v1/peers': { json: { peers, total: 3 } } }, 'peers')
    assert.equal(exitCode, 0)
    assert.match(out, /^12D3KooWx {2}m2 +them +1.3 ms$/m)
  })
})
