import type { TLSSocket } from 'node:tls'
import type { UnixMs } from '@watchfire/attestation'
import type { KindSignal, Step } from '../kind.ts'
import { done, failed, stopped } from '../steps.ts'

// Signals that several kinds give.

/** @param meaning - from what to what it is measured; names are resolved before */
export function latencySignal(meaning: string): KindSignal {
  return { name: 'latency', unit: 'us', scale: 0, aggregate: 'median', meaning }
}

export const expirySignal: KindSignal = {
  name: 'expires-in',
  unit: 's',
  scale: 0,
  aggregate: 'median',
  meaning: 'Seconds from the start of the round to the end of the certificate.',
}

/** The certificate a server showed: how long it still holds, and its bytes. */
export function readCertificate(
  socket: TLSSocket,
  roundStartMs: UnixMs,
): Step<{ expiresIn: bigint; raw: Uint8Array }> {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return stopped(failed('tls', 'the server showed no certificate'))
  const endMs = certificate.validToDate.getTime()
  return done({
    expiresIn: BigInt(Math.floor((endMs - roundStartMs) / 1000)),
    raw: certificate.raw,
  })
}
