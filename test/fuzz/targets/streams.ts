import {
  type Digest,
  encode,
  type Epoch,
  fromHex,
  type Height,
  type Round,
  signedAttestationType,
  signedVoteType,
  type View,
  viewCertificateType,
} from '@watchfire/attestation'
import type { Asker } from '../../../packages/node/src/network/ask.ts'
import { makeDirect } from '../../../packages/node/src/network/direct.ts'
import type { DropReason } from '../../../packages/node/src/network/drops.ts'
import { makeFetcher } from '../../../packages/node/src/network/fetch.ts'
import { isViolation, readFrames } from '../../../packages/node/src/network/frames.ts'
import type { PeerLedger } from '../../../packages/node/src/network/peer-ledger.ts'
import {
  attestationsRequestType,
  blocksRequestType,
  certificatesRequestType,
  directBytesMax,
  directMessageType,
  highestAnswerType,
  highestRequestType,
  type ProtocolName,
  protocolSpecs,
  stateChunkType,
  stateRequestType,
  viewsRequestType,
} from '../../../packages/node/src/network/protocols.ts'
import { makeServer } from '../../../packages/node/src/network/serve.ts'
import type { Clock, NetworkSource } from '../../../packages/node/src/ports.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { readVectors } from '../../vectors/committed-vectors.ts'
import { changeWire, drawWire } from '../draw-wire.ts'
import { drawBytes, join, mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget, listCodes, Violation } from '../target.ts'
import { signCheaply } from './cheap-signatures.ts'
import { makeConnection, makeMemoryStream } from './memory-stream.ts'
import { context, makeSignedVote, makeViewCertificate, nowMs } from './network.ts'
import { drawMessage, topicNames } from './samples.ts'

const quiet = (): undefined => undefined
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
/** Time that stands still but for timers, which run at once: nothing here waits. */
const clock: Clock = {
  nowMs: () => nowMs as ReturnType<Clock['nowMs']>,
  monotonicMs: () => 0,
  setTimer: () => quiet,
}

const drops = listCodes<DropReason>({
  oversized: true,
  malformed: true,
  'no-handler': true,
  'handler-error': true,
  'low-score': true,
  'rate-limited': true,
  busy: true,
  'queue-full': true,
  'slow-reader': true,
  'slow-request': true,
  timeout: true,
  'stream-broken': true,
  'unexpected-answer': true,
  'source-error': true,
  'connections-per-host': true,
  'connections-per-peer': true,
  'connections-strangers': true,
  'gossip-lost': true,
  reported: true,
})

/** What the network counted and charged while one input went through it. */
function makeBooks() {
  const counted: string[] = []
  let points = 0
  const ledger = {
    penalize: (_peer: string, more: number) => {
      points += more
    },
    getPenalty: () => points,
    credit: quiet,
    getMember: quiet,
  } as unknown as PeerLedger
  const counters = {
    add: (name: string, label = '') => {
      if (name !== 'network-drops') return
      check((drops as readonly string[]).includes(label), `a drop has the label ${label}`)
      counted.push(label)
    },
    set: () => undefined,
    list: () => [],
  }
  return { ledger, counters, counted, getPoints: () => points }
}

/** A message behind its length; now and then a length that lies. */
function frame(prng: Prng, bytes: Uint8Array): Uint8Array {
  const length = prng.chance(960) ? bytes.length : prng.pick([0, 1, 127, 2 ** 20, 2 ** 28, 2 ** 31])
  return join(varint(length), bytes)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128)
  return Uint8Array.of(...bytes, left)
}

