import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Attestation,
  encode,
  fromText,
  getAttestationDigest,
  type GroupState,
  makeCertificateFile,
  makeGenesisContext,
  type MemberIndex,
  parseManifest,
  reasonKinds,
  type Round,
  signDigest,
  signedAttestationType,
  standings,
  type State,
  type TargetIndex,
  toBits,
  verdicts,
} from '@watchfire/attestation'
import { stringify } from 'yaml'
import { type Answer, type FakeNode, startFakeNode } from '../fake-node.ts'
import { certify, makeManifestValue, makeState, seeds } from '../network-fixture.ts'
import { runCli } from '../run-cli.ts'

/** Three nodes of one chain at one provider. */
const value = (() => {
  const base = makeManifestValue() as {
    committee: Record<string, unknown>[]
    parameters: Record<string, unknown>
  }
  const node = (id: string) => ({
    id,
    kind: 'evm-rpc',
    group: 'evm',
    provider: 'acme',
    timeoutMs: 800,
    params: {},
    signals: [{ name: 'head', unit: 'blocks', scale: 0, aggregate: 'corroborated' }],
    identities: [{ name: 'block-hash' }],
    policy: {
      reachedMin: 667,
      failedMin: 667,
      fallRounds: 2,
      riseRounds: 2,
      thresholds: [{ signal: 'head', lag: 5, severity: 'degraded' }],
    },
  })
  const committee = base.committee.map((member, at) => ({
    ...member,
    region: at < 2 ? 'eu' : 'us',
    network: `as${at}`,
  }))
  const parameters = { ...base.parameters, targets: ['n1', 'n2', 'n3'].map(node) }
  return { ...base, committee, parameters }
})()
const parsed = parseManifest(value)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
const { manifest } = parsed
const context = makeGenesisContext(manifest)

type Change = Partial<State['targets'][number]>

const intervalUs = 2_000_000
const hashOf = (byte: number) => new Uint8Array(32).fill(byte)

/** The certificate of a height, of the round twice as high, with a head and something to say of n3 and others. */
function makeCertificate(
  height: number,
  head: number,
  changes: Change = {},
  changed: readonly number[] = [2],
  group: Pick<GroupState, 'forks'> = { forks: [] },
): Uint8Array {
  const { meta, targets } = makeState(height * 2)
  const [sample] = targets
  assert.ok(sample !== undefined)
  const mark = { round: 4 as Round, value: toBits(BigInt(head)) }
  const state: State = {
    meta: { ...meta, height: height as typeof meta.height },
    targets: ['n1', 'n2', 'n3'].map((id, at) => ({
      ...sample,
      id: fromText(id),
      referenceKind: 1,
      reference: 100 + height,
      signals: [{ index: 0, weight: 3, value: toBits(BigInt(head)) }],
      blocks: [{ height: 100 + height, identities: [{ index: 0, value: hashOf(1) }] }],
      vantages: [
        { region: fromText('eu'), reached: 2, failed: 0, abstained: 0 },
        { region: fromText('us'), reached: 1, failed: 0, abstained: 0 },
      ],
      ...(changed.includes(at) ? changes : {}),
    })),
    groups: [
      {
        id: fromText('evm'),
        standing: group.forks.length > 0 ? standings.forked : standings.advancing,
        since: 2 as Round,
        heads: [{ name: fromText('head'), weight: 3, value: toBits(BigInt(head)), behindMs: 0 }],
        paces: [{ name: fromText('head'), older: mark, newer: mark, last: mark, intervalUs }],
        signals: [{ target: 0 as TargetIndex, signal: 0, targets: 2, value: toBits(BigInt(head)) }],
        ...group,
      },
    ],
  }
  return makeCertificateFile(context.networkId, certify(manifest, state, [0, 1, 2]), state, [])
}

/** What a member attests of n3 in a round, in the form of `/v1/attestations`. */
function makeAttestation(member: number, round: number, status: number, code: number) {
  const message: Attestation = {
    epoch: context.epoch,
    round: round as Attestation['round'],
    shard: 0,
    member: member as MemberIndex,
    observations: [
      {
        target: 2 as TargetIndex,
        status,
        code,
        referenceKind: 0,
        reference: 0,
        signals: [],
        identities: [],
      },
    ],
  }
  const seed = seeds[member] ?? assert.fail()
  const signature = signDigest(getAttestationDigest(context.networkId, message), seed)
  const bytes = encode(signedAttestationType, { message, signature })
  return { bytes: Buffer.from(bytes).toString('base64') }
}

