/**
 * A page of another site can point its own name at 127.0.0.1 and so read what listens on loopback
 * (DNS rebinding). The browser then still sends that site's name as Host, which gives it away.
 */

const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^::ffff:/, '')
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name)
}

/**
 * Which Host headers are answered. A node on loopback answers for loopback's names and for those
 * the operator names; one that listens publicly answers for any name, unless names are given.
 *
 * @param listenHost the address the server is bound to
 * @param allowedHosts names the operator adds, without port
 */
export function makeHostCheck(
  listenHost: string,
  allowedHosts: readonly string[] = [],
): (header: string | undefined) => boolean {
  if (!isLoopback(listenHost) && allowedHosts.length === 0) return () => true
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()))
  for (const name of loopbackNames) allowed.add(name)
  allowed.add(listenHost.includes(':') ? `[${listenHost}]` : listenHost.toLowerCase())
  return (header) => {
    if (header === undefined) return false
    return allowed.has(header.toLowerCase().replace(/:\d+$/, ''))
  }
}
