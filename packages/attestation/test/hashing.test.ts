import { deepEqual, notDeepEqual, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type Digest, type Epoch, encode, getDigest, type View, voteType } from '../src/index.ts'
import { encodeBriefly } from '../src/decode.ts'
import { beginHash, finishHash, sha256 } from '../src/hashing.ts'
import { observationsType } from '../src/schema.ts'

const hashWithNode = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
const makeBytes = (length: number) => Uint8Array.from({ length }, (_, index) => index * 7)
const networkId = makeBytes(32) as Digest
const vote = { epoch: 3, view: 9, kind: 1, member: 2, header: makeBytes(32) } as {
  epoch: Epoch
  view: View
  kind: number
  member: never
  header: Digest
}

describe('hashing', () => {
  it('gives what node:crypto gives for every length around the blocks of a hash', () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = makeBytes(length)
      deepEqual(sha256(bytes), hashWithNode(bytes))
    }
  })

  it('goes on from one prefix as often as is asked, whatever is hashed in between', () => {
    const [short, long] = [makeBytes(5), makeBytes(68)]
    const [afterShort, afterLong] = [beginHash(short), beginHash(long)]
    for (let length = 0; length <= 130; length++) {
      const bytes = makeBytes(length)
      deepEqual(finishHash(afterShort, bytes), hashWithNode(short, bytes))
      deepEqual(sha256(bytes), hashWithNode(bytes))
      deepEqual(finishHash(afterLong, bytes), hashWithNode(long, bytes))
    }
  })

  it('gives bytes that nothing later writes over', () => {
    const first = sha256(makeBytes(3))
    const kept = first.slice()
    sha256(makeBytes(4))
    deepEqual(first, kept)
  })

  it('binds each network that is asked for in turn, and an id that was changed in place', () => {
    const [mine, other] = [networkId.slice() as Digest, makeBytes(32).toReversed() as Digest]
    const sign = (id: Digest) => getDigest(id, 'notarize', 1 as Epoch, makeBytes(51))
    const [before, elsewhere] = [sign(mine), sign(other)]
    notDeepEqual(before, elsewhere)
    deepEqual(sign(mine), before)
    mine.set(other)
    deepEqual(sign(mine), elsewhere)
  })
})

describe('encoding for a hash', () => {
  it('gives the canonical bytes, of what is long too', () => {
    deepEqual(encodeBriefly(voteType, vote), voteType.serialize(vote))
    const observation = {
      target: 0 as never,
      status: 1,
      code: 0,
      referenceKind: 0,
      reference: 0,
      signals: Array.from({ length: 8 }, (_, index) => ({ index, value: 5n })),
      identities: [],
    }
    const many = Array.from({ length: 200 }, () => observation)
    const bytes = observationsType.serialize(many)
    deepEqual(bytes.length > 4096, true)
    deepEqual(encodeBriefly(observationsType, many), bytes)
    deepEqual(encode(observationsType, many), bytes)
  })

  it('gives bytes that nothing later writes over, save where they are asked for briefly', () => {
    const kept = encode(voteType, vote)
    const brief = encodeBriefly(voteType, vote)
    encode(voteType, { ...vote, view: 10 as View })
    deepEqual(kept, voteType.serialize(vote))
    notDeepEqual(brief, kept)
  })

  it('is none the worse for what did not fit its type before', () => {
    throws(() => encodeBriefly(voteType, { ...vote, view: -1 as View }), RangeError)
    deepEqual(encodeBriefly(voteType, vote), encode(voteType, vote))
  })
})
