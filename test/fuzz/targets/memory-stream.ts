import type { Connection, Stream } from '@libp2p/interface'

/** A stream's end in memory, of which the peer's bytes are all known beforehand. */
export interface MemoryStream {
  readonly stream: Stream
  /** What was written to the peer. */
  readonly written: readonly Uint8Array[]
  readonly isAborted: () => boolean
}

/**
 * The part of a libp2p stream that ours reads and writes: chunks come as events while it is not
 * paused, then the peer closes its half.
 */
export function makeMemoryStream(chunks: readonly Uint8Array[]): MemoryStream {
  const events = new EventTarget()
  const waiting = [...chunks]
  const written: Uint8Array[] = []
  const state = { status: 'open', remoteWriteStatus: 'writable', readStatus: 'readable' }
  let isScheduled = false

  const emit = (type: string, fields: object) => {
    events.dispatchEvent(Object.assign(new Event(type), fields))
  }
  const deliver = () => {
    isScheduled = false
    if (state.status !== 'open' || state.readStatus !== 'readable') return
    const chunk = waiting.shift()
    if (chunk === undefined) {
      state.remoteWriteStatus = 'closed'
      emit('remoteCloseWrite', {})
      return
    }
    emit('message', { data: chunk })
    schedule()
  }
  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    queueMicrotask(deliver)
  }

  const stream = {
    get status() {
      return state.status
    },
    get remoteWriteStatus() {
      return state.remoteWriteStatus
    },
    get readStatus() {
      return state.readStatus
    },
    get readBufferLength() {
      return state.remoteWriteStatus === 'closed' ? 0 : waiting.length
    },
    writableNeedsDrain: false,
    pause() {
      state.readStatus = 'paused'
    },
    resume() {
      state.readStatus = 'readable'
      schedule()
    },
    send(bytes: { subarray(): Uint8Array }) {
      written.push(bytes.subarray())
      return true
    },
    async close() {
      state.status = 'closed'
    },
    abort(error: Error) {
      if (state.status !== 'open') return
      state.status = 'aborted'
      emit('close', { error })
    },
    addEventListener(type: string, listener: (event: Event) => void) {
      events.addEventListener(type, listener)
      if (type === 'message') schedule()
    },
    removeEventListener: events.removeEventListener.bind(events),
  }
  return {
    stream: stream as unknown as Stream,
    written,
    isAborted: () => state.status === 'aborted',
  }
}

/** A connection that is no more than the peer at its other end. */
export function makeConnection(peer: string): Connection {
  return { remotePeer: { toString: () => peer } } as unknown as Connection
}
