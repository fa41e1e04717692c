import assert from 'node:assert/strict'
import { labelValuesMax, makeMetrics } from '../../src/metrics/metrics.ts'

describe('metrics', () => {
  it('answers in OpenMetrics, ended by its mark', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    metrics.certified({ height: 7, round: 9, delayMs: 1_250 })
    const { contentType, body } = await metrics.read()
    assert.match(contentType, /^application\/openmetrics-text; version=1\.0\.0/)
    assert.match(body, /\n# EOF\n$/)
    assert.match(body, /^# TYPE watchfire_rounds_certified counter$/m)
    assert.match(body, /^watchfire_rounds_certified_total 1$/m)
    assert.match(body, /^watchfire_height 7$/m)
    assert.match(body, /^watchfire_round 9$/m)
    assert.match(body, /^watchfire_agreement_delay_seconds_sum 1\.25$/m)
    assert.match(body, /^watchfire_agreement_delay_seconds_bucket\{le="1\.5"\} 1$/m)
  })

  it('counts everything a node does under its own name', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    metrics.view(12)
    metrics.attestation('in')
    metrics.attestation('in')
    metrics.attestation('out')
    metrics.probed('http', 'timeout', 800)
    metrics.dropped('vote', 'bad-signature')
    metrics.peers(3)
    metrics.signature('fast', true)
    metrics.signature('slow', false)
    metrics.voteLogFlushed(2)
    metrics.subscribers(5)
    metrics.subscriberCut('slow')
    metrics.request('/v1/state', 200, 4)
    const { body } = await metrics.read()
    for (const line of [
      'watchfire_view 12',
      'watchfire_attestations_total{direction="in"} 2',
      'watchfire_attestations_total{direction="out"} 1',
      'watchfire_probes_total{kind="http",outcome="timeout"} 1',
      'watchfire_probe_duration_seconds_sum{kind="http"} 0.8',
      'watchfire_messages_dropped_total{topic="vote",reason="bad-signature"} 1',
      'watchfire_peers 3',
      'watchfire_signature_verifications_total{path="fast",valid="true"} 1',
      'watchfire_signature_verifications_total{path="slow",valid="false"} 1',
      'watchfire_vote_log_flush_seconds_count 1',
      'watchfire_feed_subscribers 5',
      'watchfire_feed_subscribers_cut_total{reason="slow"} 1',
      'watchfire_http_request_duration_seconds_count{route="/v1/state",status="200"} 1',
    ])
      assert.ok(body.split('\n').includes(line), `${line} is missing from\n${body}`)
  })

  it('bounds the series that words from elsewhere can make', async () => {
    const metrics = makeMetrics({ processMetrics: false })
    for (let index = 0; index < labelValuesMax + 10; index++)
      metrics.dropped('vote', `reason-${index}`)
    const { body } = await metrics.read()
    const series = body.match(/^watchfire_messages_dropped_total\{/gm) ?? []
    assert.equal(series.length, labelValuesMax + 1)
    assert.match(body, /^watchfire_messages_dropped_total\{topic="vote",reason="other"\} 10$/m)
  })

  it('keeps the metrics of two nodes in one process apart', async () => {
    const one = makeMetrics({ processMetrics: false })
    const other = makeMetrics({ processMetrics: false })
    one.peers(4)
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
