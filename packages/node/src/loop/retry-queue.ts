import type { InboundMessage } from '../ports.ts'

// gossipsub marks a message seen before its validator runs and delivers it once in two minutes, so
// what is refused only for now is kept here and tried again (SPEC 8: [QUEUE]).

/** Messages kept, bytes kept, and messages of one peer kept, of each of the two shares. */
const messagesMax = 2048
const bytesMax = 33_554_432
const perPeerMax = 256
/** After this long nobody waits for it any more; repeats and fetches bring what still matters. */
const ageMsMax = 60_000
/** When no time is named: doubled with each try, since who waits for a slow check is most likely forged. */
const retryMs = 250
const retryMsMax = 8000
/** Given back at once: each costs a judgement, and what comes fresh must not wait behind them. */
const dueMax = 64

/** What became of a message that cannot be judged yet. */
export type Queued = 'kept' | 'full'

export interface RetryQueue {
  readonly size: number
  /**
   * @param isSigned whether a member's signature was seen to hold. What is not known to be signed has a
   *   share of its own, so that forgers cannot take the room of members whose clock is ahead of ours
   */
  add(
    message: InboundMessage,
    nowMs: number,
    retryAtMs: number | undefined,
    isSigned?: boolean,
  ): Queued
  /** Takes out what is due, a bounded number at a time; what is too old is gone. */
  takeDue(nowMs: number): readonly InboundMessage[]
  /** When something is due next. */
  nextMs(): number | undefined
}

interface Entry {
  readonly message: InboundMessage
  readonly firstMs: number
  readonly dueMs: number
}

export function makeRetryQueue(): RetryQueue {
  const [claimed, signed] = [makeShare(), makeShare()]
  return {
    get size() {
      return claimed.size + signed.size
    },
    add: (message, nowMs, retryAtMs, isSigned = false) =>
      (isSigned ? signed : claimed).add(message, nowMs, retryAtMs),
    takeDue: (nowMs) => [...signed.takeDue(nowMs), ...claimed.takeDue(nowMs)],
    nextMs() {
      const [a, b] = [signed.nextMs(), claimed.nextMs()]
      return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
    },
  }
}

function makeShare(): RetryQueue {
  let entries: Entry[] = []
  let bytes = 0
  const perPeer = new Map<string, number>()
  /** When a message that was taken out came first and how often it was kept, should it be put back. */
  const histories = new WeakMap<Uint8Array, { readonly firstMs: number; readonly tries: number }>()

  function count(peer: string, by: number): void {
    const total = (perPeer.get(peer) ?? 0) + by
    if (total <= 0) perPeer.delete(peer)
    else perPeer.set(peer, total)
  }
  return {
    get size() {
      return entries.length
    },
    add(message, nowMs, retryAtMs) {
      const { firstMs, tries } = histories.get(message.bytes) ?? { firstMs: nowMs, tries: 0 }
      const isFull =
        entries.length >= messagesMax ||
        bytes + message.bytes.length > bytesMax ||
        (perPeer.get(message.from) ?? 0) >= perPeerMax ||
        nowMs - firstMs > ageMsMax
      if (isFull) return 'full'
      histories.set(message.bytes, { firstMs, tries: tries + 1 })
      const dueMs = retryAtMs ?? nowMs + Math.min(retryMs * 2 ** tries, retryMsMax)
      entries.push({ message, firstMs, dueMs })
      bytes += message.bytes.length
      count(message.from, 1)
      return 'kept'
    },
    takeDue(nowMs) {
      const due: InboundMessage[] = []
      const staying: Entry[] = []
      for (const entry of entries) {
        const isOld = Math.abs(nowMs - entry.firstMs) > ageMsMax
        if (!isOld && (entry.dueMs > nowMs || due.length >= dueMax)) {
          staying.push(entry)
          continue
        }
        bytes -= entry.message.bytes.length
        count(entry.message.from, -1)
        if (!isOld) due.push(entry.message)
      }
      entries = staying
      return due
    },
    nextMs: () =>
      entries.length === 0 ? undefined : Math.min(...entries.map(({ dueMs }) => dueMs)),
  }
}
