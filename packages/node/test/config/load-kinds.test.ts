import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadKinds } from '../../src/config/load-kinds.ts'

/** Source of a package whose one kind is named so; `more` is over what it has. */
function makeSource(kind: string, more = ''): string {
  return `
    export const interfaceVersion = 1
    export const makeKinds = ({ Type, failed }) => [{
      kind: '${kind}',
      summary: 'For a test.',
      params: Type.Object({}),
      signals: () => [],
      identities: [],
      outcomes: ['timeout'],
      defaultPolicy: () => ({}),
      probe: async () => failed('timeout', ''),
      ${more}
    }]`
}

describe('packages of kinds', () => {
  let directory = ''
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-kinds-'))
  })
  after(() => rmSync(directory, { recursive: true }))

  function install(name: string, source: string, json: object = { exports: './index.js' }): string {
    const place = join(directory, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type: 'module', ...json }))
    writeFileSync(join(place, 'index.js'), source)
    return name
  }
  const load = (...names: string[]) => loadKinds(names, directory)

  it('are found by name, scope or path from a directory and from those below it', async () => {
    install('kind-one', makeSource('one'))
    install('@scope/kind-two', makeSource('two'))
    mkdirSync(join(directory, 'own'))
    writeFileSync(join(directory, 'own', 'index.mjs'), makeSource('three'))
    const loaded = await load('kind-one', '@scope/kind-two', './own/index.mjs')
    assert.ok(loaded.ok, JSON.stringify(loaded))
    assert.deepEqual(
      loaded.value.map(({ kind }) => kind),
      ['one', 'two', 'three'],
    )
    const below = join(directory, 'below')
    mkdirSync(below)
    assert.ok((await loadKinds(['kind-one'], below)).ok)
    const none = await load()
    assert.ok(none.ok && none.value.length === 0)
  })

  it('refuses what is no package of kinds, each by its name', async () => {
    for (const [name, source, code, detail] of [
      ['k-throws', 'throw new Error("oh\\nno")', 'kind-throws', /k-throws: Error: oh no$/],
      ['k-syntax', 'export const', 'kind-throws', /SyntaxError/],
      ['k-import', 'import "nothing-there"', 'kind-throws', /nothing-there/],
      [
        'k-makes',
        `export const interfaceVersion = 1; export const makeKinds = () => { throw new Error('no') }`,
        'kind-throws',
        /Error: no$/,
      ],
      ['k-none', 'export const a = 1', 'kind-wrong-interface', /expected .* 1, got none$/],
      ['k-next', 'export const interfaceVersion = 2', 'kind-wrong-interface', /got 2$/],
      ['k-text', 'export const interfaceVersion = "1"', 'kind-wrong-interface', /got "1"$/],
      ['k-empty', 'export const interfaceVersion = 1', 'kind-malformed', /a function makeKinds/],
      [
        'k-list',
        'export const interfaceVersion = 1; export const makeKinds = () => ({})',
        'kind-malformed',
        /a list of kinds/,
      ],
      ['k-name', makeSource('No Name'), 'kind-malformed', /an identifier as name/],
      ['k-probe', makeSource('a', 'probe: 1,'), 'kind-malformed', /kind a: .*function probe/],
      ['k-params', makeSource('a', 'params: Type.String(),'), 'kind-malformed', /as params/],
      ['k-ident', makeSource('a', 'identities: [{}],'), 'kind-malformed', /identities/],
      ['k-out', makeSource('a', 'outcomes: ["timeout", "x"],'), 'kind-malformed', /outcomes among/],
      ['k-time', makeSource('a', 'outcomes: ["tls"],'), 'kind-malformed', /timeout among/],
      ['k-http', makeSource('http'), 'kind-name-clash', /kind http is one of this release/],
    ] as const) {
      const loaded = await load(install(name, source))
      assert.ok(!loaded.ok, name)
      assert.equal(loaded.code, code, `${name}: ${loaded.detail}`)
      assert.match(loaded.detail, detail)
    }
  })

  it('refuses the second of two with a kind of one name, and says whose the first is', async () => {
    install('kind-one', makeSource('one'))
    const loaded = await load('kind-one', install('kind-once-more', makeSource('one')))
    assert.ok(!loaded.ok)
    assert.equal(loaded.code, 'kind-name-clash')
    assert.equal(loaded.index, 1)
    assert.match(loaded.detail, /^kind-once-more: kind one is one of kind-one already$/)
  })

  it('says of what is not there, or exports nothing to it, that it is not found', async () => {
    for (const name of ['kind-nowhere', './nowhere.js', 'fs', 'http']) {
      const loaded = await load(name)
      assert.ok(!loaded.ok)
      assert.equal(loaded.code, 'kind-not-found', name)
    }
    const hidden = { exports: { './other': './index.js' } }
    const loaded = await load(install('kind-hidden', makeSource('hidden'), hidden))
    assert.ok(!loaded.ok)
    assert.match(loaded.detail, /exports no "default"/)
  })
})
