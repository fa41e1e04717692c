import {
  type CertificateFileCode,
  type EvidenceFileCode,
  certificateFileType,
  certificateType,
  decode,
  encode,
  makeProof,
  type TargetId,
  type TargetIndex,
  targetStateType,
  toHex,
  type Verify,
} from '@watchfire/attestation'
import { type FeedFaultCode, fetchEvidence, fetchLatest, fetchProof } from '@watchfire/light-client'
import { readFeedEvents } from '../../../packages/light-client/src/feed-events.ts'
import { makeFile } from '../../../packages/attestation/test/support/certificate-fixture.ts'
import { makeFastVerify } from '../../../packages/node/src/loop/fast-verify.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { getContext } from '../../vectors/networks.ts'
import { readVectors } from '../../vectors/committed-vectors.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { check, type FuzzTarget, listCodes, type Outcome } from '../target.ts'
import { toUtf8 } from '../text.ts'
import { verifyCheaply } from './cheap-signatures.ts'

const codes = listCodes<FeedFaultCode>({
  ...({
    malformed: true,
    'wrong-network': true,
    'unknown-epoch': true,
    'bad-handover': true,
    'wrong-committee': true,
    'broken-chain': true,
    'unknown-member': true,
    'unordered-signatures': true,
    'insufficient-weight': true,
    'bad-signature': true,
    'bad-round': true,
    'wrong-state': true,
  } satisfies Record<CertificateFileCode, true>),
  ...({
    malformed: true,
    'wrong-network': true,
    'unknown-epoch': true,
    'bad-handover': true,
    'wrong-epoch': true,
    'unknown-member': true,
    'different-places': true,
    'bad-vote': true,
    'no-conflict': true,
    'unordered-pair': true,
    'bad-signature': true,
  } satisfies Record<EvidenceFileCode, true>),
  unreachable: true,
  refused: true,
  'bad-answer': true,
  'too-large': true,
  silent: true,
  'went-back': true,
  'bad-proof': true,
  'unknown-target': true,
  'unknown-group': true,
  'old-handover': true,
  'conflicting-certificates': true,
})

const context = getContext('main')
const file = makeFile(context)
const files = [
  file,
  ...readVectors('certificates').files.map(({ file: hex }) =>
    Uint8Array.from(Buffer.from(hex, 'hex')),
  ),
].filter(({ length }) => length < 6000)
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** An answer of a server in pieces, its status in the first byte of an input. */
function makeFetch(input: Uint8Array, type: string): () => Promise<Response> {
  const status = (input[0] ?? 0) < 230 ? 200 : 400 + (input[0] ?? 0)
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let at = 1; at < input.length; ) {
    const length = 1 + (((input[at] ?? 0) * 13 + at) % 701)
    pieces.push(Uint8Array.from(input.subarray(at, at + length)))
    at += length
  }
  return async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
    })
    return new Response(body, { status: Math.min(599, status), headers: { 'content-type': type } })
  }
}

function drawEvent(prng: Prng): string {
  const certificate: JsonValue = { height: 7, file: toBase64(prng.pick(files)) }
  const agreement: JsonValue = { agreement: { status: 'stalled', words: 'too few are heard' } }
  const [event, value] = prng.chance(500)
    ? (['certificate', certificate] as const)
    : (['agreement', agreement] as const)
  const data = JSON.stringify(prng.chance(300) ? mutateJson(prng, value) : value)
  const lines = [`event: ${event}`, `id: ${prng.between(0, 9)}`, `data: ${data}`]
  if (prng.chance(100)) lines.push('retry: 1e9', ': comment', 'nonsense', 'data')
  return `${lines.join(prng.pick(['\n', '\r\n', '\r']))}\n\n`
}

/** Bytes of an event that a reader takes; small here, so that the bound is met. */
const FILE_BYTES_MAX = 8000

