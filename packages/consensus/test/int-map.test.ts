import { deepEqual, equal } from 'node:assert/strict'
import * as fc from 'fast-check'
import { ascend, dropBelow, getAt, type IntMap, makeIntMap, setAt } from '../src/int-map.ts'

const keys = fc.array(fc.nat({ max: 300 }), { maxLength: 40 })

function fill(entries: readonly number[]): IntMap<string> {
  return entries.reduce((map, key) => setAt(map, key, `at ${key}`), makeIntMap<string>())
}

describe('the map from whole numbers', () => {
  it('holds what was set, ascending, in whatever order it came', () => {
    fc.assert(
      fc.property(keys, (entries) => {
        const expected = [...new Set(entries)].toSorted((a, b) => a - b)
        deepEqual(
          [...ascend(fill(entries))],
          expected.map((key) => [key, `at ${key}`]),
        )
      }),
    )
  })

  it('drops exactly what is below a key', () => {
    fc.assert(
      fc.property(keys, fc.nat({ max: 310 }), (entries, floor) => {
        const map = dropBelow(fill(entries), floor)
        for (let key = 0; key <= 300; key++) {
          const isKept = entries.includes(key) && key >= floor
          equal(getAt(map, key), isKept ? `at ${key}` : undefined)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('leaves the map it was made from as it was', () => {
    const map = fill([1, 70])
    setAt(map, 1, 'other')
    dropBelow(map, 70)
    deepEqual(
      [...ascend(map)],
      [
        [1, 'at 1'],
        [70, 'at 70'],
      ],
    )
    equal(dropBelow(map, 1), map)
  })
})
