import assert from 'node:assert/strict'
import type { MemberIndex, SignedStatus, UnixMs } from '@watchfire/attestation'
import { makeMemberBook } from '../../src/loop/member-book.ts'
import { makeContext } from '../fixtures.ts'

const at = (member: number): MemberIndex => member as MemberIndex
function makeStatus(member: number, timeMs: number): SignedStatus {
  return { message: { member: at(member), timeMs } } as SignedStatus
}

describe('member book', () => {
  it('counts as heard who signed something lately, and this node always', () => {
    let nowMs = 0
    const book = makeMemberBook(makeContext(4), at(0), () => nowMs)
    assert.deepEqual(book.listHeard(1000), [0])
    book.hear(at(2), 'p', 5 as UnixMs)
    nowMs = 1000
    assert.deepEqual(book.listHeard(1000), [0, 2])
    nowMs = 1001
    assert.deepEqual(book.listHeard(1000), [0])
  })

  it('tells our clock from the middle of the others, once more than f have told theirs', () => {
    const book = makeMemberBook(makeContext(4), at(0), () => 0)
    assert.equal(book.getOwnOffsetMs(), undefined)
    book.hearStatus(makeStatus(1, 10_000 - 700), 'p', 10_000 as UnixMs)
    assert.equal(book.getOwnOffsetMs(), undefined)
    book.hearStatus(makeStatus(2, 10_000 - 800), 'p', 10_000 as UnixMs)
    assert.equal(book.getOwnOffsetMs(), 800)
    // One that lies wildly does not move the middle beyond honest ones.
    book.hearStatus(makeStatus(3, 10_000 + 50_000), 'p', 10_000 as UnixMs)
    assert.equal(book.getOwnOffsetMs(), 700)
  })

  it('tells how far others are from more than f of them, heard lately and without this node', () => {
    let nowMs = 0
    const book = makeMemberBook(makeContext(4), at(0), () => nowMs)
    const tell = (member: number, round: number) => {
      const message = { member: at(member), timeMs: nowMs, round }
      book.hearStatus({ message } as SignedStatus, 'p', nowMs as UnixMs)
    }
    tell(0, 90)
    tell(1, 70)
    assert.equal(book.getOthersRound(1000), undefined, 'one may be lying')
    tell(2, 7)
    assert.equal(book.getOthersRound(1000), 7)
    nowMs = 900
    tell(3, 9)
    assert.equal(book.getOthersRound(1000), 9)
    nowMs = 1001
    assert.equal(book.getOthersRound(1000), undefined, 'two were not heard since')
  })

  it('believes a record too far off only of a member it has not heard itself', () => {
    const book = makeMemberBook(makeContext(4), undefined, () => 0)
    book.hearFarClock(at(1), -90_000)
    book.hearFarClock(at(2), -90_000)
    assert.equal(book.getOwnOffsetMs(), 90_000)
    book.hearStatus(makeStatus(1, 10_000), 'p', 10_000 as UnixMs)
    book.hearStatus(makeStatus(2, 10_000), 'p', 10_000 as UnixMs)
    book.hearFarClock(at(1), -90_000)
    book.hearFarClock(at(2), -90_000)
    assert.ok(Math.abs(book.getOwnOffsetMs() ?? 1) === 0)
  })
})
