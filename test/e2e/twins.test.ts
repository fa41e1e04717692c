import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@watchfire/attestation'
import { fetchEvidence, fetchLatest, parseManifest } from '@watchfire/light-client'
import { parse } from 'yaml'
import {
  type Line,
  makeProcessNetwork,
  type NodeProcess,
  type ProcessNetwork,
} from '../../packages/node/test/compose/process-network.ts'
import { ask, poll, watchfire } from './devnet-run.ts'

// An operator's mistake: a second machine with the first one's monitor key and vote log, "to take
// over". The lock refuses that on one machine; so the twin is told that it runs where the lock sees
// no further than its own directory. It sees other things, too: its own network is closed to it.

type Json = Record<string, unknown>

interface Known {
  readonly digest: string
  readonly monitor: string
  readonly kind: string
  readonly inclusion: { readonly round: number; readonly height: number | null } | null
}

const honest = [0, 1, 2]
const ATTEMPTS_MAX = 8
const isFinal = ({ type }: Line): boolean => type === 'final'
const getHeight = ({ lines }: NodeProcess): number => lines.findLast(isFinal)?.height ?? 0

describe('two processes on one monitor key', function () {
  this.timeout(600_000)
  let network: ProcessNetwork
  let nodes: NodeProcess[]
  let twin: NodeProcess
  let apis: string[]
  let included: Known

  async function getApi(node: NodeProcess): Promise<string> {
    const { api } = await node.wait(({ type }) => type === 'started')
    assert.ok(api !== undefined)
    return api
  }
  async function listEvidence(api: string): Promise<readonly Known[]> {
    const { body } = await ask(`${api}/v1/evidence`)
    return (body as { evidence: readonly Known[] }).evidence
  }
  async function isMuted(api: string): Promise<boolean> {
    const { body } = await ask(`${api}/v1/status`)
    return (body as Json)['isQuarantined'] === true
  }
  const getNode = (member: number): NodeProcess => nodes[member] ?? assert.fail()
  const getApiOf = (member: number): string => apis[member] ?? assert.fail()

  /** Both at once, the twin with all that the monitor has but its peer key, another address and a closed network. */
  async function startBoth(): Promise<void> {
    const data = join(network.directory, 'twin')
    rmSync(data, { recursive: true, force: true })
    execFileSync('cp', ['-a', network.dataOf(3), data])
    rmSync(join(data, 'keys', 'peer.key'))
    const config = readFileSync(network.configOf(3), 'utf8')
      .replace('dataDir: m3', 'dataDir: twin')
      .replace(/listen: \[[^\]]*\]/, 'listen: [/ip4/127.0.0.1/tcp/0]')
      .replace('allow: [127.0.0.0/8]', 'allow: []')
    const path = join(network.directory, 'twin.yaml')
    writeFileSync(path, config)
    nodes[3] = network.start(3)
    twin = network.start(3, { config: path, platform: 'elsewhere' })
    apis = await Promise.all(nodes.map(getApi))
    await getApi(twin)
  }

  /** Whether somebody holds a proof before one of the two has fallen silent for hearing the other. */
  async function areCaught(): Promise<boolean> {
    const listen = [getApiOf(3), await getApi(twin)]
    const seen = await poll(
      'a proof, or one of the two to fall silent',
      60_000,
      async () => {
        const lists = await Promise.all(honest.map((member) => listEvidence(getApiOf(member))))
        const muted = await Promise.all(listen.map(isMuted))
        return { isCaught: lists.some((list) => list.length > 0), isSilent: muted.includes(true) }
      },
      ({ isCaught, isSilent }) => isCaught || isSilent,
    )
    return seen.isCaught
  }

  before(async () => {
    network = await makeProcessNetwork(4, 1000)
    nodes = [0, 1, 2, 3].map((member) => network.start(member))
    for (const node of nodes)
      await node.wait(({ type, height = 0 }) => type === 'final' && height > 2)
    // Whichever hears the other before it signed itself falls silent (SPEC 6.9), and then nothing is
    // signed twice: they are started until both sign at once.
    for (let attempt = 1; ; attempt += 1) {
      await getNode(3).kill('SIGTERM')
      await startBoth()
      if (await areCaught()) break
      assert.ok(attempt < ATTEMPTS_MAX, 'each time one of the two fell silent before both signed')
      await twin.kill('SIGKILL')
      await poll(
        'the monitor to sign again, alone',
        60_000,
        () => isMuted(getApiOf(3)),
        (muted) => !muted,
      )
    }
  })
  after(() => network.close())

  it('are found out: every honest node holds the proof, in a block', async () => {
    for (const member of honest) {
      const known = await poll(
        `evidence in a block at m${member}`,
        40_000,
        () => listEvidence(getApiOf(member)),
        (list) => list.some(({ inclusion }) => inclusion !== null),
      )
      assert.deepEqual(
        known.map(({ monitor }) => monitor),
        ['m3'],
      )
      const [piece] = known
      assert.ok(piece !== undefined)
      included = piece
      assert.ok(piece.inclusion?.height !== null)
    }
    const pieces = await Promise.all(honest.map((member) => listEvidence(getApiOf(member))))
    for (const list of pieces) assert.deepEqual(list, pieces[0])
  })

  it('leave the others in agreement', async () => {
    const height = Math.max(...honest.map((member) => getHeight(getNode(member))))
    for (const member of honest)
      await getNode(member).wait(({ type, height: at = 0 }) => type === 'final' && at > height + 2)
    const finals = honest.map((member) => getNode(member).lines.filter(isFinal))
    for (const { height: at, digest } of finals.flat()) {
      const same = finals.flat().filter((line) => line.height === at)
      assert.ok(
        same.every((line) => line.digest === digest),
        `height ${at}`,
      )
    }
    for (const member of honest) {
      const { body } = await ask(`${getApiOf(member)}/metrics`)
      assert.match(String(body), /^watchfire_members_excluded 1$/m)
      assert.match(
        String(body),
        new RegExp(`^watchfire_evidence\\{kind="${included.kind}"\\} 1$`, 'm'),
      )
    }
  })

  it('are proven guilty by a file, offline, to whoever has the manifest', async () => {
    const manifest = join(network.directory, 'network.yaml')
    const api = getApiOf(0)
    const listed = await watchfire('evidence', 'list', '--api', api, '--manifest', manifest)
    assert.equal(listed.code, 0, listed.stderr)
    const round = included.inclusion?.round
    assert.match(
      listed.stdout,
      new RegExp(
        `^${included.digest} +m3 +two ${included.kind}s for .* excluded since round ${round}$`,
        'm',
      ),
    )
    const file = join(network.directory, 'm3.wfevid')
    const from = ['--api', api, '--manifest', manifest]
    const shown = await watchfire('evidence', 'show', included.digest, '--out', file, ...from)
    assert.equal(shown.code, 0, shown.stderr)
    const verified = await watchfire('evidence', 'verify', file, '--manifest', manifest, '--json')
    assert.equal(verified.code, 0, verified.stderr)
    const { valid, offender, digest, kind } = JSON.parse(verified.stdout) as Json
    assert.deepEqual([valid, offender, digest, kind], [true, 'm3', included.digest, included.kind])

    const parsed = parseManifest(parse(readFileSync(manifest, 'utf8')))
    assert.ok(parsed.ok)
    const fetched = await fetchEvidence(getApiOf(1), parsed.manifest)
    assert.ok(fetched.ok)
    assert.deepEqual(
      fetched.value.map((each) => toHex(each.digest)),
      [included.digest],
    )
    const latest = await fetchLatest(getApiOf(1), parsed.manifest)
    assert.ok(latest.ok)
    assert.deepEqual(latest.value.excluded, [{ monitor: 'm3', since: round }])
  })

  it('observe in vain from then on: what the offender attests is absent from the certified state', async () => {
    await twin.kill('SIGKILL')
    const api = getApiOf(0)
    const since = included.inclusion?.round ?? assert.fail()
    const attested = await poll(
      'm3 to attest that it reached the target, after its exclusion',
      60_000,
      async () => {
        const { body } = await ask(`${api}/v1/attestations?monitor=m3&limit=50`)
        const { attestations } = body as { attestations: readonly Attested[] }
        return attestations.find(
          ({ attestedRound, observations }) =>
            attestedRound > since && observations.every(({ status }) => status === 'reached'),
        )?.attestedRound
      },
      (round) => round !== undefined,
    )
    const { body } = await poll(
      `the state of round ${attested}`,
      20_000,
      () => ask(`${api}/v1/state?round=${attested}`),
      ({ status, body: answer }) => status === 200 || (answer as Json)['code'] === 'gap',
    )
    const { excluded, targets } = body as {
      excluded: unknown
      targets: readonly { readonly observed: Json }[]
    }
    assert.deepEqual(excluded, [{ monitor: 'm3', round: since }])
    const { reached, absent } = targets[0]?.observed ?? {}
    assert.deepEqual({ reached, absent }, { reached: 3, absent: 1 })
  })
})

interface Attested {
  readonly attestedRound: number
  readonly observations: readonly { readonly status: string }[]
}
