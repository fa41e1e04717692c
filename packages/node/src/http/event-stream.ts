import type { ServerResponse } from 'node:http'
import { areEqual, type Height } from '@watchfire/attestation'
import type { FeedEvidence, FeedRecord, FeedSource } from '../feed-source.ts'
import type { Clock, Counters, Log } from '../ports.ts'
import { readEvidence } from './evidence-reading.ts'
import { getFreshness } from './freshness.ts'
import { isLoopback } from './host-check.ts'

/** Bounds of the event streams; every one of them is for a reader that misbehaves. */
export interface EventStreamLimits {
  /** Streams open at once. */
  readonly subscribersMax: number
  /** Streams of one remote address; loopback is exempt, since a proxy or a desk is behind it. */
  readonly subscribersPerAddressMax: number
  /** A stream whose last write did not leave in this time is cut. */
  readonly slowMs: number
  /** A comment after this much silence, so that proxies keep the stream open. */
  readonly commentMs: number
  /** How often agreement and staleness are looked at. */
  readonly watchMs: number
  /** What readers are told to wait before they come back. */
  readonly retryMs: number
}

export const eventStreamDefaults: EventStreamLimits = {
  subscribersMax: 1024,
  subscribersPerAddressMax: 64,
  slowMs: 30_000,
  commentMs: 15_000,
  watchMs: 500,
  retryMs: 1000,
}

/** Records read from the store at a time for a stream that catches up. */
const recordsPerRead = 8

export interface EventStreams {
  readonly count: number
  /** Why another stream may not be opened; undefined: it may. */
  refuse(address: string): string | undefined
  /**
   * Serves a stream until either side ends it.
   *
   * @param response a response nothing was written to
   * @param after height of the last certificate the reader has; undefined: begin with the latest
   */
  serve(
    response: ServerResponse,
    headers: Record<string, string | number | string[] | undefined>,
    address: string,
    after: number | undefined,
  ): void
  /** Ends all streams; readers may come back. */
  close(): void
}

interface Subscriber {
  wake(): void
  end(): void
}

const formatEvent = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/**
 * The event streams of a node (SPEC 12). Each pulls what it has not sent yet from the source, so a
 * slow reader costs one event of memory, delays nobody, and is cut when it takes nothing.
 */
