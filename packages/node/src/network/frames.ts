import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { decode, encode, type LengthDecoderFunction } from 'it-length-prefixed'
import { raceAbort } from './timing.ts'

/** Bytes off a libp2p stream; a list of pieces, or one. */
type Chunk = Exclude<StreamMessageEvent['data'], undefined>

const PAUSE_BYTES = 65_536
/** Bytes of the longest length prefix: no bound here needs more than 2^28. */
const LENGTH_BYTES_MAX = 4

/**
 * An unsigned varint of at most {@link LENGTH_BYTES_MAX} bytes. (The library's own takes longer ones
 * where they arrive in one piece, so that what a stream says would depend on how it was cut.)
 *
 * @returns a negative length where the prefix is too long, which the library refuses
 * @throws RangeError while there is more of it to come
 */
const decodeLength: LengthDecoderFunction = Object.assign(
  (data: Parameters<LengthDecoderFunction>[0]): number => {
    let length = 0
    for (let at = 0; at < LENGTH_BYTES_MAX; at++) {
      const byte = 'get' in data ? (at < data.byteLength ? data.get(at) : undefined) : data[at]
      if (byte === undefined) throw new RangeError('the length is not complete')
      length += (byte & 0x7f) * 128 ** at
      if (byte < 0x80) {
        decodeLength.bytes = at + 1
        return length
      }
    }
    return -1
  },
  { bytes: 0 },
)

function isEnded(stream: Stream): boolean {
  return stream.remoteWriteStatus !== 'writable' || stream.status !== 'open'
}

/**
 * What arrives on a stream, no faster than it is consumed: the stream pauses while more than 64 KiB
 * wait, so that the peer's window closes. (The stream's own async iterator buffers without bound.)
 *
 * @throws the reason of `signal`, or why the stream broke
 */
async function* readChunks(stream: Stream, signal: AbortSignal): AsyncGenerator<Chunk> {
  const chunks: Chunk[] = []
  let waitingBytes = 0
  let fault: Error | undefined
  let wake = Promise.withResolvers<void>()

  const onMessage = (event: StreamMessageEvent) => {
    chunks.push(event.data)
    waitingBytes += event.data.byteLength
    if (waitingBytes > PAUSE_BYTES && stream.readStatus === 'readable') stream.pause()
    wake.resolve()
  }
  const onClose = (event: StreamCloseEvent) => {
    fault = event.error
    wake.resolve()
  }
  const onRemoteCloseWrite = () => wake.resolve()
  if (stream.status === 'aborted' || stream.status === 'reset')
    throw new Error(`stream was ${stream.status}`)
  stream.addEventListener('message', onMessage)
  stream.addEventListener('close', onClose)
  stream.addEventListener('remoteCloseWrite', onRemoteCloseWrite)
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk !== undefined) {
        waitingBytes -= chunk.byteLength
        yield chunk
        continue
      }
      if (fault !== undefined) throw fault
      wake = Promise.withResolvers()
      if (stream.readStatus === 'paused') stream.resume()
      if (chunks.length > 0) continue
      if (isEnded(stream) && stream.readBufferLength === 0) return
      await raceAbort(wake.promise, signal)
    }
  } finally {
    stream.removeEventListener('message', onMessage)
    stream.removeEventListener('close', onClose)
    stream.removeEventListener('remoteCloseWrite', onRemoteCloseWrite)
  }
}

/**
 * Length-prefixed messages of a stream (SPEC 10), with back-pressure. A prefix above `bytesMax` ends
 * it before anything of that message is kept.
 *
 * @param bytesMax most bytes of one message
 * @throws what {@link isViolation} tells apart: a peer's fault, or a stream that broke or was aborted
 */
export async function* readFrames(
  stream: Stream,
  bytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let isWithin = false
  const frames = decode(readChunks(stream, signal), {
    maxDataLength: bytesMax,
    maxLengthLength: LENGTH_BYTES_MAX,
    lengthDecoder: decodeLength,
    onLength: () => {
      isWithin = true
    },
    onData: () => {
      isWithin = false
    },
  })
  // One contiguous copy, since decoders take bytes and the pieces belong to libp2p.
  for await (const frame of frames) yield frame.slice()
  // The library calls it an end where nothing at all follows a length.
  if (isWithin) throw new Error('the stream ended before a message that it announced')
}

/** Whether reading failed because of what the peer sent, and which way; else `undefined`. */
export function isViolation(error: unknown): 'oversized' | 'malformed' | undefined {
  if (!(error instanceof Error)) return undefined
  switch (error.name) {
    case 'InvalidDataLengthError':
      return 'oversized'
    case 'InvalidDataLengthLengthError':
    case 'InvalidMessageLengthError':
      return 'malformed'
    default:
      return undefined
  }
}

/** Waits until the stream takes more. (Its own `onDrain` never waits again after the first time.) */
async function waitForDrain(stream: Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onDrain = () => resolve()
  const onClose = (event: StreamCloseEvent) =>
    reject(event.error ?? new Error('stream closed before it was written'))
  stream.addEventListener('drain', onDrain)
  stream.addEventListener('close', onClose)
  try {
    if (!stream.writableNeedsDrain) return
    if (stream.status !== 'open') throw new Error(`stream is ${stream.status}`)
    await raceAbort(promise, signal)
  } finally {
    stream.removeEventListener('drain', onDrain)
    stream.removeEventListener('close', onClose)
  }
}

/**
 * Writes one length-prefixed message and waits until the peer has room for more.
 *
 * @throws the reason of `signal`, or why the stream broke
 */
export async function writeFrame(
  stream: Stream,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  if (!stream.send(encode.single(bytes))) await waitForDrain(stream, signal)
}
