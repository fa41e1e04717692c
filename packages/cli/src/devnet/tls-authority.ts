import { webcrypto as crypto } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { Layout } from './layout.ts'

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** A devnet may be continued for long; nobody trusts its authority but its own nodes. */
export const VALID_DAYS = 3650
const DAY_MS = 86_400_000

/**
 * Makes the devnet's certificate authority and a server certificate for loopback. The authority's
 * key is thrown away.
 */
export async function makeTlsFiles(
  layout: Pick<Layout, 'caCertificate' | 'tlsCertificate' | 'tlsKey'>,
  nowMs: number,
): Promise<void> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const validity = {
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + VALID_DAYS * DAY_MS),
  }
  const authorityKeys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=Watchfire devnet authority',
    keys: authorityKeys,
    signingAlgorithm: KEY,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  })
  const serverKeys = await crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const server = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: '02',
    subject: 'CN=localhost',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: KEY,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  })
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey('pkcs8', serverKeys.privateKey),
    'PRIVATE KEY',
  )
  writeFileSync(layout.caCertificate, `${authority.toString('pem')}\n`, { mode: 0o644 })
  writeFileSync(layout.tlsCertificate, `${server.toString('pem')}\n`, { mode: 0o644 })
  writeFileSync(layout.tlsKey, `${key}\n`, { mode: 0o600 })
}
