import assert from 'node:assert/strict'
import { alignRows, cleanText, renderTable } from '../../src/text/table.ts'
import { paint } from '../../src/text/terminal.ts'

const plain = { isColored: false }
const colored = { isColored: true }

describe('tables', () => {
  it('aligns columns, numbers to the right, and ends no line in blanks', () => {
    const columns = [{ title: 'target' }, { title: 'height', isRight: true }, { title: 'why' }]
    const lines = renderTable(plain, columns, [
      ['chain', '7', ''],
      ['price-feed', '12345678', 'stale'],
    ])
    assert.deepEqual(lines, [
      'target        height  why',
      'chain              7',
      'price-feed  12345678  stale',
    ])
  })

  it('aligns coloured cells as if they had no colour', () => {
    const [painted = '', bare = ''] = alignRows([
      [paint(colored, 'red', 'down'), 'x'],
      ['up', 'y'],
    ])
    assert.equal(bare, 'up    y')
    assert.ok(painted.includes('\u001b['))
    assert.ok(painted.endsWith('  x'))
  })

  it('colours nothing where the terminal wants no colour', () => {
    assert.equal(paint(plain, 'red', 'down'), 'down')
  })

  it('takes what could act on a terminal out of text from elsewhere', () => {
    assert.equal(cleanText('a\u001b[31mb\nc\u009bd\u202ee'), 'a?[31mb?c?d?e')
    assert.equal(cleanText('Zürich 東京'), 'Zürich 東京')
  })
})
