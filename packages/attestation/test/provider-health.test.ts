import assert from 'node:assert/strict'
import { fromText, viewProviders } from '../src/index.ts'
import { type Agreed, makeHealthContext, makeHealthState } from './support/health-fixture.ts'

const context = makeHealthContext()

function getIncident(agreed: Readonly<Record<string, Agreed>>, provider = 'acme') {
  const all = viewProviders(context, makeHealthState(context, 9, agreed))
  return all.find(({ id }) => id === provider)?.incident
}

describe('viewProviders', () => {
  it('lists who runs what, and leaves out targets of no provider', () => {
    const all = viewProviders(context, makeHealthState(context, 9, {}))
    const listed = all.map(({ id, targets }) => [id, ...targets.map((target) => target.id)])
    assert.deepEqual(listed, [
      ['acme', 'a1', 'a2', 'a3'],
      ['other', 'a4', 'b1'],
    ])
  })

  it('makes one incident of many targets down at once, since that many were', () => {
    const incident = getIncident({
      a1: { verdict: 'down', since: 3 },
      a2: { verdict: 'up', since: 1 },
      a3: { verdict: 'down', since: 6 },
    })
    assert.deepEqual(incident, { since: 6, down: ['a1', 'a3'], judged: 3 })
    const all = getIncident({
      a1: { verdict: 'down', since: 3 },
      a2: { verdict: 'down', since: 8 },
      a3: { verdict: 'down', since: 6 },
    })
    assert.deepEqual(all, { since: 6, down: ['a1', 'a2', 'a3'], judged: 3 })
  })

  it('makes none of one target, of a minority, or of what is not down', () => {
    assert.equal(getIncident({ a1: { verdict: 'down' } }), undefined)
    assert.equal(getIncident({ a4: { verdict: 'down' } }, 'other'), undefined)
    assert.equal(
      getIncident({ a1: { verdict: 'degraded' }, a2: { verdict: 'disputed' }, a3: {} }),
      undefined,
    )
  })

  it('wants half of those judged, rounded up', () => {
    const targets = context.parameters.targets.map((target) => ({
      ...target,
      provider: fromText('big'),
    }))
    const big = { ...context, parameters: { ...context.parameters, targets } }
    const count = (...down: readonly string[]) => {
      const agreed = down.map((id): [string, Agreed] => [id, { verdict: 'down' }])
      const state = makeHealthState(big, 9, {
        ...Object.fromEntries(agreed),
        site: { verdict: 'unknown' },
      })
      return viewProviders(big, state)[0]?.incident?.down.length
    }
    assert.equal(count('a1', 'a2'), undefined)
    assert.equal(count('a1', 'a2', 'b1'), 3)
  })

  it('counts targets nobody can judge on neither side', () => {
    const incident = getIncident({
      a1: { verdict: 'down', since: 2 },
      a2: { verdict: 'down', since: 2 },
      a3: { verdict: 'unknown' },
    })
    assert.deepEqual(incident, { since: 2, down: ['a1', 'a2'], judged: 2 })
    assert.equal(
      getIncident({
        a1: { verdict: 'down' },
        a2: { verdict: 'unknown' },
        a3: { verdict: 'unknown' },
      }),
      undefined,
    )
  })
})
