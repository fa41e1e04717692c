import {
  BasicType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  type Type,
  UintBigintType,
  UintNumberType,
  UnionType,
} from '@chainsafe/ssz'
import * as fc from 'fast-check'

/** Entries of a list beyond which a longer one shows nothing new. */
const LENGTH_MAX = 3

/** Values of a wire type, with numbers at the edges of their range drawn often. */
export function arbitraryOf(type: Type<unknown>): fc.Arbitrary<unknown> {
  if (type instanceof UintBigintType) return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
  if (type instanceof UintNumberType) {
    const max = type.byteLength === 8 ? Number.MAX_SAFE_INTEGER : 2 ** (8 * type.byteLength) - 1
    return fc.oneof(fc.constantFrom(0, 1, max), fc.integer({ min: 0, max }))
  }
  if (type instanceof BasicType) throw new TypeError(`no values known of ${type.typeName}`)
  if (type instanceof ByteVectorType) {
    return fc.uint8Array({ minLength: type.lengthBytes, maxLength: type.lengthBytes })
  }
  if (type instanceof ByteListType) {
    return fc.uint8Array({ maxLength: Math.min(type.limitBytes, 40) })
  }
  if (type instanceof ListCompositeType) {
    const element = arbitraryOf(type.elementType as Type<unknown>)
    return fc.array(element, { maxLength: Math.min(type.limit, LENGTH_MAX) })
  }
  if (type instanceof UnionType) {
    const types = type.types as readonly Type<unknown>[]
    return fc.oneof(
      ...types.map((each, selector) =>
        makeRecord({ selector: fc.constant(selector), value: arbitraryOf(each) }),
      ),
    )
  }
  if (type instanceof ContainerType) {
    const fields = Object.entries(type.fields as Record<string, Type<unknown>>)
    return makeRecord(Object.fromEntries(fields.map(([name, each]) => [name, arbitraryOf(each)])))
  }
  throw new TypeError('no values known of this type')
}

/** Objects as decoding gives them. */
function makeRecord(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  return fc.record(fields, { noNullPrototype: true })
}
