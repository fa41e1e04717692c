import { limits } from '@watchfire/attestation'
import { createParser } from 'eventsource-parser'
import type { FeedFaultCode } from './codes.ts'
import { type Fetch, readProblem } from './http.ts'

/** What a server's event stream says. Only the bytes of a certificate mean anything, once verified. */
export type FeedItem =
  | { readonly type: 'certificate'; readonly bytes: Uint8Array }
  /** The server's own word on agreement: a reason to show, nothing to rely on. */
  | { readonly type: 'agreement'; readonly status: string; readonly words: string }
  /** Anything else came: the connection lives. */
  | { readonly type: 'alive' }
  /** The stream is over. */
  | { readonly type: 'fault'; readonly code: FeedFaultCode; readonly detail: string }

/** Characters of an event besides those of its file in base64. */
const envelopeCharactersMax = 16_384
const wordsMax = 500

/**
 * Reads one server's event stream (SPEC 12). Never throws; the last item is a `fault`.
 *
 * @param after height of the last certificate held; undefined: begin with the newest
 * @param fileBytesMax bound on a certificate file; an event that cannot hold one is not read on
 */
export async function* readFeedEvents(
  fetch: Fetch,
  url: string,
  after: number | undefined,
  signal: AbortSignal,
  fileBytesMax: number = limits.certificateFileBytesMax,
): AsyncGenerator<FeedItem, void> {
  const items: FeedItem[] = []
  const parser = createParser({
    maxBufferSize: Math.ceil((fileBytesMax * 4) / 3) + envelopeCharactersMax,
    onEvent: (event) => items.push(readEvent(event.event, event.data)),
    onComment: () => items.push({ type: 'alive' }),
    onError(error) {
      // Fields of later versions are skipped, as the format wants; an endless event is not.
      if (error.type === 'max-buffer-size-exceeded')
        items.push({ type: 'fault', code: 'too-large', detail: error.message })
    },
  })
  try {
    // `after` travels in the query, since a header of its own would cost browsers a preflight.
    const query = after === undefined ? '' : `?after=${after}`
    const response = await fetch(`${url}/v1/events${query}`, {
      headers: { accept: 'text/event-stream' },
      cache: 'no-store',
      signal,
    })
    if (!response.ok) {
      yield { type: 'fault', code: 'refused', detail: await readProblem(response) }
      return
    }
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      yield { type: 'fault', code: 'bad-answer', detail: 'the answer is no event stream' }
      return
    }
    yield { type: 'alive' }
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const chunk = await reader?.read()
      if (chunk?.value === undefined) break
      parser.feed(decoder.decode(chunk.value, { stream: true }))
      for (const item of items.splice(0)) {
        yield item
        if (item.type === 'fault') return
      }
    }
    yield { type: 'fault', code: 'unreachable', detail: 'the server ended the stream' }
  } catch (error) {
    yield { type: 'fault', code: 'unreachable', detail: getDetail(error) }
  }
}

function getDetail(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // fetch says no more than that it failed; its cause says how.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}

function readEvent(event: string | undefined, data: string): FeedItem {
  if (event !== 'certificate' && event !== 'agreement') return { type: 'alive' }
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return { type: 'fault', code: 'bad-answer', detail: `the data of ${event} is not JSON` }
  }
  return event === 'certificate' ? readCertificate(value) : readAgreement(value)
}

function readCertificate(value: unknown): FeedItem {
  const file = getField(value, 'file')
  const bytes = typeof file === 'string' ? fromBase64(file) : undefined
  return bytes === undefined
    ? { type: 'fault', code: 'bad-answer', detail: 'a certificate event without its file' }
    : { type: 'certificate', bytes }
}

function readAgreement(value: unknown): FeedItem {
  const agreement = getField(value, 'agreement')
  const status = getField(agreement, 'status')
  const words = getField(agreement, 'words')
  if (typeof status !== 'string' || typeof words !== 'string') return { type: 'alive' }
  return { type: 'agreement', status: status.slice(0, 32), words: words.slice(0, wordsMax) }
}

/** A field of what JSON gave, if it is an object that has it. */
export function getField(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

/** The bytes that base64 stands for; undefined where it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  let characters: string
  try {
    characters = atob(text)
  } catch {
    // `atob` says so by throwing.
    return undefined
  }
  const bytes = new Uint8Array(characters.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index)
  return bytes
}