/** Cuts bytes into pieces, at places that the bytes themselves decide, so that a run repeats. */
function cut(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + (((bytes[at] ?? 0) * 7 + at) % 61)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** Complete frames of `bytes`, and what stops reading them: written from SPEC 10 alone. */
function readPlainly(bytes: Uint8Array, bytesMax: number) {
  const lengths: number[] = []
  for (let at = 0; at < bytes.length; ) {
    let length = 0
    let prefix = 0
    for (;;) {
      const byte = bytes[at + prefix]
      if (byte === undefined) return { lengths, end: 'cut' }
      length += (byte & 127) * 128 ** prefix
      prefix++
      if (byte < 128) break
      if (prefix >= 4) return { lengths, end: 'malformed' }
    }
    if (length > bytesMax) return { lengths, end: 'oversized' }
    at += prefix
    if (at + length > bytes.length) return { lengths, end: 'cut' }
    lengths.push(length)
    at += length
  }
  return { lengths, end: 'accepted' }
}

const FRAME_BYTES_MAX = 4096

/** Length-prefixed messages off a stream, in any pieces (SPEC 10), beside a second reader of them. */
export const frames: FuzzTarget = {
  name: 'frames',
  codes: ['oversized', 'malformed', 'cut'],
  share: 2,
  open: () => ({
    draw(prng) {
      const parts = Array.from({ length: prng.between(0, 6) }, () =>
        frame(prng, drawBytes(prng, prng.pick([0, 1, 2, 30, 127, 128, 300]))),
      )
      const bytes = join(...parts)
      return prng.chance(300) ? mutateBytes(prng, bytes) : bytes
    },
    async run(input) {
      const { stream } = makeMemoryStream(cut(input))
      const expected = readPlainly(input, FRAME_BYTES_MAX)
      const lengths: number[] = []
      let end = 'accepted'
      try {
        const signal = new AbortController().signal
        for await (const each of readFrames(stream, FRAME_BYTES_MAX, signal)) {
          check(each.length <= FRAME_BYTES_MAX, 'a frame above its bound')
          lengths.push(each.length)
        }
      } catch (error) {
        if (error instanceof Violation) throw error
        end = isViolation(error) ?? 'cut'
      }
      check(
        lengths.join() === expected.lengths.join(),
        `read ${lengths.join()} for ${expected.lengths.join()}`,
      )
      check(end === expected.end, `ended as ${end}, not as ${expected.end}`)
      return { code: end, trace: lengths.join() }
    },
  }),
}

const requestTypes = {
  attestations: attestationsRequestType,
  blocks: blocksRequestType,
  views: viewsRequestType,
  certificates: certificatesRequestType,
  state: stateRequestType,
  highest: highestRequestType,
} as const
const protocolNames = Object.keys(protocolSpecs) as ProtocolName[]

const heldState = fromHex(readVectors('states').states[0]?.ssz ?? '')
const heldVote = encode(signedVoteType, makeSignedVote(1, 0))
const heldCertificate = encode(viewCertificateType, makeViewCertificate(1, 12))

/** A store that has something for whoever asks. */
const source: NetworkSource = {
  getAttestation: (digest) => ((digest[0] ?? 0) < 128 ? heldVote : undefined),
  getBlock: (digest) => ((digest[0] ?? 0) < 128 ? heldState : undefined),
  listViewCertificates: (_epoch, from, to) => {
    check(to >= from && to - from < 256, 'asked the store for too many views')
    return [heldCertificate]
  },
  listCertificates: (from, count) => {
    check(count <= 256 && Number.isSafeInteger(from), 'asked the store for too many certificates')
    return from > 1000 ? [] : Array.from({ length: count }, () => heldCertificate)
  },
  getStateBytes: (root) => ((root[0] ?? 0) < 200 ? heldState : undefined),
  getHighest: () => ({
    certificate: heldCertificate,
    height: 4 as Height,
    round: 5 as Round,
    member: undefined,
    own: [heldVote],
  }),
}

/** Requests on every protocol, raw off the stream, to the server of a node. */
export const requests: FuzzTarget = {
  name: 'requests',
  codes: [...drops, 'broken'],
  share: 1.5,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, protocolNames.length - 1)
      const type = requestTypes[protocolNames[index] ?? 'views'] as never
      const valid = encode(type, drawWire(prng, type))
      const bytes = prng.chance(500) ? valid : mutateBytes(prng, valid)
      const whole = frame(prng, bytes)
      const input = prng.chance(150) ? mutateBytes(prng, whole) : whole
      return join(Uint8Array.of(index), input)
    },
    async run(input) {
      const name = protocolNames[(input[0] ?? 0) % protocolNames.length]
      if (name === undefined) throw new RangeError('there is no such protocol')
      const books = makeBooks()
      const { signal } = new AbortController()
      const isHeard = () => true
      const options = { source, isHeard, isTrusted: isHeard, clock, log, signal, ...books }
      const { stream, written, isAborted } = makeMemoryStream(cut(input.subarray(1)))
      await makeServer(options).serve(name, stream, makeConnection('peer'))
      const { answerBytesMax, answersMax } = protocolSpecs[name]
      check(written.length <= answersMax, `${written.length} messages in an answer`)
      for (const each of written) {
        check(each.length <= answerBytesMax + 4, `${each.length} bytes in one message`)
      }
      check(!books.counted.includes('source-error'), 'a request broke the store')
      const [drop] = books.counted
      const isCharged = books.getPoints() > 0
      check(isCharged === (drop === 'malformed' || drop === 'oversized'), `charged for ${drop}`)
      const code = drop ?? (isAborted() ? 'broken' : 'accepted')
      return { code, trace: `${name} ${written.length}` }
    },
  }),
}

