import assert from 'node:assert/strict'
import { limits, type MemberIndex, type Round, verifySignature } from '@watchfire/attestation'
import { fetchLatest, type Fetch, readCertificateFile } from '@watchfire/light-client'
import {
  type Block,
  flipBit,
  makeBlocks,
  makeContext,
  makeManifest,
  originMs,
} from './support/chain-fixture.ts'
import { makeManualClock } from './support/fake-server.ts'

describe('fetchLatest', () => {
  const context = makeContext()
  const manifest = makeManifest()
  let blocks: Block[]
  const clock = makeManualClock(originMs + 2 * 2000 + 1500)

  const at = (height: number): Block => {
    const block = blocks[height - 1]
    assert.ok(block !== undefined)
    return block
  }
  /** Servers by host, each with the bytes it gives; undefined: gone. */
  const makeFetch =
    (files: Record<string, Uint8Array<ArrayBuffer> | undefined>, asked: string[] = []): Fetch =>
    async (url, init) => {
      asked.push(url)
      assert.equal(new Headers(init.headers).get('accept'), 'application/octet-stream')
      const file = files[new URL(url).hostname]
      if (file === undefined) throw new TypeError('fetch failed')
      return new Response(file)
    }
  const copy = (bytes: Uint8Array) => Uint8Array.from(bytes)

  before(() => {
    blocks = makeBlocks(context, [1, 2, 40])
  })

  it('gives the newest state, verified', async () => {
    const asked: string[] = []
    const fetch = makeFetch({ one: copy(at(2).file) }, asked)
    const latest = await fetchLatest('http://one/', manifest, { fetch, clock })
    assert.ok(latest.ok)
    assert.equal(latest.value.height, 2)
    assert.equal(latest.value.stale, false)
    assert.equal(latest.value.url, 'http://one')
    assert.deepEqual(asked, ['http://one/v1/certificates/latest'])
  })

  it('names who is excluded, as the certified state has it', async () => {
    const excluded = [{ member: 2 as MemberIndex, round: 1 as Round }]
    const [block] = makeBlocks(context, [2], undefined, '', excluded)
    assert.ok(block !== undefined)
    const fetch = makeFetch({ one: copy(block.file), two: copy(at(2).file) })
    const latest = await fetchLatest('http://one', manifest, { fetch, clock })
    assert.ok(latest.ok)
    assert.deepEqual(latest.value.excluded, [{ monitor: 'm3', since: 1 }])
    const before = await fetchLatest('http://two', manifest, { fetch, clock })
    assert.deepEqual(before.ok && before.value.excluded, [])
  })

  it('asks the next server when one is gone, or lies, or is behind the clock', async () => {
    for (const bad of [undefined, copy(flipBit(at(2).file, -1)), copy(at(1).file)]) {
      const late = makeManualClock(originMs + 4 * 2000)
      const fetch = makeFetch({ one: bad, two: copy(at(2).file) })
      const latest = await fetchLatest(['http://one', 'http://two'], context, {
        fetch,
        clock: late,
      })
      assert.ok(latest.ok)
      assert.equal(latest.value.height, 2)
    }
  })

  it('gives the newest of the stale ones, and says that it is stale', async () => {
    const late = makeManualClock(originMs + 1_000_000)
    const fetch = makeFetch({ one: copy(at(2).file), two: copy(at(1).file) })
    const latest = await fetchLatest(['http://one', 'http://two'], context, { fetch, clock: late })
    assert.ok(latest.ok)
    assert.equal(latest.value.height, 2)
    assert.equal(latest.value.stale, true)
  })

  it('says why there is none', async () => {
    const none = await fetchLatest(['http://one'], context, { fetch: makeFetch({}), clock })
    assert.deepEqual(none, { ok: false, code: 'unreachable', detail: 'fetch failed' })
    const tampered = makeFetch({ one: copy(flipBit(at(2).file, 9)) })
    const refused = await fetchLatest('http://one', context, { fetch: tampered, clock })
    assert.equal(refused.ok ? '' : refused.code, 'wrong-network')
    const empty = await fetchLatest([], context, { fetch: makeFetch({}), clock })
    assert.equal(empty.ok ? '' : empty.code, 'unreachable')
  })

  it('goes back below no state seen before', async () => {
    const seen = readCertificateFile(at(2).file, context, verifySignature)
    assert.ok(seen.ok)
    const options = { clock, checkpoint: seen.value }
    const back = await fetchLatest('http://one', context, {
      ...options,
      fetch: makeFetch({ one: copy(at(1).file) }),
    })
    assert.equal(back.ok ? '' : back.code, 'went-back')
    const same = await fetchLatest('http://one', context, {
      ...options,
      fetch: makeFetch({ one: copy(at(2).file) }),
    })
    assert.ok(same.ok)
  })

  it('names two certificates that contradict each other', async () => {
    const [fork] = makeBlocks(context, [2], at(1), 'fork')
    assert.ok(fork !== undefined)
    const late = makeManualClock(originMs + 1_000_000)
    const fetch = makeFetch({ one: copy(at(2).file), two: copy(fork.file) })
    const latest = await fetchLatest(['http://one', 'http://two'], context, { fetch, clock: late })
    assert.equal(latest.ok ? '' : latest.code, 'conflicting-certificates')
  })

  it('reads an endless answer no further than a certificate file may be', async () => {
    let read = 0
    let isCancelled = false
    const chunk = new Uint8Array(1024 * 1024)
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read += chunk.length
        controller.enqueue(chunk)
      },
      cancel() {
        isCancelled = true
      },
    })
    const fetch = async () => new Response(endless)
    const latest = await fetchLatest('http://one', context, { fetch, clock })
    assert.equal(latest.ok ? '' : latest.code, 'too-large')
    assert.ok(isCancelled)
    assert.ok(read <= limits.certificateFileBytesMax + 3 * chunk.length, String(read))
  })
})
