import { yamux } from '@chainsafe/libp2p-yamux'

/** What one connection's streams may make us hold. */
export interface MuxerBounds {
  readonly inboundStreamsMax: number
  readonly outboundStreamsMax: number
  /** A window is 256 KiB at least; the library would let it grow to 16 MiB. */
  readonly windowBytesMax: number
  readonly readBytesMax: number
  readonly writeBytesMax: number
}

/**
 * Yamux that bounds what a peer can make us hold, and that no peer can make throw where nobody
 * catches it. For monitors' own connections as for probes.
 */
export function makeBoundedMuxer(bounds: MuxerBounds): ReturnType<typeof yamux> {
  const make = yamux({
    maxInboundStreams: bounds.inboundStreamsMax,
    maxOutboundStreams: bounds.outboundStreamsMax,
    streamOptions: {
      maxStreamWindowSize: bounds.windowBytesMax,
      maxReadBufferLength: bounds.readBytesMax,
      maxWriteBufferLength: bounds.writeBytesMax,
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
        stream.abort(error instanceof Error ? error : new Error(String(error)))
      }
    }
    return stream
  }
  return muxer
}
