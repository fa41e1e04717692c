import { connect } from 'node:net'
import type { Clock } from '../ports.ts'

/** How often canaries are asked, and how long they have. */
const intervalMs = 5000
const timeoutMs = 2000

export interface Canaries {
  /** Whether any opened when last asked; undefined before the first answer, or with none to ask. */
  areOpen(): boolean | undefined
  stop(): void
}

/** Opens a TCP connection and closes it again. */
export type OpenCanary = (host: string, port: number, signal: AbortSignal) => Promise<boolean>

/** @param addresses `host:port` of the operator's own choice */
export function startCanaries(
  addresses: readonly string[],
  clock: Clock,
  open: OpenCanary = openTcp,
): Canaries {
  const controller = new AbortController()
  let result: boolean | undefined
  let cancel: () => void = () => undefined
  async function ask(): Promise<void> {
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(timeoutMs)])
    const opened = await Promise.all(
      addresses.map((address) => {
        const at = address.lastIndexOf(':')
        return open(address.slice(0, at), Number(address.slice(at + 1)), signal)
      }),
    )
    if (controller.signal.aborted) return
    result = opened.includes(true)
    cancel = clock.setTimer(intervalMs, turn)
  }
  function turn(): void {
    // `open` never rejects; should it, the canaries count as shut.
    ask().catch(() => {
      result = false
      cancel = clock.setTimer(intervalMs, turn)
    })
  }
  if (addresses.length > 0) turn()
  return {
    areOpen: () => result,
    stop() {
      controller.abort()
      cancel()
    },
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
