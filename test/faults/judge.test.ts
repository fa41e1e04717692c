import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import {
  type Digest,
  encode,
  getHeaderDigest,
  type Header,
  type Height,
  type Round,
  signedVoteType,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import {
  makeCertificate,
  makeFile,
  makeHeader,
  makeState,
} from '../../packages/attestation/test/support/certificate-fixture.ts'
import { makeLogDisk } from '../../packages/node/src/store/log-disk.ts'
import { openChainStore } from '../../packages/node/src/store/chain-store.ts'
import { encodeRecords } from '../../packages/node/src/store/vote-record.ts'
import { openVoteLog } from '../../packages/node/src/store/vote-log.ts'
import type { KeptMessage } from '../../packages/node/src/ports.ts'
import { getContext, networkJson } from '../vectors/networks.ts'
import { makeVote, signVote } from '../vectors/sample-messages.ts'
import { type Judged, judgeReader, judgeRun } from './judge.ts'
import type { Told } from './reader.ts'

// That the checkers of `npm run faults` find what they are for: each fault is planted, and must be said.

const context = getContext('main')

function makeHeaderAt(height: number, changes: Partial<Header> = {}): Header {
  const place = { height: height as Height, round: (height + 2) as Round }
  return makeHeader(context, makeState(context, place), changes)
}

/** The entry of one vote of the member that `PLACE` of the sample messages names. */
function keepVote(changes: Partial<Vote>): KeptMessage {
  const vote = makeVote(context, changes)
  const { digest, message } = signVote(context, vote)
  const bytes = encode(signedVoteType, message)
  const { epoch, view, kind } = vote
  return { place: { kind: 'vote', epoch, view, vote: kind }, digest, bytes }
}

function frame(messages: readonly KeptMessage[]): Uint8Array {
  const payload = encodeRecords(messages)
  const head = new Uint8Array(8)
  const data = new DataView(head.buffer)
  data.setUint32(0, payload.length, true)
  data.setUint32(4, crc32(payload), true)
  return Buffer.concat([head, payload])
}

describe('What judges the nodes of a run', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-judge-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const signer = makeVote(context).member
  const other = context.memberIds.findIndex((_, index) => index !== signer)

  /** A node's folder as it leaves one: a log with these votes, and these blocks final. */
  function makeNode(
    member: number,
    votes: readonly KeptMessage[],
    headers: readonly Header[] = [],
  ) {
    const folder = join(dir, context.memberIds[member] ?? '')
    mkdirSync(join(folder, 'db'), { recursive: true })
    mkdirSync(join(folder, 'keys'))
    const { log } = openVoteLog(makeLogDisk(join(folder, 'db')))
    log.append(votes)
    const sidecar = `${log.logId} ${String(log.count).padStart(16, '0')}\n`
    writeFileSync(join(folder, 'keys', 'monitor.log'), sidecar)
    log.close()
    const options = { attestationRounds: 64, attestationBytesMax: 1e6, stateHeights: 64 }
    const store = openChainStore(join(folder, 'db', 'chain.db'), { ...options, stateBytesMax: 1e6 })
    for (const header of headers) {
      const certificate = makeCertificate(context, header)
      const state = makeState(context, header)
      const headerDigest = getHeaderDigest(context.networkId, header)
      store.put({ finals: [{ header, headerDigest, certificate, state }] })
    }
    store.close()
    return { id: context.memberIds[member] ?? '', dataDir: folder }
  }

  function judge(
    nodes: readonly { readonly id: string; readonly dataDir: string }[],
    readers: readonly { readonly dir: string }[] = [],
  ): Judged {
    return judgeRun(networkJson.main, nodes, readers)
  }

  it('finds nothing where nothing is wrong', () => {
    const votes = [
      keepVote({ kind: voteKinds.notarize }),
      keepVote({ kind: voteKinds.finalize }),
      keepVote({ kind: voteKinds.notarize, view: 13 as View }),
    ]
    const judged = judge([makeNode(signer, votes)])
    assert.deepEqual(judged.found, [])
    assert.equal(judged['logged'], 3)
  })

  it('finds a second vote in a place, in a log that was written past ours', () => {
    const node = makeNode(signer, [keepVote({ kind: voteKinds.notarize })])
    const second = keepVote({
      kind: voteKinds.notarize,
      header: new Uint8Array(32).fill(9) as Digest,
    })
    appendFileSync(join(node.dataDir, 'db', 'votes.log'), frame([second]))
    assert.match(judge([node]).found.join('\n'), /two entries for/)
  })

  it('finds finalize beside nullify', () => {
    const node = makeNode(signer, [keepVote({ kind: voteKinds.finalize })])
    const second = keepVote({ kind: voteKinds.nullify, header: new Uint8Array(32) as Digest })
    appendFileSync(join(node.dataDir, 'db', 'votes.log'), frame([second]))
    assert.match(judge([node]).found.join('\n'), /beside/)
  })

  it('lets pass an append that was cut short, and nothing else of it', () => {
    const node = makeNode(signer, [keepVote({ kind: voteKinds.finalize })])
    const torn = frame([keepVote({ kind: voteKinds.notarize })]).subarray(0, 60)
    appendFileSync(join(node.dataDir, 'db', 'votes.log'), torn)
    const judged = judge([node])
    assert.deepEqual(judged.found, [])
    assert.equal(judged['torn'], 1)
  })

  it('finds an entry that another key signed', () => {
    const node = makeNode(other, [keepVote({ kind: voteKinds.finalize })])
    assert.match(judge([node]).found.join('\n'), /is not what it says/)
  })

  it('finds a log that is shorter than the key knows', () => {
    const node = makeNode(signer, [keepVote({ kind: voteKinds.finalize })])
    const file = join(node.dataDir, 'keys', 'monitor.log')
    writeFileSync(file, readFileSync(file, 'latin1').replace(/\d{16}\n/, '0000000000000009\n'))
    assert.match(judge([node]).found.join('\n'), /sidecar/)
  })

  it('finds two chains', () => {
    const right = makeNode(signer, [], [makeHeaderAt(1)])
    const wrong = makeNode(
      other,
      [],
      [makeHeaderAt(1, { body: new Uint8Array(32).fill(7) as Digest })],
    )
    assert.match(judge([right, wrong]).found.join('\n'), /is another block than elsewhere/)
  })

  it('finds signatures that others hold of a member and its log does not', () => {
    const holder = makeNode(other, [], [makeHeaderAt(1)])
    const signedNothing = makeNode(signer, [])
    const found = judge([holder, signedNothing]).found.join('\n')
    assert.match(found, new RegExp(`of member ${signer}, whose log does not`))
  })

  it('finds a height that is missing', () => {
    const found = judge([makeNode(signer, [], [makeHeaderAt(2)])]).found.join('\n')
    assert.match(found, /follows 0/)
  })

  it('finds a file of a light client that is on no chain, or no certificate', () => {
    const node = makeNode(signer, [])
    const reader = join(dir, 'reader')
    mkdirSync(reader)
    writeFileSync(join(reader, '7.wfcert'), makeFile(context))
    writeFileSync(join(reader, '8.wfcert'), Uint8Array.of(1, 2, 3))
    const found = judge([node], [{ dir: reader }]).found.join('\n')
    assert.match(found, /7\.wfcert: not on the nodes' chain/)
    assert.match(found, /8\.wfcert: malformed/)
  })
})

describe('What judges the light clients of a run', () => {
  const times = { originMs: 0, roundMs: 1000, proposeAtMs: 700, viewTimeoutMs: 250 }
  const getState = (height: number, round: number, atMs: number): Told => ({
    type: 'state',
    height,
    round,
    atMs,
    missed: 0,
    verdicts: [],
  })
  const judge = (told: readonly Told[], failure?: string) =>
    judgeReader({ name: 'r', told, startedAtMs: 0, failure: () => failure }, times).join('\n')

  it('finds nothing in a story that holds', () => {
    const stale: Told = { type: 'stale', atMs: 4000, code: 'no-agreement' }
    assert.equal(judge([getState(1, 1, 1500), stale, getState(2, 9, 9500)]), '')
  })

  it('finds silence after a state was past its time', () => {
    assert.match(judge([getState(1, 1, 1500), getState(2, 9, 9500)]), /said nothing/)
  })

  it('finds a state called stale before it was', () => {
    const stale: Told = { type: 'stale', atMs: 1600, code: 'no-news' }
    assert.match(judge([getState(1, 1, 1500), stale]), /too early/)
  })

  it('finds heights and rounds that go back', () => {
    assert.match(
      judge([getState(2, 2, 2500), getState(1, 3, 3500)]),
      /height 1, round 3 after 2, 2/,
    )
    assert.match(
      judge([getState(1, 2, 2500), getState(2, 2, 3500)]),
      /height 2, round 2 after 1, 2/,
    )
  })

  it('finds a conflict, and an end before its time', () => {
    assert.match(judge([{ type: 'conflict', atMs: 1 }]), /contradict/)
    assert.match(judge([], 'it ended'), /it ended/)
  })
})
