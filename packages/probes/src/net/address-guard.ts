import ipaddr from 'ipaddr.js'

/** Judgements kept: one depends on nothing but the address. */
const KNOWN_MAX = 4096

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Says of each address whether a probe may connect to it. */
export interface AddressGuard {
  /** @returns undefined if it may, else why not, for people */
  refuse(address: string): string | undefined
}

/** Everything public in IPv6 lies here (RFC 4291 2.4); what lies outside is special, known to us or not. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Answers to virtual machines only, and not in a special range (Azure's host agent). */
const HOST_AGENTS = new Set(['168.63.129.16'])

/**
 * By default only public unicast addresses may be asked: a manifest or a redirect must not turn a
 * monitor on loopback, private, link-local, metadata or multicast addresses of its operator.
 *
 * An IPv4 address inside an IPv4-mapped one is judged as itself. Translated ones (NAT64) are refused
 * unless allowed, and then the IPv4 address inside must be one that may be asked as well.
 *
 * @param allow - blocks the operator lets probes into, in CIDR notation
 * @throws RangeError on what is no CIDR block: check with {@link isCidr} first
 */
export function makeAddressGuard(allow: readonly string[]): AddressGuard {
  const blocks = allow.map((text) => {
    const block = parseCidr(text)
    if (block === undefined) throw new RangeError(`${text} is no CIDR block`)
    return block
  })

  function isAllowed(address: Address): boolean {
    return blocks.some(
      ([base, bits]) => base.kind() === address.kind() && address.match([base, bits] as never),
    )
  }

  function refuse(address: Address): string | undefined {
    const range = address.range()
    if (isAllowed(address)) {
      if (address instanceof ipaddr.IPv6 && range === 'rfc6052') return refuse(getEmbedded(address))
      return undefined
    }
    if (range !== 'unicast') return `${address.toString()} is ${range}`
    if (HOST_AGENTS.has(address.toString())) return `${address.toString()} is a host's own agent`
    if (address instanceof ipaddr.IPv6 && !address.match(GLOBAL_UNICAST)) {
      return `${address.toString()} is not global unicast`
    }
    return undefined
  }

  const known = new Map<string, string | undefined>()

  function judge(text: string): string | undefined {
    // process: an IPv4-mapped IPv6 address becomes the IPv4 address that a socket would reach.
    return ipaddr.isValid(text) ? refuse(ipaddr.process(text)) : `${text} is no address`
  }

  return {
    refuse(text) {
      if (known.has(text)) return known.get(text)
      const refusal = judge(text)
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(text, refusal)
      return refusal
    },
  }
}

/** Whether an operator's allowance is a block such as `127.0.0.0/8` or `fd00::/8`. */
export function isCidr(text: string): boolean {
  return parseCidr(text) !== undefined
}

function parseCidr(text: string): [Address, number] | undefined {
  return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined
}

/** The IPv4 address in the last four bytes (RFC 6052 2.2, the well-known prefix). */
function getEmbedded(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}
