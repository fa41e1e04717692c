import { connect } from 'node:net'
import type { Round } from '@watchfire/attestation'

/** How long canaries have at most; less where a round leaves less. */
const timeoutMsMax = 2000

/** What the canaries of a round came to. */
export interface CanaryReport {
  readonly total: number
  /** Addresses that did not answer, for the operator's own eyes. */
  readonly failed: readonly string[]
  /** More failed than may: this machine rather than what it would ask is at fault. */
  readonly isTooMany: boolean
}

/** Addresses of the operator's own choice that must answer, whatever becomes of targets. */
export interface Canaries {
  /** Asks all of them once in a round; called again in it, waits for the same. Never rejects. */
  ask(round: Round): Promise<void>
  /** Of the last round asked and done; undefined before, and where there are none. */
  report(): CanaryReport | undefined
  stop(): void
}

/** Opens a TCP connection and closes it again. */
export type OpenCanary = (host: string, port: number, signal: AbortSignal) => Promise<boolean>

export interface CanaryOptions {
  /** `host:port`. */
  readonly addresses: readonly string[]
  /** Of all, in percent: when more fail in a round, they are too many. */
  readonly failedPercentMax: number
  /** What a round leaves for them. */
  readonly budgetMs: number
  readonly open?: OpenCanary
}

/** Canaries say something of this machine: each round anew, for what is said of targets in it. */
export function makeCanaries(options: CanaryOptions): Canaries {
  const { addresses, failedPercentMax, open = openTcp } = options
  const timeoutMs = Math.min(timeoutMsMax, options.budgetMs)
  const controller = new AbortController()
  let asked: { readonly round: Round; readonly done: Promise<void> } | undefined
  let last: CanaryReport | undefined

  async function askOne(address: string, signal: AbortSignal): Promise<boolean> {
    const at = address.lastIndexOf(':')
    try {
      return await open(address.slice(0, at), Number(address.slice(at + 1)), signal)
    } catch {
      // It has not answered, for whatever reason.
      return false
    }
  }

  async function askAll(): Promise<void> {
    if (addresses.length === 0) return
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(timeoutMs)])
    const opened = await Promise.all(addresses.map((address) => askOne(address, signal)))
    if (controller.signal.aborted) return
    const failed = addresses.filter((_address, index) => opened[index] === false)
    const total = addresses.length
    last = { total, failed, isTooMany: failed.length * 100 > total * failedPercentMax }
  }

  return {
    ask(round) {
      if (asked?.round !== round) asked = { round, done: askAll() }
      return asked.done
    },
    report: () => last,
    stop: () => controller.abort(),
  }
}

function openTcp(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal })
    const finish = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}
