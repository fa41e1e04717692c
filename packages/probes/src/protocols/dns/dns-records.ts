import type { Answer } from 'dns-packet'

/** Types of records that can be asked for. */
export const recordTypes = [
  'A',
  'AAAA',
  'CAA',
  'CNAME',
  'DNSKEY',
  'DS',
  'MX',
  'NS',
  'PTR',
  'SOA',
  'SRV',
  'TXT',
] as const
export type RecordType = (typeof recordTypes)[number]

/** Response codes that can be expected, each at its number (RFC 1035 4.1.1). */
export const responseCodes = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
] as const

/** A response code's name, or its number where it has none here. */
export function nameResponseCode(code: number): string {
  return responseCodes[code] ?? `code ${code}`
}

/**
 * A record's data as zone files write it (RFC 1035 5.1), names in lower case without the last dot.
 *
 * @returns undefined of a record of another type
 */
export function formatRecord(answer: Answer, type: RecordType): string | undefined {
  if (answer.type !== type) return undefined
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return answer.data.toLowerCase()
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return formatName(answer.data)
    case 'MX':
      return `${answer.data.preference ?? 0} ${formatName(answer.data.exchange)}`
    case 'SRV': {
      const { priority = 0, weight = 0, port, target } = answer.data
      return `${priority} ${weight} ${port} ${formatName(target)}`
    }
    case 'TXT':
      return (Array.isArray(answer.data) ? answer.data : [answer.data])
        .map((part) => (typeof part === 'string' ? part : part.toString('latin1')))
        .join('')
    case 'CAA':
      return `${answer.data.flags ?? 0} ${answer.data.tag} ${answer.data.value}`
    case 'DNSKEY':
      return `${answer.data.flags} 3 ${answer.data.algorithm} ${answer.data.key.toString('base64')}`
    case 'DS': {
      const { keyTag, algorithm, digestType, digest } = answer.data
      return `${keyTag} ${algorithm} ${digestType} ${digest.toString('hex')}`
    }
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data
      return `${formatName(mname)} ${formatName(rname)} ${serial} ${refresh} ${retry} ${expire} ${minimum}`
    }
    default:
      return undefined
  }
}

/** A name as it is compared: DNS does not tell upper from lower case (RFC 4343). */
export function formatName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