/** A server's event stream, raw (SPEC 12). */
export const feedEvents: FuzzTarget = {
  name: 'feed-events',
  codes,
  share: 1,
  open: () => ({
    draw(prng) {
      const events = Array.from({ length: prng.between(0, 4) }, () => drawEvent(prng))
      const bytes = toUtf8((prng.chance(20) ? '\ufeff' : '') + events.join(''))
      const changed = prng.chance(250) ? mutateBytes(prng, bytes) : bytes
      const long = prng.chance(20) ? toUtf8(`data: ${'x'.repeat(40_000)}`) : toUtf8('')
      return join(Uint8Array.of(prng.chance(950) ? 0 : prng.next() & 255), changed, long)
    },
    async run(input): Promise<Outcome> {
      const fetch = makeFetch(input, 'text/event-stream')
      const { signal } = new AbortController()
      const seen: string[] = []
      let end: string | undefined
      for await (const item of readFeedEvents(fetch, 'http://feed', 3, signal, FILE_BYTES_MAX)) {
        check(end === undefined, 'something came after the fault')
        if (item.type === 'fault') {
          end = item.code
          check(item.detail.length < 1000, 'a detail without bound')
        } else if (item.type === 'certificate') {
          check(item.bytes.length <= FILE_BYTES_MAX + 16_384, 'a file above the bound')
        } else if (item.type === 'agreement') {
          check(item.words.length <= 500 && item.status.length <= 32, 'words without bound')
        }
        seen.push(item.type)
      }
      check(end !== undefined, 'a stream ended without a fault')
      return { code: end, trace: seen.join() }
    },
  }),
}

const clock = {
  nowMs: () => context.parameters.originMs as never,
  monotonicMs: () => 0,
  setTimer: () => () => undefined,
}

/** What a server answers that proves the first target of {@link file}. */
function makeProofJson(): JsonValue {
  const decoded = decode(certificateFileType, file)
  check(decoded.ok, 'the sample file does not decode')
  const { certificate, state } = decoded.value
  const [leaf] = state.targets
  check(leaf !== undefined, 'the sample file has no target')
  return {
    certificate: toBase64(encode(certificateType, certificate)),
    leaf: toBase64(encode(targetStateType, leaf)),
    branch: makeProof(state, 0 as TargetIndex).map((sibling) => toHex(sibling)),
  }
}

/** A first byte that asks for evidence: its answer's status is 200, as is that of 0 and 1. */
const ASKS_EVIDENCE = 2

const evidenceFiles = readVectors('evidence').files.map(({ file: hex }) =>
  Uint8Array.from(Buffer.from(hex, 'hex')),
)

function drawEvidence(prng: Prng): JsonValue {
  const evidence = Array.from(
    { length: prng.between(0, 2) },
    (): JsonValue => ({
      file: toBase64(prng.pick(evidenceFiles)),
    }),
  )
  const list: JsonValue = { evidence, next: prng.chance(100) ? 'more' : null }
  return prng.chance(300) ? mutateJson(prng, list) : list
}

/** A server's certificate file, proof and evidence (SPEC 7.10, 9.2, 9.6), from bytes to what a reader believes. */
export const feedAnswers: FuzzTarget = {
  name: 'feed-answers',
  codes,
  share: 1,
  open() {
    const target = context.targetIds[0] as TargetId
    const proof = makeProofJson()
    const fast = makeFastVerify()
    // What is not signed at all is refused without the slow check, which has targets of its own.
    const verify: Verify = (...signed) => verifyCheaply(...signed) || fast(...signed)
    return {
      draw(prng) {
        const status = prng.chance(950)
          ? prng.pick([0, 1, ASKS_EVIDENCE])
          : 230 + prng.between(0, 25)
        const isProof = status % 2 === 1
        const valid =
          status === ASKS_EVIDENCE
            ? toUtf8(JSON.stringify(drawEvidence(prng)))
            : isProof
              ? toUtf8(JSON.stringify(prng.chance(500) ? mutateJson(prng, proof) : proof))
              : prng.pick(files)
        const bytes = prng.chance(600) ? mutateBytes(prng, valid) : valid
        return join(Uint8Array.of(status), bytes)
      },
      async run(input): Promise<Outcome> {
        const options = {
          fetch: makeFetch(input, 'application/json'),
          verify,
          clock,
        }
        if (input[0] === ASKS_EVIDENCE) {
          const evidence = await fetchEvidence('http://feed', context, options)
          if (evidence.ok) return { code: 'accepted', trace: String(evidence.value.length) }
          check(evidence.detail.length < 1000, 'a detail without bound')
          return { code: evidence.code, trace: evidence.detail }
        }
        const isProof = (input[0] ?? 0) % 2 === 1
        const read = isProof
          ? await fetchProof('http://feed', context, target, options as never)
          : await fetchLatest('http://feed', context, options as never)
        if (read.ok) return { code: 'accepted', trace: String(read.value.height) }
        check(read.detail.length < 1000, 'a detail without bound')
        return { code: read.code, trace: read.detail }
      },
    }
  },
}
