import assert from 'node:assert/strict'
import type { Epoch, Round } from '@watchfire/attestation'
import { runScenario } from '../run.ts'
import { drawScenario, type Fault, type Scenario } from '../scenario.ts'
import { ORIGIN_MS } from './founding.ts'

// Each fault on its own, seen at its work in a world in which nothing else goes wrong.

/** Eight bad rounds and more, of which `faults` are all that is bad. */
function makeScenario(faults: readonly Fault[]): Scenario {
  return {
    ...drawScenario(3, 'calm'),
    name: 'partition',
    faults,
    goodFromMs: ORIGIN_MS + 10_000,
    endMs: ORIGIN_MS + 34_000,
  }
}

describe('A disk', function () {
  this.timeout(30_000)

  for (const how of ['full', 'failed-write', 'failed-flush'] as const) {
    it(`stops its node while it is ${how}, which signs nothing until it is good again, and then does`, () => {
      const [fromMs, forMs] = [ORIGIN_MS + 3000, 4000]
      const fault: Fault = { kind: 'disk', atMs: fromMs, node: 0, how, forMs }
      const { violations, faults, nodes } = runScenario(makeScenario([fault]))
      assert.deepEqual(violations, [])
      const stops = faults[how === 'full' ? 'stop-disk-full' : 'stop-write-failed'] ?? 0
      assert.ok(stops > 1, `${stops} stops`)
      const kept = nodes[0]?.identity?.log.listAttestations(0 as Epoch, 0 as Round) ?? []
      const rounds: number[] = kept.map(({ place }) =>
        place.kind === 'attestation' ? place.round : -1,
      )
      assert.deepEqual(
        rounds.filter((round) => round >= 4 && round < 7),
        [],
      )
      assert.ok(rounds.includes(2) && rounds.includes(9), rounds.join())
    })
  }
})
