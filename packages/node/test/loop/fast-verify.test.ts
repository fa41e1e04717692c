import assert from 'node:assert/strict'
import { type Digest, getPublicKey, signDigest, verifySignature } from '@watchfire/attestation'
import * as fc from 'fast-check'
import { makeSigner } from '../../src/keys/signer.ts'
import { makeFastVerify, makeSignatureCheck } from '../../src/loop/fast-verify.ts'

const seed = new Uint8Array(32).fill(7)
const publicKey = getPublicKey(seed)
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
/** L, the order of Ed25519's base point. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n

function toScalar(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

describe('fast verification', () => {
  const fast = makeFastVerify()

  it('accepts what an honest signer made, and the signer makes what RFC 8032 says', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (secretKey, message) => {
        const key = { file: '', secretKey, publicKey: getPublicKey(secretKey) }
        const signature = makeSigner(key, 0 as never).sign(message as Digest)
        assert.deepEqual(signature, signDigest(message as Digest, secretKey))
        assert.equal(fast(signature, message, key.publicKey), true)
      }),
      { numRuns: 50 },
    )
  })

  it('accepts nothing that ZIP-215 refuses, whatever the bytes', () => {
    const digest = new Uint8Array(32).fill(1) as Digest
    const good = signDigest(digest, seed)
    const flipped = fc.integer({ min: 0, max: 511 }).map((bit) => {
      const signature = good.slice()
      const at = Math.floor(bit / 8)
      signature[at] = (signature[at] ?? 0) ^ (1 << (bit % 8))
      return signature
    })
    fc.assert(
      fc.property(
        fc.oneof(bytes(64), flipped),
        fc.oneof(bytes(32), fc.constant(publicKey)),
        (signature, key) => {
          if (fast(signature, digest, key))
            assert.equal(verifySignature(signature, digest, key), true)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('says false of a key or signature of the wrong length', () => {
    assert.equal(fast(new Uint8Array(63), new Uint8Array(32), publicKey), false)
    assert.equal(fast(new Uint8Array(64), new Uint8Array(32), new Uint8Array(31)), false)
  })

  it('puts off what only the slow check can decide when the budget is used up', () => {
    const digest = new Uint8Array(32).fill(1) as Digest
    const signature = signDigest(digest, seed)
    let asked = 0
    const check = makeSignatureCheck(fast, () => {
      asked += 1
      return false
    })
    assert.equal(check(signature, digest, publicKey), 'valid')
    assert.equal(asked, 0)
    const forged = signature.slice()
    forged[0] = (forged[0] ?? 0) ^ 1
    assert.equal(check(forged, digest, publicKey), 'deferred')
    assert.equal(asked, 1)
    assert.equal(makeSignatureCheck(fast, () => true)(forged, digest, publicKey), 'invalid')
  })

  it('refuses an S that is not below L without a slow check, and only that', () => {
    const digest = new Uint8Array(32).fill(1) as Digest
    const never = (): boolean => assert.fail('no slow check is needed')
    const withScalar = (scalar: bigint): Uint8Array =>
      Uint8Array.from([...signDigest(digest, seed).subarray(0, 32), ...toScalar(scalar)])
    for (const scalar of [order, order + 1n, 2n ** 255n, 2n ** 256n - 1n])
      assert.equal(
        makeSignatureCheck(fast, never)(withScalar(scalar), digest, publicKey),
        'invalid',
      )
    let asked = 0
    const count = (): boolean => {
      asked += 1
      return true
    }
    makeSignatureCheck(fast, count)(withScalar(order - 1n), digest, publicKey)
    assert.equal(asked, 1)
  })
})
