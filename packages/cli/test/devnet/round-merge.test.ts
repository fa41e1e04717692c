import assert from 'node:assert/strict'
import { assert as check, integer, property, shuffledSubarray, uniqueArray } from 'fast-check'
import { makeRoundMerge } from '../../src/devnet/round-merge.ts'

const at = (height: number) => ({ height })

describe('makeRoundMerge', () => {
  it('gives out each height once, whichever node has it first', () => {
    const merge = makeRoundMerge<{ height: number; from: string }>(0)
    assert.deepEqual(merge.offer({ height: 1, from: 'm2' }), [{ height: 1, from: 'm2' }])
    assert.deepEqual(merge.offer({ height: 1, from: 'm1' }), [])
    assert.equal(merge.last, 1)
  })

  it('holds what comes early until what is missing has come', () => {
    const merge = makeRoundMerge(4)
    assert.deepEqual(merge.offer(at(7)), [])
    assert.deepEqual(merge.offer(at(6)), [])
    assert.equal(merge.missing, 5)
    assert.deepEqual(merge.offer(at(5)), [at(5), at(6), at(7)])
    assert.equal(merge.missing, undefined)
  })

  it('begins with the first that comes where nothing came before', () => {
    const merge = makeRoundMerge(undefined)
    assert.deepEqual(merge.offer(at(40)), [at(40)])
    assert.deepEqual(merge.offer(at(39)), [])
  })

  it('gives out an unbroken ascending sequence, whatever the order of arrival', () => {
    const heights = uniqueArray(integer({ min: 1, max: 60 }), { minLength: 1 })
    check(
      property(shuffledSubarray(Array.from({ length: 30 }, (_, i) => i + 1)), heights, (a, b) => {
        const merge = makeRoundMerge(0)
        const given = [...a, ...b].flatMap((height) => merge.offer(at(height)))
        const offered = new Set([...a, ...b])
        let reach = 0
        while (offered.has(reach + 1)) reach += 1
        assert.deepEqual(
          given.map(({ height }) => height),
          Array.from({ length: reach }, (_, i) => i + 1),
        )
      }),
    )
  })
})
