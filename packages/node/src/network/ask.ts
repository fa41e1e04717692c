import type { Stream } from '@libp2p/interface'
import { pipe } from 'it-pipe'
import type { Clock, Counters, Log } from '../ports.ts'
import { countDrop, fetchedCounter } from './drops.ts'
import { isViolation, readFrames, writeFrame } from './frames.ts'
import { penalties, type PeerLedger } from './peer-ledger.ts'
import { type ProtocolName, protocolSpecs } from './protocols.ts'
import { makeDeadline, sleep, toError } from './timing.ts'

/** What {@link makeAsker} needs. */
export interface AskerOptions {
  /** Peers that speak our protocols now. */
  readonly listPeers: () => readonly string[]
  /** Whether a peer is configured, or speaks for a member: asked before strangers. */
  readonly isTrusted: (peer: string) => boolean
  /** Opens a stream over a living connection; rejects when there is none. */
  readonly open: (name: ProtocolName, peer: string, signal: AbortSignal) => Promise<Stream>
  readonly ledger: PeerLedger
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
  readonly signal: AbortSignal
}

/** A request to one peer. */
export interface Question {
  readonly name: ProtocolName
  readonly peer: string
  readonly request: Uint8Array
  /**
   * Judges and keeps one message of the answer.
   *
   * @returns `false` for what was not asked for: the rest of the answer is not read, the peer charged
   */
  readonly take: (message: Uint8Array) => boolean
  readonly signal: AbortSignal
}

/** Asks peers (SPEC 10): one at a time, or several until one has what is wanted. */
export interface Asker {
  /** Peers to ask, the likeliest first: those that lately failed come last, equals in turn. */
  rank(hint?: string): readonly string[]
  /** Asks one peer. @returns whether the answer came whole; never rejects */
  ask(question: Question): Promise<boolean>
  /**
   * Asks peers by rank until `isDone`; the next as soon as one ended, or was slow to. Never rejects.
   *
   * @param makeQuestion what to ask a peer, given what is still wanted
   */
  askUntil(
    peers: readonly string[],
    isDone: () => boolean,
    makeQuestion: (peer: string, signal: AbortSignal) => Question,
    signal: AbortSignal,
  ): Promise<void>
}

/** No message for this long, and the peer is given up. */
const PROGRESS_TIMEOUT_MS = 3000
/** A peer that trickles is given up after this, with what came. */
const TOTAL_TIMEOUT_MS = 20_000
/** A peer that has not answered in this time gets company. */
const STAGGER_MS = 300
/** Peers asked the same thing at most. */
const PEERS_ASKED_MAX = 8
/** A peer that failed is asked last for this long. */
const FAILED_MS = 30_000
const PEERS_MAX = 4096

export function makeAsker(options: AskerOptions): Asker {
  const { listPeers, isTrusted, open, ledger, clock, counters, log, signal: lifetime } = options
  const failedAtMs = new Map<string, number>()
  let turn = 0

  const noteFailure = (peer: string) => {
    failedAtMs.delete(peer)
    failedAtMs.set(peer, clock.monotonicMs())
    const [oldest] = failedAtMs.keys()
    if (failedAtMs.size > PEERS_MAX && oldest !== undefined) failedAtMs.delete(oldest)
  }
  const hasFailed = (peer: string) => {
    const atMs = failedAtMs.get(peer)
    return atMs !== undefined && clock.monotonicMs() - atMs < FAILED_MS
  }

  const rank: Asker['rank'] = (hint) => {
    const peers = listPeers()
    const start = peers.length === 0 ? 0 : turn++ % peers.length
    const inTurn = [...peers.slice(start), ...peers.slice(0, start)]
    const getRank = (peer: string) =>
      (hasFailed(peer) ? 4 : 0) + (peer === hint ? 0 : 1) + (isTrusted(peer) ? 0 : 2)
    return inTurn.toSorted((a, b) => getRank(a) - getRank(b))
  }

  const ask: Asker['ask'] = async ({ name, peer, request, take, signal }) => {
    const until = AbortSignal.any([lifetime, signal])
    const total = makeDeadline(clock, TOTAL_TIMEOUT_MS, until)
    const deadline = makeDeadline(clock, PROGRESS_TIMEOUT_MS, total.signal)
    const { answerBytesMax, answersMax } = protocolSpecs[name]
    let stream: Stream | undefined
    try {
      const opened = await open(name, peer, deadline.signal)
      stream = opened
      await writeFrame(opened, request, deadline.signal)
      await opened.close({ signal: deadline.signal })
      let count = 0
      await pipe(
        readFrames(opened, answerBytesMax, deadline.signal),
        async function* onlyWanted(frames) {
          for await (const frame of frames) {
            deadline.extend()
            if (++count > answersMax || !take(frame)) throw new UnexpectedAnswer(name)
            yield frame
          }
        },
        async (frames) => {
          for await (const _ of frames) counters.add(fetchedCounter, name)
        },
      )
      return true
    } catch (error) {
      stream?.abort(toError(error))
      if (until.aborted) return false
      noteFailure(peer)
      judge(error, name, peer, deadline.isOver() || total.isOver())
      return false
    } finally {
      deadline.release()
      total.release()
    }
  }

  const judge = (error: unknown, name: ProtocolName, peer: string, isOver: boolean) => {
    log.debug(
      { peer, protocol: name, error: toError(error).message },
      'a peer gave no whole answer',
    )
    if (error instanceof UnexpectedAnswer) {
      countDrop(counters, 'unexpected-answer')
      ledger.penalize(peer, penalties.answer)
      return
    }
    const violation = isViolation(error)
    if (violation !== undefined) {
      countDrop(counters, violation)
      ledger.penalize(peer, penalties.violation)
      return
    }
    countDrop(counters, isOver ? 'timeout' : 'stream-broken')
  }

  return {
    rank,
    ask,
    async askUntil(peers, isDone, makeQuestion, signal) {
      const enough = new AbortController()
      const until = AbortSignal.any([signal, enough.signal, lifetime])
      const running = new Set<Promise<void>>()
      for (const peer of peers.slice(0, PEERS_ASKED_MAX)) {
        if (isDone() || until.aborted) break
        const task: Promise<void> = ask(makeQuestion(peer, until)).then(() => {
          running.delete(task)
        })
        running.add(task)
        await Promise.race([sleep(clock, STAGGER_MS, until), ...running])
      }
      while (running.size > 0 && !isDone() && !until.aborted) await Promise.race(running)
      enough.abort()
      await Promise.all(running)
    },
  }
}

class UnexpectedAnswer extends Error {
  constructor(name: ProtocolName) {
    super(`an answer on ${name} that was not asked for`)
    this.name = 'UnexpectedAnswer'
  }
}
