import type { Clock } from '../ports.ts'

/** Who to keep connected, and how. */
export interface RedialOptions {
  /** Peers to stay connected to. */
  readonly peers: readonly string[]
  readonly isConnected: (peer: string) => boolean
  /** Tries to connect once; rejects when it cannot. */
  readonly dial: (peer: string, signal: AbortSignal) => Promise<unknown>
  readonly clock: Clock
  /** A number from 0 to 1: keeps peers from dialling in step. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/** Keeps configured peers connected. */
export interface Redialer {
  /** Dials all that are not connected. */
  start(): void
  /** A peer was lost: dial it again at once. */
  onDisconnected(peer: string): void
}

/**
 * A peer that comes back is noticed within a second: one dial costs a handful of packets, and a
 * committee waits for each of its members.
 */
const FIRST_MS = 100
const LAST_MS = 1000

/**
 * libp2p's own reconnection gives up after some tries and never retries a first dial that failed;
 * committee peers are needed for ever, and start in any order.
 */
export function makeRedialer(options: RedialOptions): Redialer {
  const { isConnected, dial, clock, random, signal } = options
  const peers = new Set(options.peers)
  const busy = new Set<string>()

  const attempt = (peer: string, delayMs: number) => {
    if (signal.aborted || isConnected(peer)) {
      busy.delete(peer)
      return
    }
    dial(peer, signal).then(
      () => {
        busy.delete(peer)
        // It may have gone again before this ran, when `busy` still kept its loss from being heard.
        if (!isConnected(peer)) begin(peer)
      },
      () => {
        const jittered = delayMs * (0.75 + random() / 4)
        const cancel = clock.setTimer(jittered, () => {
          signal.removeEventListener('abort', cancel)
          attempt(peer, Math.min(LAST_MS, delayMs * 2))
        })
        signal.addEventListener('abort', cancel, { once: true })
      },
    )
  }
  const begin = (peer: string) => {
    if (busy.has(peer) || signal.aborted) return
    busy.add(peer)
    attempt(peer, FIRST_MS)
  }
  return {
    start() {
      for (const peer of peers) begin(peer)
    },
    onDisconnected(peer) {
      if (peers.has(peer)) begin(peer)
    },
  }
}
