// The two messages of grpc.health.v1, by hand: a field each do not warrant a protobuf library.
//   message HealthCheckRequest { string service = 1; }
//   message HealthCheckResponse { ServingStatus status = 1; }

/** Of `HealthCheckResponse`. */
export const servingStatuses = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const

/** Field 1 as bytes of a given length, and as a number (protobuf's wire types 2 and 0). */
const SERVICE_TAG = 0x0a
const STATUS_TAG = 0x08
/** A number takes at most ten bytes of seven bits. */
const VARINT_BYTES_MAX = 10

/** @param service - ASCII */
export function encodeHealthRequest(service: string): Uint8Array {
  if (service === '') return new Uint8Array()
  const name = Buffer.from(service, 'ascii')
  return Buffer.concat([Buffer.from([SERVICE_TAG, ...encodeVarint(name.length)]), name])
}

function encodeVarint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...encodeVarint(value >>> 7)]
}

/**
 * The status of a response; the last one counts, as protobuf has it, and none is 0.
 *
 * @returns undefined of what is no protobuf message; fields of other numbers are passed over
 */
export function readHealthResponse(bytes: Uint8Array): number | undefined {
  let status = 0
  let at = 0
  /** @returns undefined where the bytes end first */
  const readVarint = (): number | undefined => {
    let value = 0
    for (let byte = 0; byte < VARINT_BYTES_MAX; byte++) {
      const next = bytes[at++]
      if (next === undefined) return undefined
      value += (next & 127) * 2 ** (7 * byte)
      if (next < 128) return value
    }
    return undefined
  }

  while (at < bytes.length) {
    const tag = readVarint()
    if (tag === undefined || tag < 8) return undefined
    switch (tag % 8) {
      case 0: {
        const value = readVarint()
        if (value === undefined) return undefined
        if (tag === STATUS_TAG) status = value
        break
      }
      case 1:
        at += 8
        break
      case 2: {
        const length = readVarint()
        if (length === undefined) return undefined
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        return undefined
    }
  }
  return at === bytes.length ? status : undefined
}
