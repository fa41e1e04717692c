import assert from 'node:assert/strict'
import type { UnixMs } from '@watchfire/attestation'
import { assert as assertProperty, integer, property } from 'fast-check'
import { getHeightByDepth, getReferenceHeight } from '../../../src/protocols/evm/reference-block.ts'

const BORN_MS = 1_700_000_000_000

describe('reference block', () => {
  it('is the one that was newest so many blocks’ time before the round, cut to a step', () => {
    const head = { height: 1000, timestampMs: BORN_MS }
    const params = { blockMs: 12_000, referenceDepth: 8, referenceStep: 1 }
    const ask = (sinceMs: number, step = 1) =>
      getReferenceHeight(head, { ...params, referenceStep: step }, (BORN_MS + sinceMs) as UnixMs)
    assert.equal(ask(0), 992)
    assert.equal(ask(11_999), 992)
    assert.equal(ask(12_000), 993)
    assert.equal(ask(96_000), 1000)
    assert.equal(ask(3_600_000), 1000, 'the head itself of a chain that stands still')
    assert.equal(ask(0, 32), 992)
    assert.equal(ask(-12_000, 32), 960)
    assert.equal(ask(-1_000_000_000, 32), 0)
  })

  it('is one for all monitors of a round, however far each node has got', () => {
    assertProperty(
      property(
        integer({ min: 1, max: 60_000 }),
        integer({ min: 0, max: 40 }),
        integer({ min: 1, max: 64 }),
        integer({ min: 0, max: 10_000_000 }),
        integer({ min: 0, max: 50 }),
        integer({ min: 0, max: 50 }),
        (blockMs, referenceDepth, referenceStep, intoMs, one, other) => {
          const params = { blockMs, referenceDepth, referenceStep }
          const roundStartMs = (BORN_MS + intoMs) as UnixMs
          // Any head from the reference moment on: nodes that are further behind see another chain's end.
          const settled = Math.floor((intoMs - referenceDepth * blockMs) / blockMs)
          const getHead = (ahead: number) => {
            const height = Math.max(0, settled) + ahead
            return { height, timestampMs: BORN_MS + height * blockMs }
          }
          assert.equal(
            getReferenceHeight(getHead(one), params, roundStartMs),
            getReferenceHeight(getHead(other), params, roundStartMs),
          )
        },
      ),
    )
  })

  it('is by depth alone a multiple of the step, below what may still be reorganized', () => {
    const params = { referenceDepth: 8, referenceStep: 32 }
    for (const [head, height] of [
      [0, 0],
      [7, 0],
      [39, 0],
      [40, 32],
      [71, 32],
      [72, 64],
    ] as const) {
      assert.equal(getHeightByDepth(head, params), height, `head ${head}`)
    }
  })
})
