import type { Socket } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { identify } from '@libp2p/identify'
import {
  type AbortOptions,
  type ComponentLogger,
  type Connection,
  type DialTransportOptions,
  type IdentifyResult,
  type Transport,
  transportSymbol,
} from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { AbstractMultiaddrConnection, ipPortToMultiaddr } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { makeBoundedMuxer } from './bounded-muxer.ts'
import type { CountedStream } from './counted-stream.ts'

/** What libp2p may keep of one peer. */
const WINDOW_BYTES_MAX = 262_144
const STREAMS_MAX = 8

/** One peer, over one connection. */
export interface Libp2pSession {
  /** Whom the handshake proved it to be. */
  readonly peerId: string
  identify(options: Required<AbortOptions>): Promise<IdentifyResult>
  ping(options: Required<AbortOptions>): Promise<unknown>
}

/** A connection as libp2p wants it, over the stream on which bytes are counted. */
class CheckedConnection extends AbstractMultiaddrConnection {
  readonly #stream: CountedStream['stream']

  constructor(
    { stream }: CountedStream,
    remoteAddr: Multiaddr,
    log: ReturnType<ComponentLogger['forComponent']>,
  ) {
    super({ remoteAddr, direction: 'outbound', log })
    this.#stream = stream
    stream
      .on('data', (chunk: Buffer) => this.onData(chunk))
      .on('error', (error) => this.abort(error))
      .on('close', () => this.onTransportClosed())
      .on('drain', () => this.safeDispatchEvent('drain'))
  }

  override sendData(data: Iterable<Uint8Array>): { sentBytes: number; canSendMore: boolean } {
    let sentBytes = 0
    let canSendMore = true
    for (const bytes of data) {
      sentBytes += bytes.byteLength
      canSendMore = this.#stream.write(bytes)
      if (!canSendMore) break
    }
    return { sentBytes, canSendMore }
  }

  override async sendClose(): Promise<void> {
    this.#stream.destroy()
  }

  override sendReset(): void {
    this.#stream.destroy()
  }

  override sendPause(): void {
    this.#stream.pause()
  }

  override sendResume(): void {
    this.#stream.resume()
  }
}

/** Dials nothing by itself: whatever address is named, it hands over the checked connection. */
function makeTransport(counted: CountedStream) {
  return (components: { logger: ComponentLogger }): Transport => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'checked-connection',
    dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
      const log = components.logger.forComponent('libp2p:checked')
      const connection = new CheckedConnection(counted, address, log)
      return options.upgrader.upgradeOutbound(connection, options)
    },
    createListener() {
      throw new Error('a probe does not listen')
    },
    listenFilter: () => [],
    dialFilter: (addresses) => addresses,
  })
}

/**
 * Shakes hands with a libp2p peer on an open connection (Noise, then Yamux), uses it, and lets go of
 * it. The peer sees a client with a key of its own, made for this one time.
 *
 * @throws whatever libp2p does
 */
export async function withLibp2pSession<T>(
  socket: Socket,
  counted: CountedStream,
  options: Required<AbortOptions>,
  use: (session: Libp2pSession) => Promise<T>,
): Promise<T> {
  const place = ipPortToMultiaddr(socket.remoteAddress ?? '', socket.remotePort ?? 0)
  const node = await createLibp2p({
    nodeInfo: { name: 'watchfire', version: '1', userAgent: 'watchfire' },
    addresses: { listen: [] },
    transports: [makeTransport(counted)],
    connectionEncrypters: [noise()],
    streamMuxers: [
      makeBoundedMuxer({
        inboundStreamsMax: STREAMS_MAX,
        outboundStreamsMax: STREAMS_MAX,
        windowBytesMax: WINDOW_BYTES_MAX,
        readBytesMax: 2 * WINDOW_BYTES_MAX,
        writeBytesMax: 2 * WINDOW_BYTES_MAX,
      }),
    ],
    connectionMonitor: { enabled: false },
    connectionManager: { maxParallelDials: 1, reconnectRetries: 0 },
    services: { identify: identify({ runOnConnectionOpen: false }), ping: ping() },
  })
  try {
    const connection = await node.dial(place, options)
    return await use({
      peerId: connection.remotePeer.toString(),
      identify: (given) => node.services.identify.identify(connection, given),
      ping: (given) => node.services.ping.ping(connection.remotePeer, given),
    })
  } finally {
    await node.stop()
  }
}
