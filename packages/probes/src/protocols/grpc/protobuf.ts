// Protobuf's wire format (protobuf.dev, "Encoding"), as far as a few fields of a few messages need it:
// they do not warrant a library, nor their definitions a compiler.

/** What a field holds: a number of wire type 0, or the bytes of wire type 2. */
export type FieldValue = bigint | Uint8Array

/** A message's fields by number, each in the order in which it came. */
export type Fields = ReadonlyMap<number, readonly FieldValue[]>

/** A number takes at most ten bytes of seven bits. */
const VARINT_BYTES_MAX = 10
const TYPE_VARINT = 0
const TYPE_64_BITS = 1
const TYPE_BYTES = 2
const TYPE_32_BITS = 5

/** A message of some fields. Numbers are at least 0; a text is sent as UTF-8. */
export function encodeMessage(
  fields: readonly (readonly [field: number, value: number | string | Uint8Array])[],
): Uint8Array {
  return Buffer.concat(
    fields.map(([field, value]) => {
      if (typeof value === 'number') {
        return Buffer.from([...encodeVarint(field * 8 + TYPE_VARINT), ...encodeVarint(value)])
      }
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
      const head = [...encodeVarint(field * 8 + TYPE_BYTES), ...encodeVarint(bytes.length)]
      return Buffer.concat([Buffer.from(head), bytes])
    }),
  )
}

/** @returns undefined of what is no message; numbers of fixed width are passed over */
export function readMessage(bytes: Uint8Array): Fields | undefined {
  const fields = new Map<number, FieldValue[]>()
  let at = 0

  /** @returns undefined where the bytes end first */
  function readVarint(): bigint | undefined {
    let value = 0n
    for (let byte = 0n; byte < VARINT_BYTES_MAX; byte++) {
      const next = bytes[at++]
      if (next === undefined) return undefined
      value |= BigInt(next & 127) << (7n * byte)
      if (next < 128) return BigInt.asUintN(64, value)
    }
    return undefined
  }

  function readValue(type: number): FieldValue | 'passed' | undefined {
    switch (type) {
      case TYPE_VARINT:
        return readVarint()
      case TYPE_BYTES: {
        const length = readVarint()
        if (length === undefined || length > bytes.length - at) return undefined
        at += Number(length)
        return bytes.subarray(at - Number(length), at)
      }
      case TYPE_64_BITS:
      case TYPE_32_BITS:
        at += type === TYPE_64_BITS ? 8 : 4
        return 'passed'
      default:
        return undefined
    }
  }

  while (at < bytes.length) {
    const tag = readVarint()
    // Field numbers begin with 1 and have 29 bits.
    if (tag === undefined || tag < 8n || tag >= 2n ** 32n) return undefined
    const value = readValue(Number(tag % 8n))
    if (value === undefined) return undefined
    if (value === 'passed') continue
    const field = Number(tag / 8n)
    const values = fields.get(field)
    if (values === undefined) fields.set(field, [value])
    else values.push(value)
  }
  return at === bytes.length ? fields : undefined
}

/** A field that is a number; the last one counts, as protobuf has it, and none is 0. */
export function getNumber(fields: Fields, field: number): bigint {
  return fields.get(field)?.findLast((value) => typeof value === 'bigint') ?? 0n
}

/** A field that is signed (`int64`, not `sint64`). */
export function getSigned(fields: Fields, field: number): bigint {
  return BigInt.asIntN(64, getNumber(fields, field))
}

/** A field that is bytes, text or a message; none is empty. */
export function getBytes(fields: Fields, field: number): Uint8Array {
  return fields.get(field)?.findLast((value) => typeof value !== 'bigint') ?? new Uint8Array()
}

/** A field that is text. */
export function getText(fields: Fields, field: number): string {
  return Buffer.from(getBytes(fields, field)).toString('utf8')
}

/** A field that is a message; undefined where it is none. */
export function getMessage(fields: Fields, field: number): Fields | undefined {
  return readMessage(getBytes(fields, field))
}

function encodeVarint(value: number): number[] {
  const low = value % 128
  return value < 128 ? [low] : [low | 128, ...encodeVarint(Math.floor(value / 128))]
}
