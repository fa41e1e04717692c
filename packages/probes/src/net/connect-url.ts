import type { Socket } from 'node:net'
import type { ProbeContext, Step } from '../kind.ts'

/** Where each scheme's connection goes, and whether it is secured. */
const SCHEMES = new Map([
  ['http:', { port: 80, isSecure: false }],
  ['https:', { port: 443, isSecure: true }],
  ['ws:', { port: 80, isSecure: false }],
  ['wss:', { port: 443, isSecure: true }],
])

/**
 * Connects to a URL's host, with TLS where its scheme says so: a `TLSSocket` then.
 *
 * @param url - http, https, ws or wss
 * @param alpn - protocols to offer where it is secured
 * @throws TypeError on another scheme, which no check of parameters lets through
 */
export async function connectUrl(
  url: URL,
  alpn: readonly string[],
  { net }: ProbeContext,
): Promise<Step<Socket>> {
  const scheme = SCHEMES.get(url.protocol)
  if (scheme === undefined) throw new TypeError(`no probe connects to ${url.protocol}`)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? scheme.port : Number(url.port)
  const connection = await net.connect({ host, port })
  if (!connection.ok || !scheme.isSecure) return connection
  return net.secure(connection.value, { host, alpn })
}
