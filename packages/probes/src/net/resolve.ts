import { Resolver } from 'node:dns/promises'
import { getErrorCode } from '../steps.ts'

/** The addresses of a name, or the error code that both families ended with. */
export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly code: string }

/** Looks a name up. Ends early when `signal` aborts; never rejects. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<Resolution>

/** After one family answered, how long the other is still waited for (RFC 8305 3). */
const RESOLUTION_DELAY_MS = 50

/**
 * Asks the DNS servers of this machine, A and AAAA at once.
 *
 * Not `dns.lookup`: it runs on a pool of four threads, so four names that hang would hold up every
 * other probe. Therefore the hosts file is not read; `localhost` is loopback (RFC 6761 6.3).
 *
 * @param servers - addresses with ports to ask instead of those that this machine is set to
 */
export function makeResolve(servers: readonly string[] = []): Resolve {
  return (host, signal) => resolveByDns(host, signal, servers)
}

async function resolveByDns(
  host: string,
  signal: AbortSignal,
  servers: readonly string[],
): Promise<Resolution> {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) {
    return { ok: true, addresses: ['127.0.0.1', '::1'] }
  }
  const resolver = new Resolver()
  if (servers.length > 0) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await joinFamilies(
      toResolution(resolver.resolve4(host)),
      toResolution(resolver.resolve6(host)),
    )
  } finally {
    signal.removeEventListener('abort', cancel)
    resolver.cancel()
  }
}

async function toResolution(answer: Promise<string[]>): Promise<Resolution> {
  try {
    return { ok: true, addresses: await answer }
  } catch (error) {
    return { ok: false, code: getErrorCode(error) ?? 'EUNKNOWN' }
  }
}

/** Both families' addresses, IPv4 first; the slower one is given up soon after the first has some. */
async function joinFamilies(v4: Promise<Resolution>, v6: Promise<Resolution>): Promise<Resolution> {
  let timer: NodeJS.Timeout | undefined
  const first = await Promise.race([v4, v6])
  const late: Resolution = { ok: false, code: 'ETIMEOUT' }
  const patience = first.ok
    ? new Promise<Resolution>((resolve) => {
        timer = setTimeout(() => resolve(late), RESOLUTION_DELAY_MS)
      })
    : undefined
  const wait = (family: Promise<Resolution>) =>
    patience === undefined ? family : Promise.race([family, patience])
  const [a, b] = await Promise.all([wait(v4), wait(v6)])
  clearTimeout(timer)
  const addresses = [...(a.ok ? a.addresses : []), ...(b.ok ? b.addresses : [])]
  if (addresses.length > 0) return { ok: true, addresses }
  // Where the families differ, the server's own answer says more than its silence.
  const codes = [a, b].flatMap((family) => (family.ok ? [] : [family.code]))
  return { ok: false, code: codes.find((code) => !isResolverFault(code)) ?? codes[0] ?? 'ENODATA' }
}

/** Whether this machine's resolver could not be asked at all, which is no fault of the name. */
export function isResolverFault(code: string): boolean {
  return RESOLVER_FAULTS.has(code)
}

const RESOLVER_FAULTS = new Set([
  'ECONNREFUSED',
  'ELOADIPHLPAPI',
  'ENOMEM',
  'ENOTINITIALIZED',
  'ENETUNREACH',
  'EHOSTUNREACH',
])
