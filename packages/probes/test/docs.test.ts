import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { abstentions, outcomes } from '@watchfire/attestation'
import { builtinKinds } from '../src/builtin-kinds.ts'

const text = readFileSync(new URL('../../../docs/probes.md', import.meta.url), 'utf8')

/** Parameters with which a kind yields all of its signals, taken together. */
const basis = {
  url: 'https://example.com/',
  decimals: 8,
  unit: 'usd',
  validators: ['0'],
  voteAccounts: ['0'],
}
const variants: Readonly<Record<string, readonly object[]>> = {
  'price-feed': [basis, { ...basis, feed: 'sequencer' }, { ...basis, feed: 'pyth' }],
  'price-reference': [{ ...basis, oracles: [{ name: '<name>' }] }],
  ibc: [{ ...basis, channel: {} }],
  contract: [{ ...basis, calls: [], ratios: [] }],
  relayer: ['hermes', 'rly'].map((software) => ({
    ...basis,
    software,
    prefix: '',
    labels: {},
    metrics: [],
  })),
}

function getSection(title: string): string {
  return text.split(`\n### ${title}\n`)[1]?.split(/\n##+ /)[0] ?? ''
}

describe('docs/probes.md', () => {
  for (const kind of builtinKinds) {
    it(`names every parameter, signal, identity and particular outcome of ${kind.kind}`, () => {
      const own = getSection(kind.kind)
      const section = own.includes('(#tls-in-other-kinds)')
        ? `${own}${getSection('TLS in other kinds')}`
        : own
      const schema = kind.params as unknown as { properties: Record<string, { default?: unknown }> }
      for (const [name, { default: value }] of Object.entries(schema.properties)) {
        assert.ok(section.includes(`\`${name}\``), `parameter ${name}`)
        if (typeof value === 'number') {
          assert.match(section, new RegExp(`\`${name}\` \\| ${value} `), `default of ${name}`)
        }
      }
      const signals = (variants[kind.kind] ?? [basis]).flatMap((given) => kind.signals(given))
      for (const { name } of [...signals, ...kind.identities]) {
        assert.ok(section.includes(`\`${name}\``), name)
      }
      for (const outcome of ['wrong-chain', 'syncing', 'reverted'] as const) {
        // `evm-rpc` explains what `price-feed` shares with it.
        if (kind.kind === 'price-feed' && outcome === 'wrong-chain') continue
        assert.equal(section.includes(`\`${outcome}\``), kind.outcomes.includes(outcome), outcome)
      }
    })
  }

  it('explains every outcome and abstention that this package can give', () => {
    for (const name of [...Object.keys(outcomes), ...Object.keys(abstentions)]) {
      assert.ok(text.includes(`\`${name}\``), name)
    }
  })

  it('shows the example kind as it is compiled and tested', () => {
    const example = readFileSync(new URL('example-kind.ts', import.meta.url), 'utf8')
    assert.ok(text.includes(`\`\`\`ts\n${example}\`\`\`\n`))
  })
})

describe('docs/blackbox-exporter.md', () => {
  it('names parameters, signals and identities that there are', () => {
    const page = readFileSync(
      new URL('../../../docs/blackbox-exporter.md', import.meta.url),
      'utf8',
    )
    const names = new Set(builtinKinds.map(({ kind }) => kind))
    const named = [...page.matchAll(/`([a-z-]+)\.([A-Za-z-]+)`/g)].filter(([, kind = '']) =>
      names.has(kind),
    )
    assert.ok(named.length > 50, `${named.length}`)
    for (const [whole, kindName, name = ''] of named) {
      const kind = builtinKinds.find((each) => each.kind === kindName)
      assert.ok(kind)
      const { properties } = kind.params as unknown as { properties: object }
      const full = { ...basis, tls: true, transport: 'tls', type: 'SOA' }
      const signals = kind.signals(full).map((signal) => signal.name)
      const identities = kind.identities.map((identity) => identity.name)
      assert.ok([...Object.keys(properties), ...signals, ...identities].includes(name), whole)
    }
  })
})
