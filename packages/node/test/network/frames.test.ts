import assert from 'node:assert/strict'
import type { Stream } from '@libp2p/interface'
import { isViolation, readFrames, writeFrame } from '../../src/network/frames.ts'
import { makeNodes, until } from './harness.ts'
import { makeStrangers } from './strangers.ts'

const { signal } = new AbortController()
const FRAME_BYTES = 100_000

describe('length-prefixed messages on a stream', () => {
  const strangers = makeStrangers()
  const nodes = makeNodes()
  afterEach(async () => {
    await strangers.stop()
    await nodes.close()
  })

  /** The two ends of a stream over a real connection. */
  const openPair = async (): Promise<{ near: Stream; far: Stream }> => {
    const accepted = Promise.withResolvers<Stream>()
    const listening = await strangers.make(
      { highest: (stream) => accepted.resolve(stream) },
      { listen: true },
    )
    const dialling = await strangers.make()
    const near = await dialling.openTo(listening, 'highest')
    return { near, far: await accepted.promise }
  }

  it('come out as they went in, whatever pieces they travel in', async () => {
    const { near, far } = await openPair()
    const sent = [0, 1, 127, 128, 70_000, 300_000].map((length) => new Uint8Array(length).fill(5))
    const writing = (async () => {
      for (const bytes of sent) await writeFrame(near, bytes, signal)
      await near.close()
    })()
    const received: number[] = []
    for await (const frame of readFrames(far, 300_000, signal)) {
      assert.ok(frame.every((byte) => byte === 5))
      received.push(frame.length)
    }
    await writing
    assert.deepEqual(
      received,
      sent.map(({ length }) => length),
    )
  })

  it('wait for a reader that does not read, again and again, and none is lost', async () => {
    const { near, far } = await openPair()
    let written = 0
    const writing = (async () => {
      for (; written < 100; written++) await writeFrame(near, new Uint8Array(FRAME_BYTES), signal)
      await near.close()
    })()
    const frames = readFrames(far, FRAME_BYTES, signal)
    let read = 0
    for (let pause = 0; pause < 4; pause++) {
      for (let i = 0; i < 20; i++) if ((await frames.next()).done !== true) read++
      // Without a reader the writer comes to rest: what it has given up to the stream is bounded.
      let before = -1
      await until(() => {
        const rests = written === before
        before = written
        return rests
      }, 'the writer rests')
      assert.ok((written - read) * FRAME_BYTES <= 3_000_000, `${written} written, ${read} read`)
    }
    for await (const _ of frames) read++
    await writing
    assert.equal(read, 100)
  })

  it('end with the signal, on both sides', async () => {
    const { near, far } = await openPair()
    const controller = new AbortController()
    const reading = readFrames(far, FRAME_BYTES, controller.signal).next()
    const writing = (async () => {
      far.pause()
      for (;;) await writeFrame(near, new Uint8Array(FRAME_BYTES), controller.signal)
    })()
    controller.abort(new Error('enough'))
    await assert.rejects(reading, /enough/)
    await assert.rejects(writing, /enough/)
  })

  it('that end in the middle of one are an error, not an end', async () => {
    const { near, far } = await openPair()
    near.send(Uint8Array.of(10, 1, 2, 3))
    await near.close()
    await assert.rejects(readFrames(far, FRAME_BYTES, signal).next(), {
      name: 'UnexpectedEOFError',
    })
  })

  it('that are announced and never begun are an error, not an end', async () => {
    const { near, far } = await openPair()
    near.send(Uint8Array.of(1, 9, 10))
    await near.close()
    const frames = readFrames(far, FRAME_BYTES, signal)
    assert.deepEqual((await frames.next()).value, Uint8Array.of(9))
    await assert.rejects(frames.next(), /ended before a message that it announced/)
  })

  it('have a length of at most four bytes, in however many pieces it comes', async () => {
    for (const pieces of [[[0x80, 0x80, 0x80, 0x80, 0]], [[0x80, 0x80], [0x80, 0x80], [0]]]) {
      const { near, far } = await openPair()
      for (const piece of pieces) near.send(Uint8Array.from(piece))
      await near.close()
      const refusal = await readFrames(far, FRAME_BYTES, signal)
        .next()
        .then(() => undefined, isViolation)
      assert.equal(refusal, 'malformed')
    }
  })

  it('of a stream that is reset fail the reader', async () => {
    const { near, far } = await openPair()
    const reading = readFrames(far, FRAME_BYTES, signal).next()
    near.abort(new Error('gone'))
    await assert.rejects(reading)
  })
})
