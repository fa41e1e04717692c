import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSecrets } from '../../src/config/read-secrets.ts'
import type { BoundSecret, SecretSource } from '../../src/config/secret-config.ts'

const CANARY = 'user:canary-77'
const origin = 'https://rpc.example'

describe('secrets of targets', () => {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-secrets-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  function write(text: string, mode = 0o600): string {
    const file = join(directory, 'secret')
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }

  type Parts = Partial<Record<'basic' | 'bearer' | 'url', SecretSource>> & {
    readonly headers?: BoundSecret['headers']
  }
  function read(parts: Parts, env: Readonly<Record<string, string>> = {}) {
    const none = { basic: undefined, bearer: undefined, url: undefined, headers: {} }
    return readSecrets([{ target: 'node', origin, ...none, ...parts }], env)
  }
  function refuse(parts: Parts, env: Readonly<Record<string, string>> = {}) {
    const result = read(parts, env)
    assert.ok(!result.ok)
    assert.ok(!JSON.stringify(result).includes('canary'), 'a fault tells the secret')
    return result
  }

  it('come from files and variables, as headers and a URL', () => {
    const result = read(
      {
        basic: { file: write(`${CANARY}\n`) },
        url: { env: 'URL_OF_NODE' },
        headers: { 'x-key': { env: 'KEY' } },
      },
      { URL_OF_NODE: `${origin}/v2/abcd`, KEY: 'a key' },
    )
    assert.ok(result.ok)
    assert.deepEqual(result.value.get('node'), [
      {
        origin,
        headers: {
          authorization: `Basic ${Buffer.from(CANARY).toString('base64')}`,
          'x-key': 'a key',
        },
        url: `${origin}/v2/abcd`,
      },
    ])
    const token = read({ bearer: { env: 'TOKEN' } }, { TOKEN: 'abcd' })
    assert.ok(token.ok)
    assert.deepEqual(token.value.get('node')?.[0]?.headers, { authorization: 'Bearer abcd' })
  })

  it('are refused in a file that others can read, with the mode', () => {
    for (const mode of [0o640, 0o604, 0o660, 0o610]) {
      const { code, detail, path } = refuse({ basic: { file: write(CANARY, mode) } })
      assert.equal(code, 'secret-readable-by-others')
      assert.match(detail, new RegExp(`got mode 0${mode.toString(8)}$`))
      assert.deepEqual(path, ['probe', 'secrets', 0, 'basic'])
    }
    assert.ok(read({ basic: { file: write(CANARY, 0o400) } }).ok)
  })

  it('are judged by the file that a link leads to', () => {
    const link = join(directory, 'link')
    symlinkSync(write(CANARY, 0o644), link)
    assert.equal(refuse({ basic: { file: link } }).code, 'secret-readable-by-others')
    write(CANARY)
    assert.ok(read({ basic: { file: link } }).ok)
  })

  it('are refused where they are not, or are no secret, which is not repeated', () => {
    const directoryFile = join(directory, 'directory')
    mkdirSync(directoryFile, { mode: 0o700 })
    for (const [parts, env, code] of [
      [{ basic: { file: join(directory, 'none') } }, {}, 'secret-missing'],
      [{ basic: { env: 'NONE' } }, {}, 'secret-missing'],
      [{ basic: { file: directoryFile } }, {}, 'secret-unreadable'],
      [{ bearer: { env: 'A' } }, { A: 'abc' }, 'secret-malformed'],
      [{ bearer: { env: 'A' } }, { A: 'canary\r\nhost: other' }, 'secret-malformed'],
      [{ bearer: { env: 'A' } }, { A: ' canary' }, 'secret-malformed'],
      [{ bearer: { env: 'A' } }, { A: 'canary'.repeat(1000) }, 'secret-malformed'],
      [{ basic: { env: 'A' } }, { A: 'canary' }, 'secret-malformed'],
      [{ url: { env: 'A' } }, { A: 'canary' }, 'secret-malformed'],
      [{ url: { env: 'A' } }, { A: 'https://u:canary@rpc.example/' }, 'secret-malformed'],
      [{ url: { env: 'A' } }, { A: 'https://other.example/canary' }, 'secret-misbound'],
      [{ url: { env: 'A' } }, { A: 'http://rpc.example/canary' }, 'secret-misbound'],
    ] as const) {
      assert.equal(refuse(parts, env).code, code, JSON.stringify([parts, env]))
    }
    const long = write('canary'.repeat(2000))
    assert.equal(refuse({ bearer: { file: long } }).code, 'secret-malformed')
  })
})
