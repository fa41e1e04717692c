import {
  encode,
  type EpochContext,
  fromText,
  getStatusDigest,
  type Status,
  signedStatusType,
  toBits,
  type UnixMs,
} from '@watchfire/attestation'
import type { Signer } from '../keys/signer.ts'
import type { Clock, InboundMessage, Log, Network } from '../ports.ts'

/** Peers that come together are told together. */
const settleMs = 250

export interface StatusSenderOptions {
  readonly context: EpochContext
  readonly signer: Signer
  readonly clock: Clock
  readonly log: Log
  readonly network: Network
  readonly version: string
  readonly bootMs: UnixMs
  readonly getProgress: () => Pick<Status, 'height' | 'round' | 'view'>
  readonly getClockOffsetMs: () => number | undefined
  readonly receive: (message: InboundMessage) => void
}

/**
 * Tells the others about this monitor (SPEC 8.5): now, every two rounds, and when peers come.
 *
 * @returns ends it
 */
export function startStatusSender(options: StatusSenderOptions): () => void {
  const { context, signer, clock, log, network } = options
  const intervalMs = Math.min(Math.max(2 * context.parameters.roundMs, 1000), 30_000)
  let lastMs = 0
  let cancel: () => void = () => undefined
  let isStopped = false

  /** @param isForNew some peers have just come: gossip may not reach them yet */
  function send(isForNew: boolean): void {
    // Never twice the same time, nor an earlier one: others ignore what is not newer (SPEC 8.5).
    const timeMs = Math.max(clock.nowMs(), lastMs + 1)
    lastMs = timeMs
    const message: Status = {
      epoch: context.epoch,
      member: signer.member,
      timeMs,
      bootMs: options.bootMs,
      clockOffsetMs: toBits(BigInt(Math.round(options.getClockOffsetMs() ?? 0))),
      ...options.getProgress(),
      version: fromText(options.version),
      features: [],
    }
    const signature = signer.sign(getStatusDigest(context.networkId, message))
    const bytes = encode(signedStatusType, { message, signature })
    options.receive({ topic: 'status', shard: 0, bytes, from: network.peerId, via: 'self' })
    if (isForNew) network.sendDirect([{ topic: 'status', bytes }])
    network.publish('status', 0, bytes).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'publishing a status failed')
    })
  }
  function arm(delayMs: number, isForNew: boolean): void {
    cancel()
    if (isStopped) return
    cancel = clock.setTimer(delayMs, () => {
      send(isForNew)
      arm(intervalMs, false)
    })
  }
  network.onPeersChange(() => arm(settleMs, true))
  arm(settleMs, true)
  return () => {
    isStopped = true
    cancel()
  }
}
