import { areEqual, decode, encode } from '@watchfire/attestation'
import { drawWire } from '../draw-wire.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'
import { decodedTypes } from './wire-types.ts'

/** Valid encodings that are changed again and again: to draw one takes longer than to decode it. */
const DRAWN_MAX = 256

function getType(index: number) {
  const type = decodedTypes[index]
  if (type === undefined) throw new RangeError(`there is no type ${index}`)
  return type
}

/** Strict decoding of every wire type (SPEC 1). The first byte of an input says which. */
export const decoders: FuzzTarget = {
  name: 'decoders',
  codes: ['malformed'],
  share: 8,
  open() {
    const drawn: { index: number; bytes: Uint8Array }[] = []
    return {
      draw(prng) {
        if (drawn.length < DRAWN_MAX || prng.chance(200)) {
          const index = prng.between(0, decodedTypes.length - 1)
          const type = getType(index)
          const bytes = encode(type, drawWire(prng, type))
          const at = drawn.length < DRAWN_MAX ? drawn.length : prng.between(0, DRAWN_MAX - 1)
          drawn[at] = { index, bytes }
          return join(Uint8Array.of(index), bytes)
        }
        const { index, bytes } = prng.pick(drawn)
        const others = [prng.pick(drawn).bytes]
        const type = prng.chance(970) ? index : prng.between(0, decodedTypes.length - 1)
        return join(Uint8Array.of(type), mutateBytes(prng, bytes, others))
      },
      run(input) {
        const type = getType((input[0] ?? 0) % decodedTypes.length)
        const bytes = input.subarray(1)
        const before = Uint8Array.from(bytes)
        const decoded = decode(type, bytes)
        check(areEqual(before, bytes), 'decoding changed the bytes')
        if (!decoded.ok) return { code: decoded.code, trace: decoded.detail }
        // What was decoded is a copy: the caller may use its buffer again.
        bytes.fill(0xa5)
        const again = encode(type, decoded.value)
        check(areEqual(again, before), 'accepted bytes are not those of the value')
        return { code: 'accepted' }
      },
    }
  },
}
