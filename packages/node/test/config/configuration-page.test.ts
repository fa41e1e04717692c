import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeConfigDefaults, nodeConfigSchema } from '../../src/config/node-config.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8')

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
}

/** `p2p.listen`, and so on: every field that holds a value. */
function listFields(schema: Schema, path = ''): string[] {
  if (schema.properties === undefined) return [path]
  return Object.entries(schema.properties).flatMap(([name, field]) =>
    listFields(field, path === '' ? name : `${path}.${name}`),
  )
}

function getDefault(field: string): unknown {
  let value: unknown = nodeConfigDefaults
  for (const name of field.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

function format(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

describe('docs/configuration.md', () => {
  const table = page.slice(0, page.indexOf('## The data directory'))
  const rows = [...table.matchAll(/^\| `([\w.]+)` \| ([^|]*) \|/gm)].map(
    ([, field = '', said = '']) => ({ field, said: said.trim() }),
  )

  it('names every field of a configuration, and no other', () => {
    assert.deepEqual(
      rows.map(({ field }) => field),
      listFields(nodeConfigSchema as Schema),
    )
  })

  it('says the default of each that has one', () => {
    for (const { field, said } of rows) {
      const value = getDefault(field)
      if (value === undefined) assert.match(said, /^(none|required)$/, field)
      else assert.equal(said, `\`${format(value)}\``, field)
    }
  })
})
