import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { problems } from '../../src/http/problem.ts'
import { readinessCodes } from '../../src/http/schemas.ts'
import { startTestServer } from './server-fixture.ts'

const page = join(import.meta.dirname, '../../../../docs/api.md')

describe('docs/api.md', () => {
  let text: string
  before(async () => {
    text = await readFile(page, 'utf8')
  })

  it('names every path there is, and no other', async () => {
    const { server } = await startTestServer(1)
    try {
      const document = (await (await fetch(`${server.url}/v1/openapi.json`)).json()) as {
        paths: Record<string, unknown>
      }
      const listed = [...text.matchAll(/^\| `(\/[^`]+)` \|/gm)].map(([, path]) => String(path))
      assert.deepEqual(listed.toSorted(), Object.keys(document.paths).toSorted())
    } finally {
      await server.close()
    }
  })

  it('names every problem with its status, and no other', () => {
    const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
      ([, code, status]) => `${code} ${status}`,
    )
    const expected = Object.entries(problems).map(([code, [status]]) => `${code} ${status}`)
    assert.deepEqual(listed.toSorted(), expected.toSorted())
  })

  it('names every reason for not being ready', () => {
    for (const code of readinessCodes) assert.ok(text.includes(`\`${code}\``), code)
  })
})
