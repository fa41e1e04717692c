import { X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

/**
 * What TLS connections of probes trust: the authorities that Node ships, and the operator's own.
 *
 * @param ca - certificates in PEM, from the operator's config
 * @throws TypeError on what is no certificate: check with {@link isCertificate} first
 */
export function makeSecureContext(ca: readonly string[]): SecureContext {
  for (const [index, pem] of ca.entries()) {
    if (!isCertificate(pem)) throw new TypeError(`ca[${index}] is no certificate in PEM`)
  }
  return createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca.length === 0 ? {} : { ca: [...getCACertificates('default'), ...ca] }),
  })
}

/** Whether an operator's additional authority is a certificate. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
