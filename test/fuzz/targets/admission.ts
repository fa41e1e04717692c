import {
  areEqual,
  decode,
  encode,
  toHex,
  type UnixMs,
  type Verify,
  verifySignature,
  type View,
  checkEvidence,
  type SignatureCheck,
  toSignatureCheck,
} from '@watchfire/attestation'
import {
  type Admission,
  type AdmissionCode,
  admit,
  makeAdmission,
  setAdmissionWindow,
  type TopicName,
} from '@watchfire/consensus'
import { makeFastVerify } from '../../../packages/node/src/loop/fast-verify.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { drawBytes, join } from '../mutate-bytes.ts'
import { check, type FuzzTarget, listCodes, type Outcome } from '../target.ts'
import { type Sign, signCheaply, verifyCheaply } from './cheap-signatures.ts'
import { context, nextContext, nowMs, signTruly } from './network.ts'
import { drawMessage, getTopicType, topicNames } from './samples.ts'

const codes = listCodes<Exclude<AdmissionCode, 'internal'>>({
  'too-large': true,
  malformed: true,
  'epoch-above': true,
  'epoch-below': true,
  'epoch-unknown': true,
  'unknown-member': true,
  'wrong-shard': true,
  'bad-observations': true,
  early: true,
  'far-future': true,
  'too-old': true,
  seen: true,
  equivocation: true,
  'already-accused': true,
  'bad-signature': true,
  deferred: true,
  'bad-kind': true,
  'settled-view': true,
  'view-too-far': true,
  'not-leader': true,
  'wrong-body': true,
  'bad-certificate': true,
  'bad-evidence': true,
  'clock-too-far': true,
  'bad-text': true,
})

/** Each message of an input: how it comes, then its length and bytes. */
const HEAD_BYTES = 9
const MESSAGES_MAX = 6
const MOVES_WINDOW = 0x80
const DEFERS = 0x40
const IS_WANTED = 0x20

/** One message on its way in, with what admission is told about it. */
interface Arrival {
  readonly topic: TopicName
  readonly shard: number | undefined
  readonly atMs: UnixMs
  readonly movesWindow: boolean
  readonly defers: boolean
  readonly isWanted: boolean
  readonly finalView: View
  readonly bytes: Uint8Array
}

function readArrivals(input: Uint8Array): Arrival[] {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
  const arrivals: Arrival[] = []
  for (let at = 0; at + HEAD_BYTES <= input.length && arrivals.length < MESSAGES_MAX; ) {
    const topic = topicNames[view.getUint8(at) % topicNames.length]
    if (topic === undefined) throw new RangeError('there is no such topic')
    const shard = view.getUint8(at + 1)
    const flags = view.getUint8(at + 4)
    const length = view.getUint32(at + 5, true)
    const start = at + HEAD_BYTES
    at = start + Math.min(length, input.length - start)
    arrivals.push({
      topic,
      shard: shard > 3 ? undefined : shard,
      atMs: (nowMs + view.getInt16(start - 7, true) * 100) as UnixMs,
      movesWindow: (flags & MOVES_WINDOW) !== 0,
      defers: (flags & DEFERS) !== 0,
      isWanted: (flags & IS_WANTED) !== 0,
      finalView: (flags & 15) as View,
      bytes: Uint8Array.from(input.subarray(start, at)),
    })
  }
  return arrivals
}

function drawArrivals(prng: Prng, sign: Sign): Uint8Array {
  const parts: Uint8Array[] = []
  const focus = prng.between(0, topicNames.length - 1)
  for (let left = prng.between(1, MESSAGES_MAX); left > 0; left--) {
    // Messages of one topic meet each other; those of several do not.
    const index = prng.chance(700) ? focus : prng.between(0, topicNames.length - 1)
    const bytes = drawMessage(prng, topicNames[index] ?? 'vote', sign)
    const head = new DataView(new ArrayBuffer(HEAD_BYTES))
    head.setUint8(0, prng.chance(20) ? prng.next() & 255 : index)
    head.setUint8(1, prng.chance(850) ? 255 : prng.between(0, 3))
    head.setInt16(
      2,
      prng.chance(800) ? prng.between(-20, 20) : (prng.next() & 0xffff) - 0x8000,
      true,
    )
    head.setUint8(4, prng.chance(800) ? 0 : prng.next() & 255)
    head.setUint32(5, bytes.length, true)
    parts.push(new Uint8Array(head.buffer), bytes)
  }
  if (prng.chance(10)) parts.push(drawBytes(prng, prng.between(0, 40)))
  return join(...parts)
}

