import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BLOCKS_KEPT, isContractSaved, trimState } from '../../src/devnet/chain-state.ts'

const block = (number: number) => ({ header: { number: `0x${number.toString(16)}` } })

describe('chain state', () => {
  it('keeps the newest blocks, in whatever order anvil lists them, and no transactions', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => (i * 77) % 200)
    const trimmed = trimState({
      best_block_number: 198,
      blocks: numbers.map(block),
      transactions: [{}],
    })
    const kept = trimmed.blocks.map(({ header }) => Number(header.number)).toSorted((a, b) => a - b)
    assert.equal(kept[0], 198 - BLOCKS_KEPT + 1)
    assert.equal(kept.at(-1), 199)
    assert.ok(kept.includes(198))
    assert.deepEqual(trimmed.transactions, [])
  })

  it('tells whether a contract is in the saved state', () => {
    const dir = mkdtempSync(join(tmpdir(), 'watchfire-state-'))
    try {
      const path = join(dir, 'state.json')
      assert.equal(isContractSaved(path, '0xAb'), false)
      const accounts = { '0xab': { code: '0x60' }, '0xcd': { code: '0x' } }
      writeFileSync(path, JSON.stringify({ accounts }))
      assert.equal(isContractSaved(path, '0xAb'), true)
      assert.equal(isContractSaved(path, '0xcd'), false)
      assert.equal(isContractSaved(path, '0xef'), false)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
