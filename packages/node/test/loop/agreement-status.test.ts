import assert from 'node:assert/strict'
import type { Epoch, Height, MemberIndex, Round, UnixMs, View } from '@watchfire/attestation'
import type { Status } from '@watchfire/consensus'
import { getAgreement } from '../../src/loop/agreement-status.ts'
import { makeContext } from '../fixtures.ts'

const context = makeContext(4)
const members = (count: number): MemberIndex[] =>
  Array.from({ length: count }, (_, i) => i as MemberIndex)

function makeCore(finalRound: number, more: Partial<Status> = {}): Status {
  return {
    epoch: 0 as Epoch,
    view: 7 as View,
    enteredViewAtMs: 0 as UnixMs,
    leader: 0 as MemberIndex,
    finalHeight: 5 as Height,
    finalRound: finalRound as Round,
    tipRound: finalRound as Round,
    tipHeight: 5 as Height,
    muted: false,
    viewDeadlineMs: 0 as UnixMs,
    ended: false,
    missingAttestations: 0,
    missingBlocks: 0,
    excluded: [],
    ...more,
  }
}
/** At the middle of round 10. */
function judge(
  core: Status,
  heard: number,
  hasFinal = true,
  more: { readonly othersRound?: Round; readonly isNew?: boolean } = {},
): ReturnType<typeof getAgreement> {
  return getAgreement({
    context,
    core,
    heard: members(heard),
    nowMs: 21_000 as UnixMs,
    hasFinal,
    othersRound: more.othersRound,
    isNew: more.isNew ?? false,
  })
}

describe('agreement status', () => {
  it('is ok while the newest certificate is fresh', () => {
    const { agreement, reason } = judge(makeCore(9), 4)
    assert.equal(agreement, 'ok')
    assert.equal(reason, 'round 9 is certified')
  })

  it('says who is silent as soon as no certificate can form, though the last is still fresh', () => {
    const { agreement, reason, heard } = judge(makeCore(8), 2)
    assert.equal(agreement, 'waiting')
    assert.equal(
      reason,
      '2 of 4 monitors heard (weight 2 of quorum 3): no certificate can form since round 8; silent: m3, m4',
    )
    assert.deepEqual(heard.silent, ['m3', 'm4'])
  })

  it('is stalled when a quorum is heard and nothing comes of it', () => {
    const { agreement, reason } = judge(makeCore(3, { missingBlocks: 2 }), 3)
    assert.equal(agreement, 'stalled')
    assert.match(reason, /^3 of 4 monitors heard .* nothing is certified since round 3: 7 rounds/)
    assert.match(reason, /2 blocks are being fetched$/)
    assert.match(judge(makeCore(3, { muted: true }), 3).reason, /signs nothing until it is safe/)
  })

  it('says that it is behind, not that nothing is certified, while others tell of more', () => {
    const othersRound = 9 as Round
    for (const heard of [1, 2, 4]) {
      const { agreement, reason } = judge(makeCore(3), heard, true, { othersRound })
      assert.equal(agreement, 'waiting')
      assert.equal(
        reason,
        'catching up: others hold certificates up to round 9, this node up to round 3',
      )
    }
    assert.match(judge(makeCore(0), 4, false, { othersRound }).reason, /this node none yet$/)
    assert.equal(judge(makeCore(9), 4, true, { othersRound }).agreement, 'ok')
    assert.match(
      judge(makeCore(3), 4, true, { othersRound: 3 as Round }).reason,
      /^4 of 4 .* since/,
    )
  })

  it('does not say that no certificate can form before the others had time to be heard', () => {
    const { agreement, reason } = judge(makeCore(3), 1, true, { isNew: true })
    assert.equal(agreement, 'waiting')
    assert.equal(
      reason,
      '1 of 4 monitors heard (weight 1 of quorum 3) since this node started: it looks for the others',
    )
    assert.equal(judge(makeCore(8), 1, true, { isNew: true }).agreement, 'ok', 'it is fresh')
    assert.equal(judge(makeCore(3), 3, true, { isNew: true }).agreement, 'stalled')
  })

  it('waits for the first certificate and for the network to begin', () => {
    assert.match(judge(makeCore(0), 3, false).reason, /the first certificate is being made/)
    const early = getAgreement({
      context,
      core: makeCore(0),
      heard: members(4),
      nowMs: -5 as UnixMs,
      hasFinal: false,
      othersRound: undefined,
      isNew: true,
    })
    assert.equal(early.agreement, 'waiting')
    assert.equal(early.reason, 'the network begins at 1970-01-01T00:00:00.000Z')
  })

  it('does not take certificates from ahead of its own clock for fresh ones', () => {
    const { agreement, reason } = judge(makeCore(60), 4)
    assert.equal(agreement, 'waiting')
    assert.equal(reason, 'round 60 is certified, which is yet to come here')
  })

  it('is halted, with the reason, after an alarm that ends voting', () => {
    const { agreement, reason } = judge(makeCore(9, { halted: 'conflicting-finality' }), 4)
    assert.equal(agreement, 'halted')
    assert.match(reason, /^this node votes no more: two blocks/)
  })
})
