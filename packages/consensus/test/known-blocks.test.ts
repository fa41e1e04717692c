import { deepEqual } from 'node:assert/strict'
import { fromText, type KnownBlock, toText } from '@watchfire/attestation'
import { compareGroup, recordBlock } from '../src/known-blocks.ts'
import type { GroupPlan } from '../src/plan.ts'

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const block = (height: number, byte: number, index = 0): KnownBlock => ({
  height,
  identities: [{ index, value: hash(byte) }],
})

describe('the heights kept of a target (SPEC 7.6)', () => {
  const agreed = (referenceKind: number, reference: number, index = 0) => ({
    referenceKind,
    reference,
    identities: [{ index, weight: 3, value: hash(1) }],
  })

  it('are two, the last agreed first, each once', () => {
    const before = [block(9, 1), block(8, 1)]
    deepEqual(recordBlock(before, agreed(1, 10), [0]), [block(10, 1), block(9, 1)])
    deepEqual(recordBlock(before, agreed(1, 8), [0]), [block(8, 1), block(9, 1)])
  })

  it('stay where no height, or no identity of a chain, is agreed on', () => {
    const before = [block(9, 1)]
    deepEqual(recordBlock(before, agreed(2, 10), [0]), before)
    deepEqual(recordBlock(before, agreed(0, 0), [0]), before)
    deepEqual(recordBlock(before, agreed(1, 10, 1), [0]), before)
    deepEqual(recordBlock(before, agreed(1, 10), []), before)
  })
})

describe('targets of a group (SPEC 7.6)', () => {
  const plan: GroupPlan = {
    id: fromText('g'),
    heads: [],
    targets: [0, 1, 2, 3, 4],
    identities: [
      {
        name: fromText('block-hash'),
        places: [0, 1, 2, 3, 4].map((target) => ({ target, identity: 0 })),
      },
    ],
    signals: [],
  }
  function compare(blocks: readonly (readonly KnownBlock[])[]) {
    const { compared, off, forks } = compareGroup(plan, blocks)
    return {
      compared: [...compared].toSorted((a, b) => a - b),
      off: [...off].toSorted((a, b) => a - b),
      forks: forks.map(({ identity, height, majority }) => [
        toText(identity),
        height,
        majority.map((value) => value[0]),
      ]),
    }
  }

  it('are compared with nobody at a height that no other has', () => {
    deepEqual(compare([[block(9, 1)], [block(8, 2)], [], [], []]), {
      compared: [],
      off: [],
      forks: [],
    })
  })

  it('are off where they differ from the value of more than half', () => {
    deepEqual(compare([[block(9, 1)], [block(9, 2)], [block(9, 1)], [], []]), {
      compared: [0, 1, 2],
      off: [1],
      forks: [['block-hash', 9, [1]]],
    })
  })

  it('are all off where no value has more than half', () => {
    const four = [1, 1, 2, 2].map((byte) => [block(9, byte)])
    deepEqual(compare([...four, []]), {
      compared: [0, 1, 2, 3],
      off: [0, 1, 2, 3],
      forks: [['block-hash', 9, []]],
    })
  })

  it('are judged at the greatest height they share, others of it counting with what they had there', () => {
    // At 9 two against one; the one has come back at 10, and only the last differs at 8.
    const blocks = [
      [block(10, 5), block(9, 1)],
      [block(10, 5), block(9, 2)],
      [block(9, 1), block(8, 1)],
      [block(8, 3)],
      [],
    ]
    deepEqual(compare(blocks), {
      compared: [0, 1, 2, 3],
      off: [3],
      forks: [['block-hash', 8, []]],
    })
  })
})
