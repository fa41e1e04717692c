import assert from 'node:assert/strict'
import { createPrivateKey, sign } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, type DevnetRun, poll, startDevnet } from '../e2e/devnet-run.ts'
import { ConductRecord } from '../storm/conduct-record.ts'
import { type PassivePeer, startPassivePeer } from '../storm/passive-peer.ts'
import {
  readAttestationPlace,
  readCertificateFile,
  readMessage,
  writeAttestation,
} from '../storm/signed-things.ts'
import { makeRandom, runStorm } from '../storm/storm.ts'
import { readVoteLog } from '../storm/vote-log-bytes.ts'

// Three minutes of `kill -9` at any moment, while a peer that shares no code with ours but the second
// reader records everything that is gossiped. Then all that nodes serve and keep is held against it.

const STORM_MS = Number(process.env['STORM_MS'] ?? 3 * 60_000)
const SEED = Number(process.env['STORM_SEED'] ?? Date.now() % 2 ** 31)
const KINDS = ['attestation', 'proposal', 'notarize', 'finalize or nullify']

interface Page {
  readonly attestations: readonly { readonly bytes: string }[]
  readonly next: string | null
}

describe(`monitors in a storm of kill -9 (STORM_SEED=${SEED})`, function () {
  this.timeout(STORM_MS + 6 * 60_000)
  const dataDir = mkdtempSync(join(tmpdir(), 'watchfire-storm-'))
  const signings = new EventEmitter({ captureRejections: true }).setMaxListeners(64)
  const lastAttestations = new Map<number, Uint8Array>()
  let run: DevnetRun
  let network: Buffer
  let monitors: string[]
  let record: ConductRecord
  let peer: PassivePeer
  let messages = 0
  const unreadable: string[] = []
  const evidence: string[] = []

  function hear(topic: string, bytes: Uint8Array, from: string): void {
    messages += 1
    const [name = ''] = topic.split('/')
    if (name === 'evidence') evidence.push(Buffer.from(bytes).toString('hex'))
    try {
      const things = readMessage(network, name, bytes)
      for (const thing of things) {
        const isNew = !record.has(thing)
        record.add(thing, `${name} from ${from}`)
        if (isNew && things.length === 1) signings.emit(monitors[thing.member] ?? '')
      }
      if (name === 'attestation')
        lastAttestations.set(readAttestationPlace(bytes).member, Uint8Array.from(bytes))
    } catch (error) {
      unreadable.push(`${topic} from ${from}: ${String(error)}`)
    }
  }

  before(async () => {
    run = await startDevnet(['--round', '1s', '--data-dir', dataDir])
    const members = readMembers(readFileSync(run.network.manifest, 'utf8'))
    monitors = members.map(({ id }) => id)
    record = new ConductRecord(members.map(({ key }) => key))
    const addresses: string[] = []
    for (const { api } of run.network.nodes) {
      const { body } = await poll(
        'a node to say where it is',
        30_000,
        () => ask(`${api}/v1/status`),
        ({ status }) => status === 200,
      )
      const status = body as { network: string; addresses: string[] }
      network = Buffer.from(status.network, 'hex')
      addresses.push(...status.addresses)
    }
    peer = await startPassivePeer(network.toString('hex'), addresses, hear)
    await run.next('the first certificates', 30_000, ({ height }) => height >= 2)
  })

  after(async () => {
    await peer?.stop()
    await run?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('go on, and no key signs two things for one place', async () => {
    const before = run.certificates.at(-1)?.height ?? 0
    const onceSigned = async (monitor: string) => void (await once(signings, monitor))
    const kills = await runStorm(run, STORM_MS, makeRandom(SEED), onceSigned)
    const during = (run.certificates.at(-1)?.height ?? 0) - before
    const { height } = await run.next('a certificate after the storm', 60_000, () => true)
    await run.next('three more', 60_000, (line) => line.height >= height + 3)
    for (const monitor of monitors) await once(signings, monitor)

    assertNoDoubles('of what was gossiped')
    assert.deepEqual(unreadable, [], 'every message can be read by SPEC alone')
    assert.deepEqual(evidence, [], 'nobody gossips evidence')
    assert.equal(record.forged, 0, 'every signature holds')
    const total = kills.atRandom + kills.onSigning
    const told = `${total} kills (${kills.onSigning} on signing), ${during} certificates, ${messages} messages`
    console.log(`      ${told}`)
    assert.ok(kills.atRandom > STORM_MS / 20_000 && kills.onSigning > STORM_MS / 20_000, told)
    assert.ok(during > STORM_MS / 10_000, told)
    for (const member of monitors.keys())
      for (const kind of KINDS)
        assert.ok(record.count(member, kind) > STORM_MS / 20_000, `${member}: few of ${kind}`)
  })

  it('serve nothing else than what they signed, and one chain', async () => {
    const chain = new Map<number, string>()
    const tip = run.certificates.at(-1)?.height ?? 0
    for (const { api, monitor } of run.network.nodes) {
      let attestations = 0
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${cursor}`
        const { status, body } = await ask(`${api}/v1/attestations?limit=200${more}`)
        assert.equal(status, 200, JSON.stringify(body))
        const page = body as Page
        for (const { bytes } of page.attestations)
          for (const thing of readMessage(network, 'attestation', Buffer.from(bytes, 'base64')))
            record.add(thing, `served by ${monitor}`)
        attestations += page.attestations.length
        cursor = page.next
      }
      assert.ok(attestations > STORM_MS / 5000, `${monitor} serves ${attestations} attestations`)
      for (let height = 1; height <= tip; height += 1) {
        const url = `${api}/v1/certificates/${height}`
        const answer = await poll(
          `height ${height} at ${monitor}`,
          20_000,
          () => fetch(url, { headers: { accept: 'application/octet-stream' } }),
          ({ status }) => status === 200 || status === 404,
        )
        // What a node caught up with by sync it may hold without its state.
        if (answer.status === 404) {
          assert.equal(((await answer.json()) as { code: string }).code, 'not-kept')
          continue
        }
        const file = readCertificateFile(network, new Uint8Array(await answer.arrayBuffer()))
        assert.equal(file.height, height)
        assert.equal(file.headerDigest, chain.get(height) ?? file.headerDigest, `height ${height}`)
        chain.set(height, file.headerDigest)
        for (const thing of file.things) record.add(thing, `certificate of ${monitor}`)
      }
      const { body } = await ask(`${api}/v1/evidence`)
      assert.deepEqual((body as { evidence: unknown }).evidence, [], `${monitor} holds evidence`)
    }
    assert.equal(chain.size, tip, 'every height is served by somebody')
    assertNoDoubles('of what is served')
    assert.equal(record.forged, 0)
  })

  it('keep all that they ever sent', () => {
    for (const [member, monitor] of monitors.entries()) {
      const sent = record.listPlaces(member)
      const kept = new ConductRecord(
        readMembers(readFileSync(run.network.manifest, 'utf8')).map(({ key }) => key),
      )
      for (const { topic, bytes } of readVoteLog(
        join(dataDir, 'nodes', monitor, 'data/db/votes.log'),
      ))
        for (const thing of readMessage(network, topic, bytes)) {
          assert.equal(thing.member, member)
          kept.add(thing, 'the log')
          record.add(thing, `the log of ${monitor}`)
        }
      assert.deepEqual(kept.doubles, [], `the log of ${monitor}`)
      assert.deepEqual(
        sent.filter((thing) => !kept.has(thing)),
        [],
        `${monitor} sent what it did not keep`,
      )
    }
    assertNoDoubles('of what is kept')
  })

  it('would be caught by this record, and by the others, if one did', async () => {
    const member = 3
    const monitor = monitors[member] ?? ''
    await once(signings, monitor)
    const last = lastAttestations.get(member)
    assert.ok(last !== undefined)
    const { round } = readAttestationPlace(last)
    const { message, digest } = writeAttestation(network, round, member, new Uint8Array())
    const seed = readFileSync(
      join(dataDir, 'nodes', monitor, 'data/keys/monitor.key'),
      'utf8',
    ).trim()
    // RFC 8410: an Ed25519 private key in PKCS #8 is this prefix and its seed.
    const pkcs8 = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const offset = Buffer.from([68, 0, 0, 0])
    const bytes = Buffer.concat([offset, sign(null, digest, key), message])
    hear('attestation/0', bytes, 'this test')
    const [double] = record.doubles
    assert.ok(double !== undefined)
    assert.equal(double.member, member)
    assert.equal(double.place, `attestation of round ${round}, shard 0, epoch 0`)
    await peer.publish('attestation/0', bytes)
    await poll(
      'evidence at every node',
      20_000,
      async () => Promise.all(run.network.nodes.map(({ api }) => ask(`${api}/v1/evidence`))),
      (answers) => answers.every(({ body }) => JSON.stringify(body).includes(`"${monitor}"`)),
    )
  })

  function assertNoDoubles(what: string): void {
    assert.deepEqual(record.doubles, [], `two things for one place, ${what}`)
  }
})

/** Ids and keys of a manifest's committee, in the order of the encoding (SPEC 4.3). */
function readMembers(manifest: string): { id: string; key: Uint8Array }[] {
  const members = [...manifest.matchAll(/- id: (\S+)\s+publicKey: ([0-9a-f]{64})/g)].map(
    ([, id = '', key = '']) => ({ id, key: Buffer.from(key, 'hex') }),
  )
  assert.ok(members.length > 0, 'the manifest has members')
  return members.toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
}
