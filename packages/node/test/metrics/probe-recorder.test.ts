import assert from 'node:assert/strict'
import type { TargetIndex } from '@watchfire/attestation'
import { makeGenesisContext } from '@watchfire/attestation'
import { makeMetrics } from '../../src/metrics/metrics.ts'
import { makeProbeRecorder } from '../../src/metrics/probe-recorder.ts'
import { makeManifest } from '../http/chain-fixture.ts'

describe('the probe recorder', () => {
  it('counts outcomes by kind, and times what was begun', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    const record = makeProbeRecorder(makeGenesisContext(makeManifest()), metrics)
    const phases = [{ name: 'connect' as const, us: 1500 }]
    record(1, [
      {
        target: 0 as TargetIndex,
        result: { status: 'reached', signals: {}, identities: {}, phases },
      },
      {
        target: 1 as TargetIndex,
        result: { status: 'failed', outcome: 'timeout', detail: '', phases },
      },
      {
        target: 2 as TargetIndex,
        result: { status: 'abstained', reason: 'forbidden-address', detail: '', phases: [] },
      },
    ])
    const lines = (await metrics.read()).body.split('\n')
    for (const line of [
      'watchfire_probes_total{kind="evm-rpc",outcome="reached"} 1',
      'watchfire_probes_total{kind="price-feed",outcome="timeout"} 1',
      'watchfire_probes_total{kind="http",outcome="abstained-forbidden-address"} 1',
      'watchfire_probe_duration_seconds_sum{kind="evm-rpc"} 0.0015',
    ])
      assert.ok(lines.includes(line), line)
    assert.ok(!lines.some((line) => line.includes('duration_seconds_sum{kind="http"}')))
  })
})
