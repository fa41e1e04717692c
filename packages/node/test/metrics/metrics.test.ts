import assert from 'node:assert/strict'
import { labelsMax, makeMetrics } from '../../src/metrics/metrics.ts'

describe('metrics', () => {
  it('answers in OpenMetrics, ended by its mark', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    metrics.add('rounds-certified')
    metrics.set('height', 7)
    metrics.observe('agreement', 1_250)
    const { contentType, body } = await metrics.read()
    assert.match(contentType, /^application\/openmetrics-text; version=1\.0\.0/)
    assert.match(body, /\n# EOF\n$/)
    assert.match(body, /^# TYPE watchfire_rounds_certified counter$/m)
    assert.match(body, /^watchfire_rounds_certified_total 1$/m)
    assert.match(body, /^watchfire_height 7$/m)
    assert.match(body, /^watchfire_agreement_delay_seconds_sum 1\.25$/m)
    assert.match(body, /^watchfire_agreement_delay_seconds_bucket\{le="1\.5"\} 1$/m)
  })

  it('measures probes by kind, and flushes of the vote log, in seconds', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    metrics.observe('probe', 800, 'http')
    metrics.observe('vote-log-flush', 2)
    const { body } = await metrics.read()
    assert.match(body, /^watchfire_probe_duration_seconds_sum\{kind="http"\} 0\.8$/m)
    assert.match(body, /^watchfire_vote_log_flush_seconds_bucket\{le="0\.0025"\} 1$/m)
  })

  it('exports what nobody catalogued under its own name, label and all', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    metrics.add('something-new', 'bad-thing', 3)
    const { body } = await metrics.read()
    assert.match(body, /^watchfire_something_new_total\{code="bad-thing"\} 3$/m)
  })

  it('joins the counters that another part of the node keeps', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    const others = makeMetrics({ processMetrics: false })
    others.set('peers', 3)
    const { body } = await metrics.read(others)
    assert.match(body, /^watchfire_peers 3$/m)
    assert.deepEqual(metrics.list(), [])
  })

  it('bounds the series that words from elsewhere can make', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    for (let index = 0; index < labelsMax + 10; index++) {
      metrics.add('dropped', `reason-${index}`)
      metrics.observe('probe', 1, `kind-${index}`)
    }
    const { body } = await metrics.read()
    assert.equal((body.match(/^watchfire_dropped_total\{/gm) ?? []).length, labelsMax + 1)
    assert.match(body, /^watchfire_dropped_total\{code="other"\} 10$/m)
    assert.match(body, /^watchfire_probe_duration_seconds_count\{kind="other"\} 10$/m)
  })

  it('keeps the metrics of two nodes in one process apart', async () => {
    const one = makeMetrics({ processMetrics: false })
    const other = makeMetrics({ processMetrics: false })
    one.set('peers', 4)
    other.set('peers', 0)
    assert.match((await one.read()).body, /^watchfire_peers 4$/m)
    assert.match((await other.read()).body, /^watchfire_peers 0$/m)
  })

  it('exports what the process itself uses', async () => {
    const metrics = makeMetrics()
    const { body } = await metrics.read()
    assert.match(body, /^process_resident_memory_bytes \d/m)
    assert.match(body, /^nodejs_eventloop_lag_seconds /m)
    metrics.close()
  })
})