export function makeEventStreams(options: {
  source: FeedSource
  clock: Clock
  counters: Counters
  log: Log
  limits: EventStreamLimits
}): EventStreams {
  const { source, clock, counters, log, limits } = options
  const subscribers = new Set<Subscriber>()
  const perAddress = new Map<string, number>()
  let agreementKey = ''
  let cancelWatch: (() => void) | undefined
  let shared: { readonly height: Height; readonly text: string } | undefined

  /** All streams send the same bytes for a height, so the newest is written once. */
  const formatRecord = (record: FeedRecord): string => {
    if (shared?.height === record.height) return shared.text
    const text = formatEvent(
      'certificate',
      {
        height: record.height,
        round: record.round,
        parentRound: record.header.parentRound,
        file: Buffer.from(record.file).toString('base64'),
      },
      record.height,
    )
    if (source.latest()?.height === record.height) shared = { height: record.height, text }
    return text
  }

  const wakeAll = () => {
    for (const subscriber of subscribers) subscriber.wake()
  }

  const getAgreementKey = () => {
    const { agreement, stale } = getFreshness(source, source.latest())
    return `${agreement.status} ${stale}`
  }

  const watch = () => {
    cancelWatch = clock.setTimer(limits.watchMs, () => {
      cancelWatch = undefined
      if (subscribers.size === 0) return
      const key = getAgreementKey()
      if (key !== agreementKey) {
        agreementKey = key
        wakeAll()
      }
      watch()
    })
  }

  const unsubscribe = [source.subscribe(wakeAll), source.onEvidence(wakeAll)]

  const pump = async (response: ServerResponse, after: number | undefined, end: () => void) => {
    let isWoken = false
    let resume: (() => void) | undefined
    const subscriber: Subscriber = {
      wake() {
        isWoken = true
        resume?.()
      },
      end() {
        response.end()
        end()
        subscriber.wake()
      },
    }
    subscribers.add(subscriber)
    const isOpen = () => !response.destroyed && !response.writableEnded
    response.once('close', () => {
      subscribers.delete(subscriber)
      end()
      subscriber.wake()
    })

    const waitForDrain = () =>
      new Promise<void>((resolve) => {
        const finish = () => {
          cancel()
          response.off('drain', finish)
          response.off('close', finish)
          resolve()
        }
        const cancel = clock.setTimer(limits.slowMs, () => {
          counters.add('feed-subscribers-cut', 'slow')
          response.destroy()
          finish()
        })
        response.on('drain', finish)
        response.on('close', finish)
      })

    const send = async (text: string) => {
      if (isOpen() && !response.write(text)) await waitForDrain()
    }

    const waitForWake = () =>
      new Promise<'woken' | 'silent'>((resolve) => {
        if (isWoken || !isOpen()) {
          isWoken = false
          resolve('woken')
          return
        }
        const cancel = clock.setTimer(limits.commentMs, () => {
          resume = undefined
          resolve('silent')
        })
        resume = () => {
          cancel()
          resume = undefined
          isWoken = false
          resolve('woken')
        }
      })

    let sentKey: string | undefined
    const sendAgreement = async () => {
      const key = getAgreementKey()
      if (key === sentKey) return
      sentKey = key
      await send(formatEvent('agreement', getFreshness(source, source.latest())))
    }

    let sentEvidence: readonly FeedEvidence[] = []
    /** Each piece once when it is known and once when a block holds it; no more than two a member. */
    const sendEvidence = async () => {
      const known = source.evidence()
      const news = known.filter(
        ({ digest, inclusion }) =>
          !sentEvidence.some(
            (sent) =>
              areEqual(sent.digest, digest) &&
              (sent.inclusion === undefined) === (inclusion === undefined),
          ),
      )
      sentEvidence = known
      for (const each of news) await send(formatEvent('evidence', readEvidence(source, each)))
    }

    await send(`retry: ${limits.retryMs}\n\n`)
    let cursor = after ?? (source.latest()?.height ?? 1) - 1
    while (isOpen()) {
      await sendAgreement()
      if (source.evidence() !== sentEvidence) await sendEvidence()
      const latest = source.latest()
      if (latest !== undefined && cursor < latest.height) {
        const records =
          cursor === latest.height - 1
            ? [latest]
            : source.listAfter(cursor as Height, recordsPerRead)
        const first = records[0] ?? latest
        if (first.height > cursor + 1) {
          // What lay between is not kept here any more: said, not skipped over in silence.
          await send(formatEvent('reset', { after: cursor, next: first.height }))
          cursor = first.height - 1
        }
        for (const record of records.length === 0 ? [latest] : records) {
          if (!isOpen()) break
          await send(formatRecord(record))
          cursor = record.height
        }
        continue
      }
      if ((await waitForWake()) === 'silent') await send(': still here\n\n')
    }
  }

  return {
    get count() {
      return subscribers.size
    },
    refuse(address) {
      if (subscribers.size >= limits.subscribersMax)
        return `All ${limits.subscribersMax} event streams are taken.`
      const own = perAddress.get(address) ?? 0
      if (!isLoopback(address) && own >= limits.subscribersPerAddressMax)
        return `One address may hold ${limits.subscribersPerAddressMax} event streams.`
      return undefined
    },
    serve(response, headers, address, after) {
      perAddress.set(address, (perAddress.get(address) ?? 0) + 1)
      counters.set('feed-subscribers', subscribers.size + 1)
      let hasEnded = false
      const end = () => {
        if (hasEnded) return
        hasEnded = true
        const left = (perAddress.get(address) ?? 1) - 1
        if (left === 0) perAddress.delete(address)
        else perAddress.set(address, left)
        counters.set('feed-subscribers', subscribers.size)
      }
      if (cancelWatch === undefined) {
        agreementKey = getAgreementKey()
        watch()
      }
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      pump(response, after, end).catch((error: unknown) => {
        // A source that throws ends this stream; the reader comes back and asks again.
        counters.add('feed-subscribers-cut', 'error')
        const detail = error instanceof Error ? error.stack : String(error)
        log.error({ error: detail }, 'an event stream failed')
        response.destroy()
      })
    },
    close() {
      for (const each of unsubscribe) each()
      cancelWatch?.()
      for (const subscriber of subscribers) subscriber.end()
      subscribers.clear()
    },
  }
}
