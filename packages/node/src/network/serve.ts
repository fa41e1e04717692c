import type { Connection, Stream } from '@libp2p/interface'
import {
  decode,
  type Digest,
  encode,
  type Epoch,
  type Height,
  limits,
  type View,
} from '@watchfire/attestation'
import type { Clock, Counters, Log, NetworkSource } from '../ports.ts'
import { countDrop, type DropReason, servedCounter } from './drops.ts'
import { isViolation, readFrames, writeFrame } from './frames.ts'
import { penalties, type PeerLedger } from './peer-ledger.ts'
import {
  attestationsRequestType,
  blocksRequestType,
  certificatesPerRequestMax,
  certificatesRequestType,
  encodeHighest,
  highestRequestType,
  type ProtocolName,
  protocolSpecs,
  stateChunkType,
  stateRequestType,
  viewsPerRequestMax,
  viewsRequestType,
} from './protocols.ts'
import { makeDeadline, sleep, toError } from './timing.ts'
import { makePeerBuckets } from './token-bucket.ts'

/** What {@link makeServer} needs. */
export interface ServerOptions {
  readonly source: NetworkSource
  readonly isHeard: (peer: string) => boolean
  /** Whether a peer is configured, or speaks for a member: places are kept for it. */
  readonly isTrusted: (peer: string) => boolean
  readonly ledger: PeerLedger
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
  readonly signal: AbortSignal
}

/** Answers peers on the protocols of SPEC 10. */
export interface Server {
  /** Answers one request, or drops it with a counted reason. Never rejects. */
  serve(name: ProtocolName, stream: Stream, connection: Connection): Promise<void>
}

const REQUEST_TIMEOUT_MS = 5000
/** A peer that takes no byte for this long is let go. */
const WRITE_TIMEOUT_MS = 10_000
/** A whole answer takes no longer than this, however little a peer reads at a time. */
const ANSWER_TIMEOUT_MS = 60_000
const SERVING_MAX = 64
/** The rest is kept for configured peers and the committee's. */
const SERVING_STRANGERS_MAX = 48
const SERVING_PER_PEER_MAX = 8
const REQUEST_RATE = { burst: 256, perSecond: 50 }
/** What one peer may draw: a state of 64 MiB in half a minute. */
const BYTE_RATE = { burst: 33_554_432, perSecond: 2_097_152 }
const PEERS_MAX = 4096
/** Certificates read from the store at once. */
const CERTIFICATES_STEP = 16

/** A request that decodes and yet asks what no honest peer asks. */
class BadRequest extends Error {}

function must<T>(type: Parameters<typeof decode<T>>[0], bytes: Uint8Array): T {
  const decoded = decode(type, bytes)
  if (!decoded.ok) throw new BadRequest(decoded.detail)
  return decoded.value
}

/** The messages of the answer to a request, made one at a time as the peer takes them. */
function* answer(
  name: ProtocolName,
  bytes: Uint8Array,
  source: NetworkSource,
): Generator<Uint8Array> {
  switch (name) {
    case 'attestations': {
      for (const digest of must(attestationsRequestType, bytes)) {
        const found = source.getAttestation(digest)
        if (found !== undefined) yield found
      }
      return
    }
    case 'blocks': {
      for (const digest of must(blocksRequestType, bytes)) {
        const found = source.getBlock(digest)
        if (found !== undefined) yield found
      }
      return
    }
    case 'views': {
      const { epoch, from, to } = must(viewsRequestType, bytes)
      if (to < from || to - from >= viewsPerRequestMax) throw new BadRequest('too many views')
      yield* source.listViewCertificates(epoch as Epoch, from as View, to as View)
      return
    }
    case 'certificates': {
      const { fromHeight, count } = must(certificatesRequestType, bytes)
      if (count > certificatesPerRequestMax) throw new BadRequest('too many certificates')
      yield* listCertificates(source, fromHeight, count)
      return
    }
    case 'state': {
      const { root, index } = must(stateRequestType, bytes)
      const chunk = getStateChunk(source, root, index)
      if (chunk !== undefined) yield chunk
      return
    }
    case 'highest': {
      const { epoch } = must(highestRequestType, bytes)
      yield encodeHighest(source.getHighest(epoch as Epoch))
    }
  }
}

function* listCertificates(source: NetworkSource, from: number, count: number) {
  for (let done = 0; done < count; ) {
    const step = Math.min(CERTIFICATES_STEP, count - done)
    const found = source.listCertificates((from + done) as Height, step)
    yield* found
    if (found.length < step) return
    done += step
  }
}

