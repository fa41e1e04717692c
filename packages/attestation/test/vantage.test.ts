import assert from 'node:assert/strict'
import {
  type Attestation,
  fromText,
  type Observation,
  type Round,
  type TargetIndex,
  viewMonitors,
  viewNetworks,
  viewRegions,
} from '../src/index.ts'
import { makeHealthContext, makeHealthState, member } from './support/health-fixture.ts'

const context = makeHealthContext()
const target = 0 as TargetIndex
const { policy } = context.parameters.targets[0] ?? assert.fail()

function attest(index: number, status: number, code = 0, changes: Partial<Attestation> = {}) {
  const observation: Observation = {
    target,
    status,
    code,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
  }
  return {
    epoch: context.epoch,
    round: 9 as Round,
    shard: 0,
    member: member(index),
    observations: [observation],
    ...changes,
  }
}

describe('viewRegions', () => {
  it('says what each region sees by the shares of the policy, of its own weights alone', () => {
    const vantage = (region: string, reached: number, failed: number, abstained: number) => {
      return { region: fromText(region), reached, failed, abstained }
    }
    const vantages = [
      vantage('', 0, 0, 4),
      vantage('ap', 1, 2, 0),
      vantage('eu', 667, 333, 0),
      vantage('sa', 333, 667, 0),
      vantage('us', 1, 1, 0),
    ]
    const state = makeHealthState(context, 9, { a1: { changes: { vantages } } })
    const views = viewRegions(policy, state.targets[0] ?? assert.fail())
    assert.deepEqual(
      views.map(({ place, sees }) => [place, sees]),
      [
        ['', 'unknown'],
        ['ap', 'disputed'],
        ['eu', 'up'],
        ['sa', 'down'],
        ['us', 'disputed'],
      ],
    )
  })
})

describe('viewMonitors', () => {
  const state = makeHealthState(context, 9, {
    a1: { changes: { reached: 1, failed: 1, abstained: 1, absent: 1 } },
  })
  const attestations = [attest(0, 1), attest(1, 2, 2), attest(2, 3, 1)]

  it('gives each member’s word, its place, and that it adds up to what is certified', () => {
    const { monitors, isWhole } = viewMonitors(context, state, target, attestations)
    assert.deepEqual(
      monitors.map(({ monitor, region, network, status, code }) => {
        return [monitor, region, network, status, code]
      }),
      [
        ['m1', 'eu', 'as1', 'reached', undefined],
        ['m2', 'eu', 'as2', 'failed', 'timeout'],
        ['m3', 'us', 'as2', 'abstained', 'forbidden-address'],
        ['m4', 'us', '', 'absent', undefined],
      ],
    )
    assert.equal(isWhole, true)
  })

  it('says so when attestations are missing', () => {
    const { isWhole } = viewMonitors(context, state, target, attestations.slice(0, 2))
    assert.equal(isWhole, false)
  })

  it('counts nothing of another round, shard or epoch, nor of who is excluded', () => {
    for (const changes of [{ round: 8 as Round }, { shard: 1 }, { epoch: 1 as never }]) {
      const { monitors } = viewMonitors(context, state, target, [attest(0, 1, 0, changes)])
      assert.equal(monitors[0]?.status, 'absent')
    }
    const excluded = [{ member: member(0), round: 5 as Round }]
    const without = { ...state, meta: { ...state.meta, excluded } }
    const { monitors } = viewMonitors(context, without, target, attestations)
    assert.deepEqual(
      monitors.map(({ status }) => status),
      ['absent', 'failed', 'abstained', 'absent'],
    )
  })

  it('adds up by network', () => {
    const { monitors } = viewMonitors(context, state, target, attestations)
    assert.deepEqual(viewNetworks(policy, monitors), [
      { place: '', sees: 'unknown', reached: 0, failed: 0, abstained: 0 },
      { place: 'as1', sees: 'up', reached: 1, failed: 0, abstained: 0 },
      { place: 'as2', sees: 'down', reached: 0, failed: 1, abstained: 1 },
    ])
  })
})
