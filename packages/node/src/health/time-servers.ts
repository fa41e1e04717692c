import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import { fail, type Result, type UnixMs } from '@watchfire/attestation'
import type { Clock, Log } from '../ports.ts'
import { type ClockOffset, makeRequest, readReply, type SntpFaultCode } from './sntp.ts'

/** Between two questions to a server that answers, and to one that has not yet (RFC 4330 10: no less than 15 s). */
const intervalMs = 64_000
const retryMs = 16_000
const timeoutMs = 3000
/** An answer older than this says nothing of now. */
const ageMsMax = 300_000

export type TimeServerFaultCode = SntpFaultCode | 'unreachable' | 'timeout'

/** Asks one server once. Never rejects. */
export type AskTime = (
  host: string,
  port: number,
  clock: Clock,
  signal: AbortSignal,
) => Promise<Result<ClockOffset, TimeServerFaultCode>>

/** Servers of the operator's choice that tell the time. What they say is shown, and decides nothing. */
export interface TimeServers {
  /** The middle of what they last said; undefined while none has answered lately. */
  getOffset(): ClockOffset | undefined
  stop(): void
}

/** @param addresses `host:port` */
export function startTimeServers(
  addresses: readonly string[],
  clock: Clock,
  log: Log,
  ask: AskTime = askSntp,
): TimeServers {
  const controller = new AbortController()
  const told = new Map<string, ClockOffset & { readonly atMs: number }>()
  const silent = new Set<string>()
  const cancels = new Map<string, () => void>()

  async function turn(address: string): Promise<void> {
    const at = address.lastIndexOf(':')
    const port = Number(address.slice(at + 1))
    const answer = await ask(address.slice(0, at), port, clock, controller.signal)
    if (controller.signal.aborted) return
    if (answer.ok) {
      told.set(address, { ...answer.value, atMs: clock.monotonicMs() })
      silent.delete(address)
    } else if (!silent.has(address)) {
      silent.add(address)
      const { code, detail } = answer
      log.warn({ server: address, code }, `time server ${address}: ${code}, ${detail}`)
    }
    cancels.set(
      address,
      clock.setTimer(answer.ok ? intervalMs : retryMs, () => void turn(address)),
    )
  }
  for (const address of addresses) void turn(address)

  return {
    getOffset() {
      const since = clock.monotonicMs() - ageMsMax
      const fresh = [...told.values()]
        .filter(({ atMs }) => atMs >= since)
        .toSorted((a, b) => a.offsetMs - b.offsetMs)
      const middle = fresh[Math.floor((fresh.length - 1) / 2)]
      return middle && { offsetMs: middle.offsetMs, errorMs: middle.errorMs }
    },
    stop() {
      controller.abort()
      for (const cancel of cancels.values()) cancel()
    },
  }
}

/** One question and its answer over UDP. */
export const askSntp: AskTime = (host, port, clock, stop) => {
  const { promise, resolve } = Promise.withResolvers<Result<ClockOffset, TimeServerFaultCode>>()
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  const cookie = randomBytes(8)
  let sentMs = 0 as UnixMs
  let sentAtMs = 0
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
  const onAbort = () => settle(fail('timeout', `no answer in ${timeoutMs / 1000} s`))

  function settle(answer: Result<ClockOffset, TimeServerFaultCode>): void {
    signal.removeEventListener('abort', onAbort)
    socket.removeAllListeners('message').removeAllListeners('connect').close()
    resolve(answer)
  }

  signal.addEventListener('abort', onAbort, { once: true })
  socket.once('error', (error) => settle(fail('unreachable', error.message)))
  socket.once('connect', () => {
    sentMs = clock.nowMs()
    sentAtMs = clock.monotonicMs()
    socket.send(makeRequest(cookie))
  })
  socket.on('message', (bytes) => {
    const answer = readReply(bytes, cookie, sentMs, clock.monotonicMs() - sentAtMs)
    // Anybody can send a datagram in the server's name: what does not repeat ours is waited past.
    if (answer.ok || answer.code !== 'not-ours') settle(answer)
  })
  socket.connect(port, host)
  return promise
}