function getStateChunk(source: NetworkSource, root: Digest, index: number): Uint8Array | undefined {
  const state = source.getStateBytes(root)
  const start = index * limits.stateChunkBytes
  if (state === undefined || start >= state.length) return undefined
  return encode(stateChunkType, {
    total: state.length,
    bytes: state.subarray(start, start + limits.stateChunkBytes),
  })
}

export function makeServer(options: ServerOptions): Server {
  const { source, isHeard, isTrusted, ledger, clock, counters, log, signal } = options
  const nowMs = () => clock.monotonicMs()
  const requests = makePeerBuckets(REQUEST_RATE, nowMs, PEERS_MAX)
  const sentBytes = makePeerBuckets(BYTE_RATE, nowMs, PEERS_MAX)
  const servingByPeer = new Map<string, number>()
  let serving = 0

  const getRefusal = (from: string): DropReason | undefined => {
    if (!isHeard(from)) return 'low-score'
    if (serving >= (isTrusted(from) ? SERVING_MAX : SERVING_STRANGERS_MAX)) return 'busy'
    if ((servingByPeer.get(from) ?? 0) >= SERVING_PER_PEER_MAX) return 'rate-limited'
    return requests.get(from).take() ? undefined : 'rate-limited'
  }

  const readRequest = async (name: ProtocolName, stream: Stream) => {
    const deadline = makeDeadline(clock, REQUEST_TIMEOUT_MS, signal)
    const frames = readFrames(stream, protocolSpecs[name].requestBytesMax, deadline.signal)
    try {
      const { value, done } = await frames.next()
      if (done === true) throw new BadRequest('no request')
      return value
    } catch (error) {
      if (deadline.isOver()) countDrop(counters, 'slow-request')
      throw error
    } finally {
      deadline.release()
      await frames.return(undefined)
    }
  }

  const writeAnswer = async (
    name: ProtocolName,
    stream: Stream,
    request: Uint8Array,
    from: string,
  ) => {
    const total = makeDeadline(clock, ANSWER_TIMEOUT_MS, signal)
    const deadline = makeDeadline(clock, WRITE_TIMEOUT_MS, total.signal)
    try {
      const messages = answer(name, request, source)
      for (;;) {
        const message = readNext(messages)
        if (message === undefined) break
        const bucket = sentBytes.get(from)
        const waitMs = bucket.getWaitMs(message.length)
        if (waitMs > 0) await sleep(clock, waitMs, signal)
        bucket.take(message.length)
        deadline.extend()
        await writeFrame(stream, message, deadline.signal)
      }
      deadline.extend()
      await stream.close({ signal: deadline.signal })
    } catch (error) {
      if (deadline.isOver() || total.isOver()) countDrop(counters, 'slow-reader')
      throw error
    } finally {
      deadline.release()
      total.release()
    }
  }

  /** The next message; a fault of our own store is told apart from a peer's. */
  const readNext = (messages: Generator<Uint8Array>) => {
    try {
      const { value, done } = messages.next()
      return done === true ? undefined : value
    } catch (error) {
      if (!(error instanceof BadRequest)) {
        countDrop(counters, 'source-error')
        log.error({ error: toError(error).message }, 'reading the store for a peer failed')
      }
      throw error
    }
  }

  /** Counts and charges what ended an exchange early. */
  const judge = (error: unknown, name: ProtocolName, from: string) => {
    const violation = error instanceof BadRequest ? 'malformed' : isViolation(error)
    if (violation === undefined) {
      log.debug(
        { peer: from, protocol: name, error: toError(error).message },
        'request ended early',
      )
      return
    }
    countDrop(counters, violation)
    ledger.penalize(from, penalties.violation)
  }

  return {
    async serve(name, stream, connection) {
      const from = connection.remotePeer.toString()
      const refusal = getRefusal(from)
      if (refusal !== undefined) {
        countDrop(counters, refusal)
        stream.abort(new Error(refusal))
        return
      }
      const enter = (change: number) => {
        serving += change
        const left = (servingByPeer.get(from) ?? 0) + change
        if (left === 0) servingByPeer.delete(from)
        else servingByPeer.set(from, left)
      }
      enter(1)
      try {
        const request = await readRequest(name, stream)
        await writeAnswer(name, stream, request, from)
        counters.add(servedCounter, name)
      } catch (error) {
        judge(error, name, from)
        stream.abort(toError(error))
      } finally {
        enter(-1)
      }
    },
  }
}