describe('commands that say how chains are', () => {
  let node: FakeNode | undefined
  let dir: string
  let manifestPath: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-groups-'))
    manifestPath = join(dir, 'network.yaml')
    writeFileSync(manifestPath, stringify(value))
  })
  afterEach(async () => {
    await node?.close()
    rmSync(dir, { recursive: true })
  })

  async function run(answers: Readonly<Record<string, Answer>>, ...argv: string[]) {
    await node?.close()
    node = await startFakeNode(answers)
    return runCli(...argv, '--api', node.url, '--manifest', manifestPath)
  }

  const chain = (last: Uint8Array): Record<string, Answer> => ({
    '/v1/certificates/latest': { bytes: last },
  })
  const forked = makeCertificate(
    3,
    104,
    { astray: 1, blocks: [{ height: 103, identities: [{ index: 0, value: hashOf(2) }] }] },
    [2],
    { forks: [{ identity: fromText('block-hash'), height: 103, majority: [hashOf(1)] }] },
  )

  it('groups: says how a chain is, from one certificate that is verified', async () => {
    const { out, err, exitCode } = await run(chain(makeCertificate(3, 104)), 'groups')
    assert.equal(exitCode, 0, err)
    assert.match(out, /^evm +advancing +head 104 blocks +2 s +3 up$/m)
    assert.equal(err, 'round 6, signed by 3\n')
  })

  it('groups: shows who is on another chain than most, for people and as JSON', async () => {
    const { out } = await run(chain(forked), 'groups')
    assert.match(out, /^evm +forked/m)
    const [most, other] = ['01', '02'].map((byte) => byte.repeat(8))
    const fork = `fork at 103, block-hash ${most}… \\(most\\) n1, n2 \\| ${other}… n3`
    assert.match(out, new RegExp(`^evm: ${fork}$`, 'm'))
    const { out: json } = await run(chain(forked), 'groups', '--json')
    const read = JSON.parse(json) as Record<string, unknown>
    assert.equal(read['standing'], 'forked')
    assert.equal(read['words'], '1 of 3 targets on another chain than most: n3')
    const one = await run(chain(forked), 'groups', '--group', 'evm')
    assert.match(one.out, /^standing +forked: 1 of 3 targets on another chain than most: n3$/m)
    assert.match(one.out, /^head +head 104 blocks, one in 2 s, last rose in round 4$/m)
    assert.match(one.out, /^head +104 blocks +2 targets$/m)
    assert.match(one.out, /^targets +n1 up, n2 up, n3 up \(astray\)$/m)
  })

  it('groups: refuses a certificate that proves nothing, and a group there is not', async () => {
    const bad = makeCertificate(3, 104)
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1
    const refused = await run(chain(bad), 'groups')
    assert.equal(refused.exitCode, 1)
    assert.match(refused.err, /certificates\/latest: refused: /)
    assert.equal((await run(chain(makeCertificate(3, 104)), 'groups', '--group', 'x')).exitCode, 2)
  })

  it('targets --target: says why, by which numbers, and who sees what', async () => {
    const disputed = makeCertificate(3, 104, {
      verdict: verdicts.disputed,
      settled: verdicts.disputed,
      reached: 2,
      failed: 1,
      absent: 1,
      reasonKind: reasonKinds.share,
      vantages: [
        { region: fromText('eu'), reached: 2, failed: 0, abstained: 0 },
        { region: fromText('us'), reached: 0, failed: 1, abstained: 0 },
      ],
    })
    const attestations = [
      makeAttestation(0, 6, 1, 0),
      makeAttestation(1, 6, 1, 0),
      makeAttestation(2, 6, 2, 2),
    ]
    const answers = {
      '/v1/certificates/latest': { bytes: disputed },
      '/v1/attestations': { json: { attestations, next: null } },
    }
    const { out, err, exitCode } = await run(answers, 'targets', '--target', 'n3')
    assert.equal(exitCode, 0, err)
    assert.match(out, /^verdict +disputed for/m)
    assert.match(out, /^reason +observers differ: 2 reach it \(eu 2\), 1 do not \(us 1\)$/m)
    assert.match(out, /^region us +down +0 +1 +0$/m)
    assert.match(out, /^network as0 +up +1 +0 +0$/m)
    assert.match(out, /^m3 +us +as2 +failed: timeout$/m)
    assert.match(out, /^m4 +us +as3 +absent$/m)
    assert.equal(err, 'round 6, signed by 3\n')
    const some = { ...answers, '/v1/attestations': { json: { attestations: [] } } }
    const json = await run(some, 'targets', '--target', 'n3', '--json')
    const { vantage, words } = JSON.parse(json.out) as {
      vantage: { isWhole: boolean }
      words: string
    }
    assert.equal(vantage.isWhole, false)
    assert.match(words, /^observers differ/)
  })

  it('targets --target: tells that a verdict is one of many at its provider', async () => {
    const down = { verdict: verdicts.down, settled: verdicts.down, reached: 0, failed: 3 }
    const file = makeCertificate(3, 104, down)
    const most = makeCertificate(3, 104, down, [0, 2])
    const answers = {
      '/v1/certificates/latest': { bytes: file },
      '/v1/attestations': { json: { attestations: [] } },
    }
    const alone = await run(answers, 'targets', '--target', 'n3')
    assert.doesNotMatch(alone.out, /incident/)
    const many = await run(
      { ...answers, '/v1/certificates/latest': { bytes: most } },
      'targets',
      '--target',
      'n3',
    )
    const { err } = await run({ '/v1/certificates/latest': { bytes: most } }, 'targets')
    assert.match(err, /^INCIDENT: 2 of 3 targets of acme are down since round 6: n1, n3$/m)
    assert.match(many.out, /^incident +2 of 3 targets of acme are down since round 6: n1, n3$/m)
  })

  it('targets --target: believes no attestation whose signature is not its member’s', async () => {
    const forged = makeAttestation(0, 6, 1, 0)
    const bytes = Buffer.from(forged.bytes, 'base64')
    bytes[20] = (bytes[20] ?? 0) ^ 1
    const answers = {
      '/v1/certificates/latest': { bytes: makeCertificate(3, 104) },
      '/v1/attestations': { json: { attestations: [{ bytes: bytes.toString('base64') }] } },
    }
    const { err, exitCode } = await run(answers, 'targets', '--target', 'n3')
    assert.equal(exitCode, 1)
    assert.match(err, /an attestation of m1 whose signature is not valid/)
    const unknown = await run(answers, 'targets', '--target', 'x')
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.err, /^the manifest has no target x$/m)
  })
})
