import {
  type EpochContext,
  type Height,
  makeGenesisContext,
  type Manifest,
  type UnixMs,
  type Verify,
  verifySignature,
} from '@watchfire/attestation'
import { type Clock, systemClock, waitFor } from './clock.ts'
import type { FeedFaultCode } from './codes.ts'
import { type FeedItem, readFeedEvents } from './feed-events.ts'
import { checkHandoverAge, handoverAgeMsMaxDefault } from './handover-age.ts'
import { makeHeldChain } from './held-chain.ts'
import { type Fetch, trimUrl } from './http.ts'
import { readCertificateFile, type VerifiedState } from './verified-state.ts'

/** A newer state, every signature under it checked. */
export interface StateEvent extends VerifiedState {
  readonly type: 'state'
  /** Which server brought it; it proves itself, so this is for the curious. */
  readonly url: string
  /** Already past its time when it came, by the reader's clock: old news of a chain that catches up. */
  readonly stale: boolean
  /** Heights between the state before and this one that no server gave us. */
  readonly missed: { readonly from: Height; readonly to: Height } | undefined
}

/** Why there is no fresh state: servers are there and say agreement is not forming; none is there; neither. */
export type StaleCode = 'no-agreement' | 'unreachable' | 'no-news'

/**
 * What was last yielded is past its time. Said once, and again when a server gives another reason,
 * until a fresh state comes.
 */
export interface StaleEvent {
  readonly type: 'stale'
  /** Since when, by the reader's clock. */
  readonly since: UnixMs
  readonly code: StaleCode
  /** For people; partly a server's unproven word. */
  readonly reason: string
  /** The state that is stale; undefined: there never was one. */
  readonly state: VerifiedState | undefined
}

/** A server failed or lied. Following goes on, with another server if there is one. */
export interface FaultEvent {
  readonly type: 'fault'
  readonly url: string
  readonly code: FeedFaultCode
  readonly detail: string
}

/**
 * Two valid certificates contradict each other: more than f of the weight is faulty, and nothing can
 * be believed. It is the last event. Keep both files: together they are the proof (SPEC 9.5).
 */
export interface ConflictEvent {
  readonly type: 'conflict'
  readonly code: 'conflicting-certificates'
  readonly held: VerifiedState
  readonly other: VerifiedState
  readonly url: string
}

/** What following yields; told apart by `type`. */
export type FollowEvent = StateEvent | StaleEvent | FaultEvent | ConflictEvent

/** How a feed is followed. */
export interface FollowOptions {
  /** Ends the following. */
  readonly signal?: AbortSignal | undefined
  /** A state verified earlier: nothing below it is accepted, and the feed goes on after it. */
  readonly checkpoint?: VerifiedState | undefined
  /** Default: this machine's. */
  readonly clock?: Clock | undefined
  /** Default: the platform's. */
  readonly fetch?: Fetch | undefined
  /** Default: noble, ZIP-215 (SPEC 2.3). Another must accept and refuse the same. */
  readonly verify?: Verify | undefined
  /** A connection is given up when nothing came on it for so long; default 45 s, 3 comments. */
  readonly idleMs?: number | undefined
  /** How old what is trusted may be to follow hand-overs from it; default 180 days (SPEC 9.5). */
  readonly handoverAgeMsMax?: number | undefined
  /** Wait after every server failed once; doubles up to 16 times itself. Default 1 s. */
  readonly retryMs?: number | undefined
}

const retryFactorMax = 16

interface Connection {
  readonly url: string
  readonly items: AsyncGenerator<FeedItem, void>
  readonly abort: AbortController
  pending: Promise<{ readonly value: FeedItem | undefined }> | undefined
}

/**
 * Follows the feed of a network by its servers, verifying every byte that counts (SPEC 9.5, 12).
 * One server is asked at a time; a fault, silence or stale news moves on to the next. Nothing is
 * read while the consumer does not ask for the next event.
 *
 * ```ts
 * for await (const event of follow(['http://127.0.0.1:7802'], manifest)) {
 *   if (event.type === 'state') console.log(event.round, event.verdicts.get('web'))
 *   if (event.type === 'stale') console.log(`stale since ${event.since}: ${event.reason}`)
 * }
 * ```
 *
 * @param urls one or more servers
 * @param trusted the manifest, or the context `makeGenesisContext` made of it
 */
