import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { Trust } from './authorities.ts'

/** The certificates of a secured connection. */
export interface CertificateChain {
  /** The server's own. */
  readonly leaf: X509Certificate
  /** What the server showed, in its order: its own first. */
  readonly presented: readonly X509Certificate[]
  /**
   * From its own to a trusted authority, that included: by way of the last to end where there are
   * several, and through as few of what was shown as possible, as OpenSSL goes.
   */
  readonly verified: readonly X509Certificate[]
}

/** Of what a server shows; OpenSSL reads a hundred kilobytes of it. */
const PRESENTED_MAX = 64

/** @returns undefined where the server showed no certificate, or the connection is closed */
export function readChain(socket: TLSSocket, trust: Trust): CertificateChain | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  const presented = [leaf]
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) {
    if (presented.push(next) === PRESENTED_MAX) break
  }
  return { leaf, presented, verified: findPath(leaf, presented, trust) }
}

function findPath(
  leaf: X509Certificate,
  presented: readonly X509Certificate[],
  trust: Trust,
): X509Certificate[] {
  const path = [leaf]
  // One that nobody else has issued ends it: what is trusted below such a one is not enough.
  for (let last = leaf; !last.checkIssued(last); ) {
    const isNew = (each: X509Certificate) =>
      path.every(({ fingerprint256 }) => fingerprint256 !== each.fingerprint256)
    const next =
      trust.findIssuers(last).find(isNew) ??
      presented.find((each) => isNew(each) && last.checkIssued(each))
    if (next === undefined) break
    path.push(next)
    last = next
  }
  return path
}
