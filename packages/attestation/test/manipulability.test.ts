import assert from 'node:assert/strict'
import { describeManipulability } from '@watchfire/attestation'
import {
  type JsonObject,
  makeManifestJson,
  makeMemberJson,
  readManifest,
  withChange,
} from './support/network-fixture.ts'

describe('describeManipulability (SPEC 7.8)', () => {
  /** What is said of one target under `members` of weight 1. */
  function describeOne(members: number, reachedMin: number, failedMin: number): string[] {
    const json = makeManifestJson()
    const committee = Array.from({ length: members }, (_, i) => makeMemberJson(`m${i}`))
    const [target] = (json['parameters'] as { targets: JsonObject[] }).targets
    const policy = { ...(target?.['policy'] as JsonObject), reachedMin, failedMin }
    const manifest = readManifest(
      withChange({ ...json, committee }, ['parameters', 'targets'], [{ ...target, policy }]),
    )
    return describeManipulability(manifest).map((finding) => {
      assert.equal(finding.target, 'chain')
      return `${finding.attackers}: ${finding.effect}`
    })
  }

  it('says at the boundaries who can force or block what', () => {
    // W = 4, f = 1, Q = 3: three of four observe the truth, with a lying leader two of three.
    assert.deepEqual(describeOne(4, 666, 666), [])
    assert.deepEqual(describeOne(4, 667, 666), ['liars-and-leader: force-disputed'])
    assert.deepEqual(describeOne(4, 666, 667), ['liars-and-leader: block-down'])
    assert.deepEqual(describeOne(4, 750, 750), [
      'liars-and-leader: force-disputed',
      'liars-and-leader: block-down',
    ])
    assert.deepEqual(describeOne(4, 751, 501), [
      'liars: force-disputed',
      'liars-and-leader: force-disputed',
    ])
    assert.deepEqual(describeOne(4, 501, 751), [
      'liars: block-down',
      'liars-and-leader: block-down',
    ])
  })

  it('finds that liars never force down, since f is below a third and failedMin above a half', () => {
    for (const members of [4, 5, 6, 7, 10, 100]) {
      const effects = describeOne(members, 501, 501)
      assert.ok(!effects.some((effect) => effect.endsWith('force-down')), `${members}`)
    }
  })

  it('says nothing where no lie is borne at all', () => {
    assert.deepEqual(describeOne(3, 1000, 1000), [])
  })

  it('says of each target what its own policy allows', () => {
    const json = withChange(
      makeManifestJson(),
      ['parameters', 'targets', 1, 'policy', 'reachedMin'],
      1000,
    )
    const findings = describeManipulability(readManifest(json))
    assert.deepEqual(
      findings
        .filter(({ attackers }) => attackers === 'liars')
        .map(({ target, weight }) => [target, weight]),
      [['web', 1]],
    )
  })
})