function makeTarget(name: string, share: number, sign: Sign, verify: Verify): FuzzTarget {
  const decide = toSignatureCheck(verify)
  return {
    name,
    codes,
    share,
    open: () => ({
      draw: (prng) => drawArrivals(prng, sign),
      run: (input) => admitAll(readArrivals(input), decide),
    }),
  }
}

/** Messages of strangers to one admission, one after the other. The last one's code counts. */
function admitAll(arrivals: readonly Arrival[], decide: SignatureCheck): Outcome {
  const admission = makeAdmission({
    networkId: context.networkId,
    epochs: [context, nextContext],
  })
  const trace: string[] = []
  let finalView = 0 as View
  for (const arrival of arrivals) {
    if (arrival.movesWindow && arrival.finalView > finalView) finalView = arrival.finalView
    trace.push(admitOne(admission, arrival, finalView, decide))
  }
  return { code: trace.at(-1)?.split(' ')[0] ?? 'malformed', trace: trace.join(', ') }
}

function admitOne(
  admission: Admission,
  arrival: Arrival,
  finalView: View,
  decide: SignatureCheck,
): string {
  const { topic, shard, atMs, bytes } = arrival
  const received = Uint8Array.from(bytes)
  const judge = (): ReturnType<typeof admit> =>
    admit(admission, topic, shard, bytes, atMs, arrival.defers ? () => 'deferred' : decide)
  const window = {
    epoch: context.epoch,
    finalView,
    view: 10 as View,
    wanted: new Set<string>(),
    getHeldHeader: () => undefined,
  }
  setAdmissionWindow(admission, window)
  let result = judge()
  if (result.action === 'accept' && arrival.isWanted && result.digest !== undefined) {
    // A block names it: it may come again, and is no more than itself then.
    setAdmissionWindow(admission, { ...window, wanted: new Set([toHex(result.digest)]) })
    result = judge()
    setAdmissionWindow(admission, window)
  }
  check(areEqual(received, bytes), 'admission changed the bytes it was given')
  if (result.evidence !== undefined) {
    const proof = checkEvidence(context, result.evidence, decide)
    check(proof !== 'deferred' && proof.ok, 'evidence that admission made proves nothing')
  }
  if (result.action !== 'accept') {
    check(result.code !== 'internal', `admission threw: ${result.detail ?? ''}`)
    return `${result.code} ${result.action} ${result.evidence === undefined ? '' : 'evidence'}`
  }
  check(!arrival.defers, 'accepted although no signature was decided')
  check(result.input.kind === topic, `a ${topic} came out as ${result.input.kind}`)
  const type = getTopicType(topic)
  check(areEqual(encode(type, result.input.message), received), 'accepted is not what came')
  // Bytes are not kept: what comes to be evidence later must not rest on the caller's buffer.
  bytes.fill(0xa5)
  const decoded = decode(type, received)
  check(decoded.ok, 'accepted bytes decode only once')
  const again = admit(admission, topic, shard, received, atMs, decide)
  check(again.action !== 'accept', 'the same message was admitted twice')
  return `accepted ${again.code}`
}

/** SPEC 8 with signatures that cost nothing, so that everything behind them is reached often. */
export const admission = makeTarget('admission', 6, signCheaply, verifyCheaply)

const fast = makeFastVerify()
/** SPEC 8 with Ed25519 as nodes check it: OpenSSL where it accepts, noble where it does not. */
export const admissionReal = makeTarget(
  'admission-ed25519',
  0.12,
  signTruly,
  (...signed) => fast(...signed) || verifySignature(...signed),
)
