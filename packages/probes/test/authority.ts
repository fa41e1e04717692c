// oxlint-disable-next-line import/no-unassigned-import -- the certificate library asks its user to
import 'reflect-metadata'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** A server's certificate and key, in PEM. */
export interface ServerIdentity {
  readonly cert: string
  readonly key: string
}

/** A test's own certificate authority. */
export interface Authority {
  readonly pem: string
  /** @param days - until it ends, from now; negative for one that has ended */
  issue(names: readonly string[], days?: number): Promise<ServerIdentity>
}

/** Makes an authority that nobody else trusts. */
export async function makeAuthority(): Promise<Authority> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Watchfire test authority',
    notBefore: new Date(Date.now() - 30 * DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  return {
    pem: certificate.toString('pem'),
    issue: (names, days = 20) => issue(certificate, keys.privateKey, names, days),
  }
}

async function issue(
  issuer: X509Certificate,
  signingKey: CryptoKey,
  names: readonly string[],
  days: number,
): Promise<ServerIdentity> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${names[0] ?? 'nobody'}`,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - 10 * DAY_MS),
    notAfter: new Date(Date.now() + days * DAY_MS),
    signingAlgorithm: ALGORITHM,
    signingKey,
    publicKey: keys.publicKey,
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const),
      ),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: certificate.toString('pem'), key: PemConverter.encode(key, 'PRIVATE KEY') }
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}
