import { type ByteViews, ByteVectorType, UintNumberType } from '@chainsafe/ssz'

const VALUE_MAX = { 1: 2 ** 8 - 1, 2: 2 ** 16 - 1, 4: 2 ** 32 - 1, 8: Number.MAX_SAFE_INTEGER }

/**
 * An unsigned number that is never rounded or cut: a uint64 above 2^53 − 1 is malformed (SPEC 1),
 * and to encode what does not fit is a bug of ours that must not be signed in silence.
 */
export class ExactUintType extends UintNumberType {
  override value_serializeToBytes(output: ByteViews, offset: number, value: number): number {
    if (!Number.isSafeInteger(value) || value < 0 || value > VALUE_MAX[this.byteLength]) {
      throw new RangeError(`${value} does not fit ${this.typeName}`)
    }
    return super.value_serializeToBytes(output, offset, value)
  }

  override value_deserializeFromBytes(data: ByteViews, start: number, end: number): number {
    const value = super.value_deserializeFromBytes(data, start, end)
    if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('uint64 above 2^53 − 1')
    return value
  }
}

/** Bytes of a fixed length: to encode another length is a bug of ours and would shift all that follows. */
export class ExactBytesType extends ByteVectorType {
  override value_serializeToBytes(output: ByteViews, offset: number, value: Uint8Array): number {
    this.assertValidSize(value.length)
    return super.value_serializeToBytes(output, offset, value)
  }
}
