import { yamux } from '@chainsafe/libp2p-yamux'
import { toError } from './timing.ts'

/**
 * A window is 256 KiB at least, so this bounds what one connection's streams can make us hold: a
 * node opens one stream for gossip, one for `direct`, one per request.
 */
const STREAMS_MAX = 48
const STREAM_WINDOW_MAX = 1_048_576
const STREAM_BUFFER_MAX = 4_194_304
const WRITE_BUFFER_MAX = 16_777_216

/**
 * Yamux with bounds: a peer can make us hold a window of each stream, and no more. (The library lets
 * a window grow to 16 MiB.)
 */
export function makeMuxer(): ReturnType<typeof yamux> {
  const make = yamux({
    maxInboundStreams: STREAMS_MAX,
    maxOutboundStreams: STREAMS_MAX * 2,
    streamOptions: {
      maxStreamWindowSize: STREAM_WINDOW_MAX,
      maxReadBufferLength: STREAM_BUFFER_MAX,
      maxWriteBufferLength: WRITE_BUFFER_MAX,
    },
  })
  return () => {
    const factory = make()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => holdThrows(createStreamMuxer(connection))
    return factory
  }
}

type Yamux = ReturnType<ReturnType<ReturnType<typeof yamux>>['createStreamMuxer']>

/**
 * The library announces a new stream in a microtask of its own. Where the connection has closed since,
 * that throws with nobody to catch it, and would end the process: whoever resets a connection at the
 * right moment could stop a node. The stream ends instead, as any does whose connection has closed.
 */
function holdThrows(muxer: Yamux): Yamux {
  const onCreateStream = muxer.onCreateStream.bind(muxer)
  muxer.onCreateStream = () => {
    const stream = onCreateStream()
    const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
    stream.sendWindowUpdate = () => {
      try {
        sendWindowUpdate()
      } catch (error) {
        stream.abort(toError(error))
      }
    }
    return stream
  }
  return muxer
}
