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
  /** An authority below this one, whose servers show its certificate after their own. */
  delegate(days: number): Promise<Authority>
}

/** Makes an authority that nobody else trusts. @param days - until it ends */
export async function makeAuthority(days = 30): Promise<Authority> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Watchfire test authority',
    ...getTimes(days, 30),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: makeAuthorityExtensions(1),
  })
  return makeFrom(certificate, keys, '')
}

/** @param above - certificates that servers show after their own */
function makeFrom(certificate: X509Certificate, keys: CryptoKeyPair, above: string): Authority {
  return {
    pem: certificate.toString('pem'),
    async issue(names, days = 20) {
      const { cert, key } = await issue(certificate, keys.privateKey, names, days)
      return { cert: above === '' ? cert : `${cert}\n${above}`, key }
    },
    async delegate(days) {
      const ownKeys = await makeKeys()
      const own = await X509CertificateGenerator.create({
        serialNumber: '03',
        subject: 'CN=Watchfire test authority below',
        issuer: certificate.subject,
        ...getTimes(days, 10),
        signingAlgorithm: ALGORITHM,
        signingKey: keys.privateKey,
        publicKey: ownKeys.publicKey,
        extensions: makeAuthorityExtensions(0),
      })
      return makeFrom(own, ownKeys, own.toString('pem'))
    },
  }
}

function makeAuthorityExtensions(pathLength: number) {
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
  ]
}

/** @param days - from now to the end; @param since - from the beginning to now */
function getTimes(days: number, since: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(Date.now() - since * DAY_MS),
    notAfter: new Date(Date.now() + days * DAY_MS),
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
    ...getTimes(days, 10),
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
