import { X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

/** What TLS connections of probes trust. */
export interface Trust {
  /** Made once: parsing a hundred authorities takes milliseconds. */
  readonly secureContext: SecureContext
  /** Trusted authorities that may have issued a certificate; where there are several, the last to end first. */
  findIssuers(certificate: X509Certificate): readonly X509Certificate[]
}

/**
 * Trusts the authorities that Node ships, and the operator's own.
 *
 * @param ca - certificates in PEM, from the operator's config
 * @throws TypeError on what is no certificate: check with {@link isCertificate} first
 */
export function makeTrust(ca: readonly string[]): Trust {
  for (const [index, pem] of ca.entries()) {
    if (!isCertificate(pem)) throw new TypeError(`ca[${index}] is no certificate in PEM`)
  }
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.2',
    ...(ca.length === 0 ? {} : { ca: [...getCACertificates('default'), ...ca] }),
  })
  /** Read once they are asked for: most commands and probes do without. */
  let bySubject: ReadonlyMap<string, readonly X509Certificate[]> | undefined
  return {
    secureContext,
    findIssuers(certificate) {
      bySubject ??= indexBySubject([...getCACertificates('default'), ...ca])
      const named = bySubject.get(certificate.issuer) ?? []
      return named.filter((issuer) => certificate.checkIssued(issuer))
    },
  }
}

function indexBySubject(pems: readonly string[]): Map<string, X509Certificate[]> {
  const certificates = pems
    .map((pem) => new X509Certificate(pem))
    .toSorted((a, b) => b.validToDate.getTime() - a.validToDate.getTime())
  return Map.groupBy(certificates, ({ subject }) => subject)
}

/** Whether an operator's additional authority is a certificate. */
export function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
