import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { decode, encode } from 'it-length-prefixed'
import { raceAbort } from './timing.ts'

/** Bytes off a libp2p stream; a list of pieces, or one. */
type Chunk = Exclude<StreamMessageEvent['data'], undefined>

const PAUSE_BYTES = 65_536
/** Bytes of the longest length prefix: no bound here needs more than 2^28. */
const LENGTH_BYTES_MAX = 4

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
  const frames = decode(readChunks(stream, signal), {
    maxDataLength: bytesMax,
    maxLengthLength: LENGTH_BYTES_MAX,
  })
  // One contiguous copy, since decoders take bytes and the pieces belong to libp2p.
  for await (const frame of frames) yield frame.slice()
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
