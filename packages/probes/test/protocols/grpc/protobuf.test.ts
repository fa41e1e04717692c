import assert from 'node:assert/strict'
import {
  encodeMessage,
  getBytes,
  getMessage,
  getNumber,
  getSigned,
  getText,
  readMessage,
} from '../../../src/protocols/grpc/protobuf.ts'

function read(...bytes: readonly number[]) {
  const fields = readMessage(Uint8Array.from(bytes))
  assert.ok(fields)
  return fields
}

describe('protobuf', () => {
  it('writes and reads the examples of its documentation', () => {
    // protobuf.dev, "Encoding": Test1 {a: 150}, Test2 {b: "testing"}, Test3 {c: {a: 150}}.
    const test1 = [0x08, 0x96, 0x01]
    const test2 = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]
    const test3 = [0x1a, 0x03, ...test1]
    assert.deepEqual([...encodeMessage([[1, 150]])], test1)
    assert.deepEqual([...encodeMessage([[2, 'testing']])], test2)
    assert.deepEqual([...encodeMessage([[3, Uint8Array.from(test1)]])], test3)
    const all = read(...test1, ...test2, ...test3)
    assert.equal(getNumber(all, 1), 150n)
    assert.equal(getText(all, 2), 'testing')
    const inner = getMessage(all, 3)
    assert.ok(inner)
    assert.equal(getNumber(inner, 1), 150n)
  })

  it('reads negative numbers, the last of several, and nothing as 0 or empty', () => {
    const minusTwo = [0x08, 0xfe, ...Array<number>(8).fill(0xff), 0x01]
    assert.equal(getSigned(read(...minusTwo), 1), -2n)
    assert.equal(getNumber(read(...minusTwo), 1), 2n ** 64n - 2n)
    const beyond = [0x08, ...Array<number>(9).fill(0xff), 0x7f]
    assert.equal(getNumber(read(...beyond), 1), 2n ** 64n - 1n, 'no more than 64 bits')
    assert.equal(getNumber(read(8, 1, 8, 2), 1), 2n)
    assert.equal(getNumber(read(), 1), 0n)
    assert.equal(getBytes(read(8, 1), 1).length, 0)
    assert.equal(getNumber(read(10, 1, 7), 1), 0n)
  })

  it('passes over numbers of fixed width, and keeps apart what a message repeats', () => {
    const fields = read(0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4, 0x1a, 0, 0x1a, 1, 9)
    assert.deepEqual(
      fields.get(3)?.map((value) => (typeof value === 'bigint' ? value : [...value])),
      [[], [9]],
    )
    assert.equal(fields.size, 1)
  })

  it('numbers take up to 53 bits when they are written', () => {
    const fields = readMessage(encodeMessage([[1, Number.MAX_SAFE_INTEGER]]))
    assert.ok(fields)
    assert.equal(getNumber(fields, 1), BigInt(Number.MAX_SAFE_INTEGER))
  })

  it('refuses what is no message', () => {
    for (const bytes of [
      [0],
      [7],
      [8],
      [0x0a, 2, 1],
      [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      [0x09, 1],
      [0x0d, 1, 2, 3],
      [0x0b],
      [0x0e],
      Array<number>(11).fill(0x80),
      [...Array<number>(9).fill(0xff), 0x7f, 1],
    ]) {
      assert.equal(readMessage(Uint8Array.from(bytes)), undefined, bytes.join(' '))
    }
  })
})
