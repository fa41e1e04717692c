import assert from 'node:assert/strict'
import { verifyCertificateFile, verifySignature } from '@watchfire/attestation'
import {
  follow,
  type FollowEvent,
  type FollowOptions,
  readCertificateFile,
} from '@watchfire/light-client'
import {
  type Block,
  flipBit,
  makeBlocks,
  makeContext,
  makeManifest,
  makeManifestJson,
  originMs,
} from './support/chain-fixture.ts'
import {
  type FakeServer,
  makeManualClock,
  type ManualClock,
  startFakeServer,
} from './support/fake-server.ts'

type Kind = FollowEvent['type']

/** Reads the followed events and says what came instead where another was expected. */
class Follower {
  readonly #events: AsyncGenerator<FollowEvent, void>

  constructor(events: AsyncGenerator<FollowEvent, void>) {
    this.#events = events
  }

  async next<K extends Kind>(kind: K): Promise<Extract<FollowEvent, { type: K }>> {
    const { value } = await this.#events.next()
    assert.ok(value !== undefined, `ended in place of ${kind}`)
    const said = 'code' in value ? value.code : ''
    assert.equal(value.type, kind, `${value.type} ${said} in place of ${kind}`)
    return value as Extract<FollowEvent, { type: K }>
  }

  async isOver(): Promise<boolean> {
    return (await this.#events.next()).done === true
  }

  async stop(): Promise<void> {
    await this.#events.return()
  }
}

describe('follow', () => {
  const context = makeContext()
  const manifest = makeManifest()
  let blocks: Block[]
  let one: FakeServer
  let other: FakeServer
  let clock: ManualClock
  const followers: Follower[] = []

  const at = (height: number): Block => {
    const block = blocks[height - 1]
    assert.ok(block !== undefined)
    return block
  }
  const start = (servers: readonly FakeServer[], options: FollowOptions = {}): Follower => {
    const urls = servers.map(({ url }) => url)
    const follower = new Follower(follow(urls, manifest, { clock, ...options }))
    followers.push(follower)
    return follower
  }
  /** Sends all blocks up to a height that the reader lacks, as a node does. */
  const serve = (server: FakeServer, tip: number) => {
    server.onStream = (stream) => {
      for (const block of blocks.slice(stream.after ?? tip - 1, tip)) stream.certificate(block)
    }
  }

  before(() => {
    blocks = makeBlocks(context, [1, 2, 5, 6, 7])
  })
  beforeEach(async () => {
    one = await startFakeServer()
    other = await startFakeServer()
    clock = makeManualClock(originMs + 1 * 2000 + 1500)
  })
  afterEach(async () => {
    for (const follower of followers.splice(0)) await follower.stop()
    await one.close()
    await other.close()
  })

  it('yields each state as it comes, verified, with the rounds that nothing covers named', async () => {
    serve(one, 1)
    const follower = start([one])
    const first = await follower.next('state')
    assert.equal(first.height, 1)
    assert.equal(first.stale, false)
    assert.equal(first.gap, undefined)
    assert.deepEqual([...first.signers], ['m1', 'm2', 'm3'])
    assert.deepEqual(
      [...first.verdicts],
      [
        ['chain', 'up'],
        ['web', 'up'],
      ],
    )
    assert.ok(verifyCertificateFile(first.bytes, manifest, verifySignature).ok)
    one.streams[0]?.certificate(at(2))
    one.streams[0]?.certificate(at(3))
    assert.equal((await follower.next('state')).round, 2)
    const third = await follower.next('state')
    assert.deepEqual(third.gap, { from: 3, to: 4 })
    assert.equal(third.missed, undefined)
  })

  it('comes back after what it holds when the connection breaks', async () => {
    one.onStream = (stream) => {
      stream.certificate(at(1))
      stream.certificate(at(2))
    }
    const follower = start([one])
    await follower.next('state')
    await follower.next('state')
    serve(one, 4)
    one.streams[0]?.end()
    assert.equal((await follower.next('fault')).code, 'unreachable')
    const next = follower.next('state')
    clock.advance(1000)
    assert.equal((await next).height, 3)
    assert.equal((await follower.next('state')).height, 4)
    assert.deepEqual(one.requests, ['/v1/events', '/v1/events?after=2'])
  })

  it('goes on from a checkpoint, and accepts nothing below it', async () => {
    const checkpoint = readCertificateFile(at(3).file, context, verifySignature)
    assert.ok(checkpoint.ok)
    one.onStream = (stream) => {
      stream.certificate(at(2))
    }
    serve(other, 4)
    const follower = start([one, other], { checkpoint: checkpoint.value })
    assert.equal((await follower.next('fault')).code, 'went-back')
    assert.equal((await follower.next('state')).height, 4)
    assert.deepEqual(other.requests, ['/v1/events?after=3'])
  })

  it('gives servers time to show something newer than an old checkpoint', async () => {
    const checkpoint = readCertificateFile(at(1).file, context, verifySignature)
    assert.ok(checkpoint.ok)
    clock = makeManualClock(originMs + 7 * 2000 + 1500)
    serve(one, 5)
    const follower = start([one], { checkpoint: checkpoint.value })
    assert.equal((await follower.next('state')).height, 2)
    const quiet = start([other], { checkpoint: checkpoint.value })
    const stale = quiet.next('stale')
    await other.opened(1)
    clock.advance(10_000)
    assert.equal((await stale).since, checkpoint.value.validUntilMs)
  })

  it('says which heights no server gave', async () => {
    one.onStream = (stream) => {
      stream.certificate(at(1))
      stream.write('event: reset\ndata: {"after":1,"next":4}\n\n')
      stream.certificate(at(4))
    }
    const follower = start([one])
    await follower.next('state')
    assert.deepEqual((await follower.next('state')).missed, { from: 2, to: 3 })
  })

  describe('against servers that lie', () => {
    it('believes no tampered byte, wherever it is, and goes to the next server', async () => {
      const { file } = at(1)
      const places = [0, 8, 60, Math.floor(file.length / 2), -70, -1]
      one.onStream = (stream) => {
        stream.certificate(flipBit(file, places[one.streams.length - 1] ?? 0))
      }
      const follower = start([one], { retryMs: 0 })
      const codes = new Set<string>()
      for (const _ of places) codes.add((await follower.next('fault')).code)
      for (const code of ['malformed', 'wrong-network', 'wrong-state'])
        assert.ok(codes.has(code), `${code} is not among ${[...codes].join(', ')}`)
      serve(one, 1)
      assert.equal((await follower.next('state')).height, 1)
    })

    it('refuses an older certificate, and one of another network', async () => {
      one.onStream = (stream) => {
        stream.certificate(at(2))
        stream.certificate(at(1))
      }
      const elsewhere = makeBlocks(makeContext(makeManifestJson('elsewhere')), [1])
      other.onStream = (stream) => {
        stream.certificate(elsewhere[0] ?? at(1))
      }
      const follower = start([one, other])
      assert.equal((await follower.next('state')).height, 2)
      const back = await follower.next('fault')
      assert.equal(back.code, 'went-back')
      assert.equal(back.url, one.url)
      const foreign = await follower.next('fault')
      assert.equal(foreign.code, 'wrong-network')
      assert.equal(foreign.url, other.url)
    })

    it('stops at a fork and keeps both certificates, each of which verifies', async () => {
      const [fork] = makeBlocks(context, [6], at(3), 'fork')
      assert.ok(fork !== undefined)
      one.onStream = (stream) => {
        stream.certificate(at(4))
        stream.certificate(fork)
      }
      const follower = start([one])
      await follower.next('state')
      const conflict = await follower.next('conflict')
      assert.equal(conflict.code, 'conflicting-certificates')
      for (const { bytes, height } of [conflict.held, conflict.other]) {
        assert.equal(height, 4)
        assert.ok(verifyCertificateFile(bytes, manifest, verifySignature).ok)
      }
      assert.notDeepEqual(conflict.held.headerDigest, conflict.other.headerDigest)
      assert.ok(await follower.isOver())
    })

    it('stops at a fork that shows only in a later parent, or in an older certificate', async () => {
      const [, child] = makeBlocks(context, [6, 7], at(3), 'fork')
      const [older] = makeBlocks(context, [5], at(2), 'fork')
      assert.ok(child !== undefined && older !== undefined)
      for (const [held, lie] of [
        [[at(4)], child],
        [[at(3), at(4)], older],
      ] as const) {
        one.onStream = (stream) => {
          for (const each of [...held, lie]) stream.certificate(each)
        }
        const follower = start([one])
        for (const _ of held) await follower.next('state')
        const conflict = await follower.next('conflict')
        assert.deepEqual(conflict.other.bytes, lie.file)
        assert.ok(await follower.isOver())
      }
    })

    it('takes the same certificate twice, or with other signers, for no news', async () => {
      one.onStream = (stream) => {
        stream.certificate(at(1))
        stream.certificate(at(1))
        stream.certificate(at(2))
      }
      const follower = start([one])
      assert.equal((await follower.next('state')).height, 1)
      assert.equal((await follower.next('state')).height, 2)
    })

    it('names an answer that is no feed, and an error that a server gives', async () => {
      one.onStream = (stream) => {
        stream.write('event: certificate\ndata: {"file":"%%%"}\n\n')
      }
      other.onStream = (stream) => {
        stream.write('event: certificate\ndata: {]\n\n')
      }
      const follower = start([one, other])
      assert.equal((await follower.next('fault')).code, 'bad-answer')
      assert.equal((await follower.next('fault')).code, 'bad-answer')
      const refusing = new Follower(
        follow('http://feed.example/', manifest, {
          clock,
          fetch: async () =>
            new Response('{"code":"too-many-subscribers","detail":"All taken."}', { status: 503 }),
        }),
      )
      const fault = await refusing.next('fault')
      assert.equal(fault.code, 'refused')
      assert.equal(fault.detail, 'HTTP 503 too-many-subscribers: All taken.')
      await refusing.stop()
      const page = new Follower(
        follow('http://feed.example', manifest, {
          clock,
          fetch: async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
        }),
      )
      assert.equal((await page.next('fault')).code, 'bad-answer')
      await page.stop()
    })
  })

  describe('when nothing new comes', () => {
    it('says once that the state is stale, by the reader’s clock, with the server’s reason', async () => {
      one.onStream = (stream) => {
        stream.certificate(at(1))
        stream.agreement('waiting', '2 of 4 members heard; 3 needed.')
        stream.certificate(at(2))
      }
      const follower = start([one])
      await follower.next('state')
      const { validUntilMs } = await follower.next('state')
      const stale = follower.next('stale')
      clock.advance(validUntilMs - clock.nowMs())
      clock.advance(1)
      const event = await stale
      assert.equal(event.since, validUntilMs)
      assert.equal(event.code, 'no-agreement')
      assert.equal(event.reason, '2 of 4 members heard; 3 needed.')
      assert.equal(event.state?.height, 2)
      const next = follower.next('state')
      clock.advance(20_000)
      one.streams[0]?.certificate(at(4))
      const state = await next
      assert.equal(state.height, 4)
      assert.equal(state.stale, true)
      assert.deepEqual(state.missed, { from: 3, to: 3 })
    })

    it('says that a server which stalls sends nothing newer, and asks another', async () => {
      serve(one, 1)
      serve(other, 2)
      const follower = start([one, other])
      await follower.next('state')
      const stale = follower.next('stale')
      clock.advance(5000)
      assert.equal((await stale).code, 'no-news')
      const next = follower.next('state')
      clock.advance(2000)
      assert.equal((await next).url, other.url)
      assert.equal(one.streams.length, 1)
    })

    it('stays a round with each server that has nothing newer either', async () => {
      const third = await startFakeServer()
      try {
        serve(one, 1)
        serve(other, 1)
        serve(third, 2)
        const follower = start([one, other, third])
        await follower.next('state')
        const stale = follower.next('stale')
        clock.advance(5000)
        await stale
        const next = follower.next('state')
        clock.advance(2000)
        await other.opened(1)
        clock.advance(2000)
        assert.equal((await next).url, third.url)
      } finally {
        await third.close()
      }
    })

    it('says it again, once, when the server later knows why', async () => {
      serve(one, 1)
      const follower = start([one])
      const { validUntilMs } = await follower.next('state')
      const stale = follower.next('stale')
      clock.advance(5000)
      assert.equal((await stale).code, 'no-news')
      one.streams[0]?.agreement('waiting', '2 of 4 monitors heard.')
      one.streams[0]?.agreement('waiting', '2 of 4 monitors heard.')
      const again = await follower.next('stale')
      assert.deepEqual(
        [again.code, again.reason, again.since],
        ['no-agreement', '2 of 4 monitors heard.', validUntilMs],
      )
      one.streams[0]?.certificate(at(2))
      assert.equal((await follower.next('state')).height, 2)
    })

    it('becomes fresh again with a fresh state, and stale again after it', async () => {
      serve(one, 1)
      const follower = start([one])
      await follower.next('state')
      const stale = follower.next('stale')
      clock.advance(5000)
      await stale
      const next = follower.next('state')
      one.streams[0]?.certificate(at(3))
      const state = await next
      assert.equal(state.stale, false)
      const again = follower.next('stale')
      clock.advance(state.validUntilMs - clock.nowMs() + 1)
      assert.equal((await again).since, state.validUntilMs)
    })

    it('says so when there never was a state', async () => {
      const follower = start([one])
      const stale = follower.next('stale')
      await one.opened(1)
      clock.advance(10_000)
      const event = await stale
      assert.equal(event.state, undefined)
    })

    it('gives a silent connection up after its time', async () => {
      serve(one, 1)
      const follower = start([one], { idleMs: 1000 })
      await follower.next('state')
      const fault = follower.next('fault')
      clock.advance(1000)
      assert.equal((await fault).code, 'silent')
    })

    it('asks servers that are gone in turn, and waits longer each time round', async () => {
      await one.close()
      await other.close()
      const asked: { url: string; atMs: number }[] = []
      const events = follow([one.url, other.url], manifest, {
        clock,
        fetch: async (url) => {
          asked.push({ url, atMs: clock.nowMs() })
          throw new TypeError('fetch failed')
        },
      })
      followers.push(new Follower(events))
      for (let faults = 0; faults < 8; ) {
        const { value } = await passTime(events.next(), clock)
        if (value?.type !== 'fault') continue
        assert.equal(value.code, 'unreachable')
        faults++
      }
      const waits = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0))
      assert.deepEqual(waits, [0, 1000, 1000, 2000, 2000, 4000, 4000])
      assert.deepEqual(
        asked.slice(0, 3).map(({ url }) => url),
        [one, other, one].map(({ url }) => `${url}/v1/events`),
      )
    })

    it('ends when it is told to', async () => {
      serve(one, 1)
      const stop = new AbortController()
      const follower = start([one], { signal: stop.signal })
      await follower.next('state')
      const over = follower.isOver()
      stop.abort()
      assert.ok(await over)
    })
  })
})

/** Moves the clock on until the work is done. */
async function passTime<T>(work: Promise<T>, clock: ManualClock): Promise<T> {
  let isDone = false
  const done = work.then((value) => {
    isDone = true
    return value
  })
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve))
    if (isDone) return done
    clock.advance(100)
  }
}