/** The `direct` stream, from raw bytes to what is handed to validation. */
export const direct: FuzzTarget = {
  name: 'direct',
  codes: [...drops, 'broken'],
  share: 1,
  open: () => ({
    draw(prng) {
      const parts = Array.from({ length: prng.between(1, 4) }, () => {
        const topic = prng.between(0, 6)
        const data = drawMessage(prng, topicNames[topic] ?? 'vote', signCheaply)
        const bytes = encode(directMessageType, { topic, data })
        return frame(prng, prng.chance(100) ? mutateBytes(prng, bytes) : bytes)
      })
      const bytes = join(...parts)
      return prng.chance(150) ? mutateBytes(prng, bytes) : bytes
    },
    async run(input) {
      const books = makeBooks()
      const { signal } = new AbortController()
      const delivered: string[] = []
      const server = makeDirect({
        open: () => Promise.reject(new Error('nothing is sent')),
        deliver: ({ topic, shard, bytes, from, via }) => {
          check(from === 'peer' && via === 'direct' && shard === undefined, 'from somewhere else')
          check(bytes.length <= directBytesMax, 'more bytes than may come')
          delivered.push(`${topic}:${bytes.length}`)
          return 'accept'
        },
        isHeard: () => true,
        clock,
        signal,
        ...books,
      })
      const { stream, isAborted } = makeMemoryStream(cut(input))
      await server.serve(stream, makeConnection('peer'))
      const code = books.counted[0] ?? (isAborted() ? 'broken' : 'accepted')
      return { code, trace: delivered.join() }
    },
  }),
}

/** One peer that answers every question with the same messages. */
function makeOneAsker(messages: readonly Uint8Array[]): Asker & { readonly refused: () => number } {
  let refused = 0
  let questions = 0
  const ask: Asker['ask'] = async ({ take }) => {
    check(++questions < 1000, 'asks one peer without end')
    for (const message of messages) {
      if (take(message)) continue
      refused++
      return false
    }
    return true
  }
  return {
    refused: () => refused,
    rank: () => ['peer'],
    ask,
    async askUntil(peers, _isDone, makeQuestion, signal) {
      for (const peer of peers) await ask(makeQuestion(peer, signal))
    },
  }
}

const attestationSample = fromHex(
  readVectors('messages').messages.find(({ type }) => type === 'SignedAttestation')?.ssz ?? '',
)
const answerTypes = [signedAttestationType, viewCertificateType, stateChunkType, highestAnswerType]

/** What peers answer to what a node asks (SPEC 10, 11). */
export const answers: FuzzTarget = {
  name: 'answers',
  codes: ['unexpected-answer'],
  share: 1.5,
  open() {
    const { signal } = new AbortController()
    return {
      draw(prng) {
        const index = prng.between(0, 5)
        const parts = Array.from({ length: prng.between(0, 4) }, () => {
          const type = answerTypes[index] as never
          const valid =
            index === 0
              ? attestationSample
              : index > 3
                ? drawMessage(prng, 'proposal', signCheaply)
                : encode(type, changeWire(prng, type, drawWire(prng, type)))
          return join(varint(valid.length), prng.chance(500) ? mutateBytes(prng, valid) : valid)
        })
        return join(Uint8Array.of(index), ...parts)
      },
      async run(input) {
        const messages: Uint8Array[] = []
        const stream = makeMemoryStream(cut(input.subarray(1))).stream
        try {
          for await (const each of readFrames(stream, 65_536, signal)) messages.push(each)
        } catch (error) {
          // Frames have a target of their own; what came before the bad one is an answer too.
          check(error instanceof Error, 'threw what is no error')
        }
        const asker = makeOneAsker(messages)
        const fetcher = makeFetcher(context.networkId, asker)
        const epoch = 0 as Epoch
        const digests = [new Uint8Array(32).fill(3) as Digest]
        const index = (input[0] ?? 0) % 6
        const found = await [
          () => fetcher.fetchAttestations(digests, undefined, signal),
          () => fetcher.fetchViews(epoch, 0 as View, 5 as View, signal),
          () => fetcher.fetchState(digests[0] as Digest, signal),
          () => fetcher.fetchHighest(epoch, signal),
          () => fetcher.fetchBlocks(digests, undefined, signal),
          () => fetcher.fetchCertificates(1 as Height, 300, signal),
        ][index]?.()
        const code = asker.refused() > 0 ? 'unexpected-answer' : 'accepted'
        const bytes = JSON.stringify(found, (_, value: unknown) =>
          value instanceof Uint8Array ? value.length : value,
        )
        return { code, trace: `${index} ${bytes ?? 'nothing'}` }
      },
    }
  },
}