export async function* follow(
  urls: string | readonly string[],
  trusted: Manifest | EpochContext,
  options: FollowOptions = {},
): AsyncGenerator<FollowEvent, void> {
  const servers = [urls].flat().map(trimUrl)
  if (servers.length === 0) throw new TypeError('a feed to follow needs the url of a server')
  const {
    signal,
    checkpoint,
    clock = systemClock,
    fetch = globalThis.fetch.bind(globalThis),
    verify = verifySignature,
    idleMs = 45_000,
    retryMs = 1000,
    handoverAgeMsMax = handoverAgeMsMaxDefault,
  } = options
  const genesis = 'networkId' in trusted ? trusted : makeGenesisContext(trusted)
  const { roundMs, proposeAtMs, viewTimeoutMs } = genesis.parameters
  /** How long a state stays fresh: what a reader may wait for the first, or for the next. */
  const freshMs = 2 * roundMs + proposeAtMs + viewTimeoutMs
  const chain = makeHeldChain()
  if (checkpoint !== undefined) chain.take(checkpoint)

  const startMs = clock.nowMs()
  // Servers get the time of one state to show a fresh one before anything is called stale.
  let staleAtMs = Math.max(checkpoint?.validUntilMs ?? 0, startMs + freshMs)
  let isStaleSaid = false
  let codeSaid: StaleCode | undefined
  let agreement: { status: string; words: string } | undefined
  let connection: Connection | undefined
  let serverIndex = 0
  let failures = 0
  let retryAtMs = 0
  let idleAtMs = Number.POSITIVE_INFINITY
  let newsAtMs = Number.POSITIVE_INFINITY

  const connect = (): Connection => {
    const url = servers[serverIndex % servers.length] ?? ''
    const abort = new AbortController()
    const items = readFeedEvents(fetch, url, chain.latest?.height, abort.signal)
    const nowMs = clock.nowMs()
    idleAtMs = nowMs + idleMs
    // What a server has it sends at once. While nothing is fresh, one cut off from the others like the
    // one before it costs a round, and no more.
    newsAtMs = nowMs + (isStaleSaid ? roundMs : freshMs)
    return { url, items, abort, pending: undefined }
  }
  const disconnect = () => {
    connection?.abort.abort()
    connection = undefined
    agreement = undefined
    idleAtMs = Number.POSITIVE_INFINITY
    newsAtMs = Number.POSITIVE_INFINITY
  }
  /** Gives the server up: the next one is asked at once, and after a pause when all have failed. */
  const moveOn = () => {
    disconnect()
    serverIndex++
    failures++
    const sweeps = Math.floor(failures / servers.length)
    const factor = Math.min(2 ** (sweeps - 1), retryFactorMax)
    retryAtMs = failures < servers.length ? 0 : clock.nowMs() + retryMs * factor
  }
  const explain = (): Pick<StaleEvent, 'code' | 'reason'> => {
    if (agreement !== undefined && agreement.status !== 'ok')
      return { code: 'no-agreement', reason: agreement.words }
    if (connection === undefined || failures > 0)
      return { code: 'unreachable', reason: 'No server gives a newer certificate.' }
    return { code: 'no-news', reason: 'The server is there and sends nothing newer.' }
  }

  const say = (): StaleEvent => {
    const { code, reason } = explain()
    codeSaid = code
    const state = chain.latest
    return { type: 'stale', since: state?.validUntilMs ?? startMs, code, reason, state }
  }
  const isAborted = () => signal?.aborted === true

  try {
    while (!isAborted()) {
      const nowMs = clock.nowMs()
      if (!isStaleSaid && nowMs > staleAtMs) {
        isStaleSaid = true
        yield say()
        continue
      }
      // A server may hold back what another would give.
      if (isStaleSaid && servers.length > 1 && nowMs >= newsAtMs) moveOn()
      if (connection !== undefined && nowMs >= idleAtMs) {
        const { url } = connection
        moveOn()
        yield { type: 'fault', url, code: 'silent', detail: `nothing came for ${idleMs} ms` }
        continue
      }
      if (connection === undefined && nowMs >= retryAtMs) connection = connect()

      const untilMs = Math.min(
        isStaleSaid ? Number.POSITIVE_INFINITY : staleAtMs + 1,
        connection === undefined ? retryAtMs : idleAtMs,
        isStaleSaid && servers.length > 1 ? newsAtMs : Number.POSITIVE_INFINITY,
      )
      if (connection === undefined) {
        await waitFor(clock, undefined, untilMs, signal)
        continue
      }
      const { url } = connection
      connection.pending ??= connection.items
        .next()
        .then(({ value }) => ({ value: value ?? undefined }))
      const arrived = await waitFor(clock, connection.pending, untilMs, signal)
      if (arrived === undefined) continue
      connection.pending = undefined
      idleAtMs = clock.nowMs() + idleMs

      const item = arrived.value ?? {
        type: 'fault',
        code: 'unreachable',
        detail: 'the stream is over',
      }
      if (item.type === 'fault') {
        moveOn()
        yield { type: 'fault', url, code: item.code, detail: item.detail }
      } else if (item.type === 'agreement') {
        agreement = item
        // A node takes longer to miss the others than a state takes to become stale.
        if (isStaleSaid && item.status !== 'ok' && codeSaid !== 'no-agreement') yield say()
      } else if (item.type === 'certificate') {
        const read = readCertificateFile(item.bytes, genesis, verify)
        if (!read.ok) {
          moveOn()
          yield { type: 'fault', url, code: read.code, detail: read.detail }
          continue
        }
        const state = read.value
        const before = chain.latest
        const old = checkHandoverAge(state, before, genesis, clock.nowMs(), handoverAgeMsMax)
        if (old !== undefined) {
          moveOn()
          yield { type: 'fault', url, code: old.code, detail: old.detail }
          continue
        }
        const standing = chain.take(state)
        if (standing.kind === 'conflict') {
          const { held } = standing
          yield { type: 'conflict', code: 'conflicting-certificates', held, other: state, url }
          return
        }
        if (standing.kind === 'back') {
          moveOn()
          const detail = `height ${state.height}, round ${state.round}, after ${before?.height}, ${before?.round}`
          yield { type: 'fault', url, code: 'went-back', detail }
        } else if (standing.kind === 'next') {
          failures = 0
          const arrivedMs = clock.nowMs()
          newsAtMs = arrivedMs + freshMs
          const stale = arrivedMs > state.validUntilMs
          if (!stale) isStaleSaid = false
          staleAtMs = state.validUntilMs
          yield { ...state, type: 'state', url, stale, missed: getMissed(before, state) }
        }
      }
    }
  } finally {
    disconnect()
  }
}

function getMissed(before: VerifiedState | undefined, state: VerifiedState): StateEvent['missed'] {
  if (before === undefined || state.height === before.height + 1) return undefined
  return { from: (before.height + 1) as Height, to: (state.height - 1) as Height }
}
