import { fail, type Result, succeed, type UnixMs } from '@watchfire/attestation'

// The Simple Network Time Protocol, a client's part (RFC 4330, RFC 5905 14). Times are seconds since
// 1900 with 32 bits, and a fraction with 32; the first of them begin anew in 2036.

/** A packet without extensions or authentication. */
export const packetBytes = 48
/** Version 4, mode 3: a client. */
const requestByte = 0x23
const modeServer = 4
/** The server's own clock is not set. */
const leapUnknown = 3
/** What a server may be away from its reference at most (RFC 5905 A.1.1, MAXDIST and more). */
const stratumMax = 15
const eraSeconds = 2 ** 32
const unixSeconds = 2_208_988_800

const originateAt = 24
const receiveAt = 32
const transmitAt = 40

/** How far a clock is off, and how sure that is. */
export interface ClockOffset {
  /** This machine's clock less the server's. */
  readonly offsetMs: number
  /** Half of the way there and back: the truth lies no further away, if the server is right. */
  readonly errorMs: number
}

/** Why an answer says nothing of the time. */
export type SntpFaultCode = 'malformed' | 'not-ours' | 'unsynchronized' | 'refused'

/**
 * A question to a time server. Its time of sending is random: the server needs none, and its answer
 * repeats it, which nobody else can.
 *
 * @param cookie - 8 random bytes
 */
export function makeRequest(cookie: Uint8Array): Uint8Array {
  const request = new Uint8Array(packetBytes)
  request[0] = requestByte
  request.set(cookie, transmitAt)
  return request
}

/**
 * What a server's answer says.
 *
 * @param cookie - as it was asked with
 * @param sentMs - this machine's clock when it asked
 * @param tookMs - from then to the answer, on a clock that never jumps
 */
export function readReply(
  bytes: Uint8Array,
  cookie: Uint8Array,
  sentMs: UnixMs,
  tookMs: number,
): Result<ClockOffset, SntpFaultCode> {
  if (bytes.length < packetBytes) return fail('malformed', `${bytes.length} bytes`)
  const [first = 0, stratum = 0] = bytes
  if ((first & 7) !== modeServer) return fail('malformed', `mode ${first & 7}`)
  const isOurs = cookie.every((byte, index) => bytes[originateAt + index] === byte)
  if (!isOurs) return fail('not-ours', 'it answers another question')
  // A kiss of death: the server wants to be left alone.
  if (stratum === 0) return fail('refused', 'it does not want to be asked')
  if (first >> 6 === leapUnknown || stratum > stratumMax) {
    return fail('unsynchronized', 'its own clock is not set')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const receivedMs = readTimeMs(view, receiveAt, sentMs)
  const transmittedMs = readTimeMs(view, transmitAt, sentMs)
  const heldMs = transmittedMs - receivedMs
  if (heldMs < 0 || heldMs > tookMs + 1) return fail('malformed', `held for ${heldMs} ms`)
  const roundTripMs = Math.max(0, tookMs - heldMs)
  const middleMs = (receivedMs + transmittedMs) / 2
  return succeed({ offsetMs: sentMs + tookMs / 2 - middleMs, errorMs: roundTripMs / 2 })
}

/** A time of the wire as the one nearest to this machine's: 32 bits of seconds name many. */
function readTimeMs(view: DataView, at: number, nearMs: number): number {
  const seconds = view.getUint32(at) - unixSeconds
  const fraction = view.getUint32(at + 4) / 2 ** 32
  const eras = Math.round((nearMs / 1000 - seconds) / eraSeconds)
  return (seconds + eras * eraSeconds + fraction) * 1000
}
