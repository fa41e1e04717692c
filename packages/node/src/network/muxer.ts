import { makeBoundedMuxer } from '@watchfire/probes/muxer'

/** A node opens one stream for gossip, one for `direct`, one per request. */
const STREAMS_MAX = 48

/** Yamux with the bounds of a monitor's connection to a peer. */
export function makeMuxer(): ReturnType<typeof makeBoundedMuxer> {
  return makeBoundedMuxer({
    inboundStreamsMax: STREAMS_MAX,
    outboundStreamsMax: STREAMS_MAX * 2,
    windowBytesMax: 1_048_576,
    readBytesMax: 4_194_304,
    writeBytesMax: 16_777_216,
  })
}
