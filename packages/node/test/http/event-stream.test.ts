import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { makeGenesisContext, verifyCertificateFile, verifySignature } from '@watchfire/attestation'
import type { FeedRecord } from '../../src/feed-source.ts'
import { makeFakeSource, makeManualClock } from './feed-source-fixture.ts'
import {
  type EventReader,
  getChain,
  openStream,
  startTestServer,
  type TestServer,
} from './server-fixture.ts'

const toData = (text: string | undefined) => JSON.parse(text ?? '') as Record<string, unknown>

describe('the event stream', () => {
  let test: TestServer
  const readers: EventReader[] = []

  const open = async (options: Parameters<typeof openStream>[1] = {}) => {
    const reader = await openStream(test.server, options)
    readers.push(reader)
    return reader
  }

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close()
    await test.server.close()
  })

  it('begins with the latest certificate, as a file that verifies, its id the height', async () => {
    test = await startTestServer(2)
    const reader = await open()
    assert.equal(reader.response.headers['content-type'], 'text/event-stream; charset=utf-8')
    assert.equal(reader.response.headers['cache-control'], 'no-store')
    assert.equal(reader.response.headers['access-control-allow-origin'], '*')
    const event = await reader.next('certificate')
    assert.equal(event.id, '2')
    const data = toData(event.data)
    assert.equal(data['height'], 2)
    assert.equal(data['round'], 2)
    const file = Buffer.from(String(data['file']), 'base64')
    const context = makeGenesisContext(getChain().manifest)
    const verified = verifyCertificateFile(file, context, verifySignature)
    assert.ok(verified.ok)
    assert.equal(verified.value.header.height, 2)
  })

  it('tells readers when to come back, and how agreement stands, before anything else', async () => {
    test = await startTestServer(1)
    const reader = await open()
    assert.equal((await reader.nextAny()).retry, '1000')
    const agreement = await reader.nextAny()
    assert.equal(agreement.event, 'agreement')
    assert.equal(toData(agreement.data)['stale'], false)
  })

  it('sends each certificate as it becomes final', async () => {
    test = await startTestServer(1)
    const reader = await open()
    await reader.next('certificate')
    test.source.reach(3)
    assert.equal((await reader.next('certificate')).id, '2')
    const third = await reader.next('certificate')
    assert.equal(third.id, '3')
    assert.equal(toData(third.data)['parentRound'], 2)
  })

  it('resumes after any stored height that Last-Event-ID or the query names', async () => {
    test = await startTestServer(5)
    for (const options of [
      { headers: { 'last-event-id': '2' } },
      { path: '/v1/events?after=2' },
      { path: '/v1/events?after=4', headers: { 'last-event-id': '2' } },
    ]) {
      const reader = await open(options)
      const ids = []
      for (let count = 0; count < 3; count++) ids.push((await reader.next('certificate')).id)
      assert.deepEqual(ids, ['3', '4', '5'])
    }
  })

  it('sends nothing again to a reader that has it all', async () => {
    test = await startTestServer(3)
    const reader = await open({ headers: { 'last-event-id': '3' } })
    await reader.next('agreement')
    test.source.reach(4)
    assert.equal((await reader.nextAny()).id, '4')
  })

  it('says with reset what it cannot send any more', async () => {
    test = await startTestServer(5)
    test.source.prune(4)
    const reader = await open({ headers: { 'last-event-id': '1' } })
    assert.deepEqual(toData((await reader.next('reset')).data), { after: 1, next: 4 })
    assert.equal((await reader.nextAny()).id, '4')
    assert.equal((await reader.nextAny()).id, '5')
  })

  it('waits, and does not go back, when the reader is ahead of this node', async () => {
    test = await startTestServer(2)
    const reader = await open({ headers: { 'last-event-id': '4' } })
    await reader.next('agreement')
    test.source.reach(5)
    assert.equal((await reader.nextAny()).id, '5')
  })

  it('says when agreement stalls, when the news becomes stale, and when it resumes', async () => {
    test = await startTestServer(2)
    const reader = await open()
    await reader.next('certificate')
    test.source.setStatus({ agreement: 'waiting', reason: '2 of 4 members heard; 3 needed.' })
    test.clock.advance(500)
    const waiting = toData((await reader.nextAny()).data)
    assert.deepEqual(waiting['agreement'], {
      status: 'waiting',
      words: '2 of 4 members heard; 3 needed.',
      weightHeard: 4,
      quorum: 3,
      silent: [],
    })
    assert.equal(waiting['stale'], false)
    test.clock.advance(5000)
    const stale = await reader.nextAny()
    assert.equal(stale.event, 'agreement')
    assert.equal(toData(stale.data)['stale'], true)
    assert.equal(toData(stale.data)['round'], 2)
    test.source.setStatus({})
    test.clock.advance(500)
    const resumed = toData((await reader.nextAny()).data)
    assert.equal((resumed['agreement'] as { status: string }).status, 'ok')
  })

  it('keeps a quiet stream open with a comment every 15 s', async () => {
    test = await startTestServer(2, { events: { watchMs: 1_000_000 } })
    const reader = await open({ headers: { 'last-event-id': '2' } })
    await reader.next('agreement')
    // The pump waits once the agreement was read; its timer and the watch's are then both set.
    while (test.clock.waiting < 2) await new Promise((resolve) => setImmediate(resolve))
    test.clock.advance(14_999)
    test.clock.advance(1)
    assert.equal((await reader.nextAny()).comment, 'still here')
  })

  it('cuts a reader that takes nothing, and serves the others meanwhile', async () => {
    test = await startTestServer(1, { events: { watchMs: 1_000_000 } })
    const { source, clock, metrics } = test
    // One record's file is made large enough that no socket buffer swallows it.
    const record = source.latest()
    const second = getChain().records[1]
    assert.ok(record !== undefined && second !== undefined)
    const large = { ...record, file: new Uint8Array(8 * 1024 * 1024) }
    let shown: FeedRecord = large
    source.latest = () => shown
    const slow = connect(test.server.port, '127.0.0.1')
    await new Promise((resolve) => slow.once('connect', resolve))
    slow.pause()
    const closed = new Promise<void>((resolve) => slow.once('close', () => resolve()))
    slow.on('error', () => undefined)
    slow.write(`GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1:${test.server.port}\r\n\r\n`)
    while (clock.waiting < 2) await new Promise((resolve) => setImmediate(resolve))
    const quick = await open({ headers: { 'last-event-id': '1' } })
    await quick.next('agreement')
    shown = second
    source.reach(2)
    assert.equal((await quick.next('certificate')).id, '2')
    clock.advance(30_000)
    slow.resume()
    await closed
    assert.deepEqual(
      metrics.list().filter(({ name }) => name === 'feed-subscribers-cut'),
      [{ name: 'feed-subscribers-cut', kind: 'counter', label: 'slow', value: 1 }],
    )
    assert.ok(!quick.isEnded)
  })

  it('refuses more streams than its bound, with the problem document, until one ends', async () => {
    test = await startTestServer(1, { events: { subscribersMax: 2 } })
    const first = await open()
    await first.next('certificate')
    const second = await open()
    await second.next('certificate')
    const refused = await fetch(`${test.server.url}/v1/events`)
    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '10')
    const problem = (await refused.json()) as { code: string }
    assert.equal(problem.code, 'too-many-subscribers')
    second.close()
    const isFree = () =>
      test.metrics.list().some(({ name, value }) => name === 'feed-subscribers' && value === 1)
    while (!isFree()) await new Promise((resolve) => setImmediate(resolve))
    const third = await open()
    assert.equal((await third.next('certificate')).id, '1')
  })

  it('serves a node that has no certificate yet: the first one comes when it is there', async () => {
    test = await startTestServer(0)
    const reader = await open()
    const agreement = toData((await reader.next('agreement')).data)
    assert.equal(agreement['height'], null)
    assert.equal(agreement['stale'], true)
    test.source.reach(1)
    assert.equal((await reader.next('certificate')).id, '1')
  })

  it('ends a stream whose source fails, and says so in the log', async () => {
    test = await startTestServer(1)
    const reader = await open()
    await reader.next('certificate')
    test.source.breakWith(new Error('disk'))
    test.source.reach(2)
    await reader.ended()
    assert.deepEqual(test.errors, ['an event stream failed'])
    test.source.breakWith(undefined)
  })

  it('refuses an id that no event had', async () => {
    test = await startTestServer(1)
    for (const id of ['-1', 'abc', '1.5']) {
      const answer = await fetch(`${test.server.url}/v1/events`, {
        headers: { 'last-event-id': id },
      })
      assert.equal(answer.status, 400, id)
      assert.equal(((await answer.json()) as { code: string }).code, 'bad-request')
    }
  })

  it('ends all streams when the server closes', async () => {
    test = await startTestServer(1)
    const reader = await open()
    await reader.next('certificate')
    await test.server.close()
    await reader.ended()
    test = await startTestServer(1)
  })
})

describe('the fixture’s clock', () => {
  it('runs timers in the order they fall due', () => {
    const clock = makeManualClock(0)
    const ran: string[] = []
    clock.setTimer(20, () => ran.push('b'))
    clock.setTimer(10, () => ran.push('a'))
    clock.setTimer(15, () => ran.push('never'))()
    clock.advance(30)
    assert.deepEqual(ran, ['a', 'b'])
    assert.equal(makeFakeSource(getChain(), clock).latest(), undefined)
  })
})
