import assert from 'node:assert/strict'
import { type BlockPlan, makeChain } from './chain-fixture.ts'
import { startTestServer, type TestServer } from './server-fixture.ts'

type Json = Record<string, unknown>

const plans: readonly BlockPlan[] = [
  { round: 1 },
  { round: 2, down: ['web'], ageS: 90 },
  { round: 4, down: ['web'], ageS: 90 },
  { round: 5, down: ['web'], ageS: 90 },
]

describe('chains, providers and vantage over HTTP', () => {
  let test: TestServer
  before(async () => {
    test = await startTestServer(4, { chain: makeChain(plans) })
  })
  after(async () => test.server.close())

  const ask = async (path: string) => (await fetch(test.server.url + path)).json() as Promise<Json>

  it('tells how a chain is, as the newest certified state has it', async () => {
    const answer = await ask('/v1/groups')
    assert.equal(answer['height'], 4)
    const [group] = answer['groups'] as Json[]
    assert.equal(group?.['id'], 'evm')
    assert.equal(group['standing'], 'advancing')
    assert.equal(group['since'], 2)
    const [head] = group['heads'] as Json[]
    assert.equal(head?.['name'], 'height')
    assert.equal(head['behindMs'], 0)
    assert.ok(Number(head['intervalUs']) > 0)
    assert.equal(head['risenAt'], 5)
    assert.deepEqual(group['forks'], [])
    assert.deepEqual(group['targets'], [{ id: 'chain', verdict: 'up', astray: false }])
    const one = await ask('/v1/groups/evm')
    assert.deepEqual(one['group'], group)
    assert.equal((await ask('/v1/groups/none'))['code'], 'unknown-group')
  })

  it('reads it anew for each certificate', async () => {
    const own = await startTestServer(2, { chain: makeChain(plans) })
    try {
      const read = async () => {
        const answer = (await (await fetch(`${own.server.url}/v1/groups`)).json()) as Json
        const [group] = answer['groups'] as Json[]
        assert.ok(group !== undefined)
        return (group['heads'] as Json[])[0]?.['risenAt']
      }
      assert.equal(await read(), 2)
      own.source.reach(3)
      assert.equal(await read(), 4)
    } finally {
      await own.server.close()
    }
  })

  it('lists providers with what they run; one target down is no incident of theirs', async () => {
    const { providers } = await ask('/v1/providers')
    const [provider] = providers as Json[]
    assert.equal(provider?.['id'], 'example')
    assert.deepEqual(provider['targets'], [{ id: 'web', verdict: 'down', since: 4 }])
    assert.equal(provider['incident'], null)
  })

  it('tells of a target who sees what: regions as certified, each monitor as it attested', async () => {
    const { target } = (await ask('/v1/targets/web')) as { target: Json }
    const vantage = target['vantage'] as Json
    assert.deepEqual(vantage['regions'], [
      { place: 'eu', sees: 'down', reached: 0, failed: 2, abstained: 0 },
      { place: 'us', sees: 'down', reached: 0, failed: 2, abstained: 0 },
    ])
    assert.equal(vantage['isWhole'], true)
    const monitors = vantage['monitors'] as Json[]
    assert.deepEqual(
      monitors.map(({ monitor, region, status }) => [monitor, region, status]),
      [
        ['m1', 'eu', 'failed'],
        ['m2', 'eu', 'failed'],
        ['m3', 'us', 'failed'],
        ['m4', 'us', 'failed'],
      ],
    )
    const reason = target['reason'] as Json
    assert.match(String(reason['words']), /^4 of 4 observing fail with \w+ \(eu 2, us 2\)$/)
  })

  it('counts targets by verdict, groups by standing, and incidents of providers, in the metrics', async () => {
    const read = async ({ server }: TestServer) => (await fetch(`${server.url}/metrics`)).text()
    const body = (await read(test)).split('\n')
    for (const line of [
      'watchfire_targets{verdict="up"} 1',
      'watchfire_targets{verdict="degraded"} 1',
      'watchfire_targets{verdict="down"} 1',
      'watchfire_targets{verdict="unknown"} 0',
      'watchfire_groups{standing="advancing"} 1',
      'watchfire_groups{standing="forked"} 0',
      'watchfire_provider_incidents 0',
    ])
      assert.ok(body.includes(line), line)
    const own = await startTestServer(0, { chain: makeChain(plans) })
    try {
      assert.match(await read(own), /^watchfire_targets\{verdict="none"\} 3$/m)
    } finally {
      await own.server.close()
    }
  })

  it('has no vantage before anything is certified', async () => {
    const own = await startTestServer(0, { chain: makeChain(plans) })
    try {
      const answer = (await (await fetch(`${own.server.url}/v1/targets/web`)).json()) as Json
      assert.equal((answer['target'] as Json)['vantage'], null)
      const groups = (await (await fetch(`${own.server.url}/v1/groups`)).json()) as Json
      assert.deepEqual([groups['groups'], groups['height']], [[], null])
    } finally {
      await own.server.close()
    }
  })
})
