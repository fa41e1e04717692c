import assert from 'node:assert/strict'
import { type FeedItem, fromBase64, readFeedEvents } from '../src/feed-events.ts'

const readAll = async (chunks: readonly string[], fileBytesMax?: number): Promise<FeedItem[]> => {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
  const fetch = async () =>
    new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  const items: FeedItem[] = []
  const { signal } = new AbortController()
  for await (const item of readFeedEvents(fetch, 'http://one', undefined, signal, fileBytesMax))
    items.push(item)
  return items
}

const over: FeedItem = {
  type: 'fault',
  code: 'unreachable',
  detail: 'the server ended the stream',
}

describe('readFeedEvents', () => {
  it('joins events from pieces of any size', async () => {
    const text = 'id: 7\nevent: certificate\ndata: {"file":"AQID"}\n\n: still here\n\n'
    const expected = [
      { type: 'alive' },
      { type: 'certificate', bytes: new Uint8Array([1, 2, 3]) },
      { type: 'alive' },
      over,
    ]
    assert.deepEqual(await readAll([text]), expected)
    assert.deepEqual(await readAll(text.split('')), expected)
  })

  it('skips events and fields of later versions', async () => {
    const items = await readAll(['event: novelty\ndata: x\n\n', 'odd: 1\ndata: {}\n\n'])
    assert.deepEqual(items, [{ type: 'alive' }, { type: 'alive' }, { type: 'alive' }, over])
  })

  it('reads an endless event no further than a certificate file could need', async () => {
    const chunk = 'A'.repeat(10_000)
    const items = await readAll(
      [`data: ${chunk}`, ...Array.from({ length: 20 }, () => chunk)],
      30_000,
    )
    const last = items.at(-1)
    assert.equal(last?.type === 'fault' ? last.code : '', 'too-large')
  })

  it('bounds the words it hands on', async () => {
    const data = JSON.stringify({ agreement: { status: 'ok', words: 'w'.repeat(10_000) } })
    const [, item] = await readAll([`event: agreement\ndata: ${data}\n\n`])
    assert.equal(item?.type === 'agreement' ? item.words.length : 0, 500)
  })
})

describe('fromBase64', () => {
  it('gives the bytes, or nothing where it is none', () => {
    assert.deepEqual(fromBase64('AP8='), new Uint8Array([0, 255]))
    assert.equal(fromBase64('%%'), undefined)
  })
})
