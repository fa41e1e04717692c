import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { KindSignal, ProbeContext, Step } from '../kind.ts'
import type { CertificateChain } from '../net/certificate-chain.ts'
import { done } from '../steps.ts'
import { extraSignal } from './signals.ts'

// What kinds tell of a secured connection.

/** Of every kind that speaks TLS. */
export const tlsSignals: readonly KindSignal[] = [
  {
    name: 'expires-in',
    unit: 's',
    scale: 0,
    aggregate: 'median',
    meaning: 'Seconds from the start of the round to the end of the server’s certificate.',
  },
  {
    name: 'chain-expires-in',
    unit: 's',
    scale: 0,
    aggregate: 'median',
    meaning: 'To the first end in the chain that it is trusted by, the authority’s included.',
  },
  extraSignal(
    'presented-expires-in',
    's',
    'To the first end among all certificates that the server shows, needed or not.',
  ),
  extraSignal('chain-length', 'certificates', 'Certificates that the server shows.'),
  extraSignal('tls-version', 'version', 'Version of TLS that was agreed on: 1.2 or 1.3.', 1),
]

/** What a secured connection tells of itself. */
export interface TlsReading {
  /** Values of {@link tlsSignals}. */
  readonly signals: Readonly<Record<string, bigint>>
  readonly chain: CertificateChain
}

/** Reads {@link tlsSignals} of a connection, against the start of the round. */
export function readTls(socket: TLSSocket, { net, roundStartMs }: ProbeContext): Step<TlsReading> {
  const read = net.readChain(socket)
  if (!read.ok) return read
  const chain = read.value
  const until = (certificates: readonly X509Certificate[]): bigint => {
    const endMs = Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()))
    return BigInt(Math.floor((endMs - roundStartMs) / 1000))
  }
  return done({
    chain,
    signals: {
      'expires-in': until([chain.leaf]),
      'chain-expires-in': until(chain.verified),
      'presented-expires-in': until(chain.presented),
      'chain-length': BigInt(chain.presented.length),
      'tls-version': getTlsVersion(socket),
    },
  })
}

/** The version agreed on, times ten. Older ones than 1.2 are not spoken. */
export function getTlsVersion(socket: TLSSocket): bigint {
  return socket.getProtocol() === 'TLSv1.3' ? 13n : 12n
}
