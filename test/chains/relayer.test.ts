import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { startTextServer, type TextServer } from '../../packages/probes/test/text-server.ts'
import { ask, askReached, askUntil } from './ask.ts'
import { keep, stopServers } from './servers/lifetime.ts'
import { type Prometheus, startPrometheus } from './servers/prometheus.ts'

const fixtures = new URL('../../packages/probes/test/fixtures/', import.meta.url)
/** What Hermes serves, by its documentation; hermes.test.ts asks the relayer itself. */
const recorded = readFileSync(new URL('hermes-relayer-metrics.txt', fixtures), 'utf8')

/** Of Prometheus itself: a gauge, a time, counters, and of a histogram its count and one bucket. */
const metrics = [
  { signal: 'reload-ok', metric: 'prometheus_config_last_reload_successful' },
  {
    signal: 'reload-age',
    metric: 'prometheus_config_last_reload_success_timestamp_seconds',
    take: 'age',
  },
  { signal: 'requests', metric: 'prometheus_http_requests_total', labels: { handler: '/metrics' } },
  { signal: 'requests-all', metric: 'prometheus_http_requests_total' },
  {
    signal: 'timed',
    metric: 'prometheus_http_request_duration_seconds_count',
    labels: { handler: '/metrics' },
  },
  {
    signal: 'timed-quick',
    metric: 'prometheus_http_request_duration_seconds_bucket',
    labels: { handler: '/metrics', le: '+Inf' },
  },
  { signal: 'started', metric: 'process_start_time_seconds', take: 'age' },
  { signal: 'nothing', metric: 'prometheus_has_no_such_metric', absent: 7 },
]

describe('kind relayer, with Prometheus', () => {
  let hermes: TextServer
  let prometheus: Prometheus

  const own = (over: object = {}) =>
    ['relayer', { url: prometheus.metricsUrl, metrics, ...over }] as const

  before(async () => {
    hermes = await startTextServer(() => ({ body: recorded }))
    keep({ stop: () => hermes.close() })
    prometheus = await startPrometheus({ hermes: new URL(hermes.url).host })
  })
  after(stopServers)

  it('makes signals of gauges, counters, histograms and times that a real program serves', async () => {
    await askReached(...own())
    const { signals } = await askReached(...own())
    assert.equal(signals['reload-ok'], 1n)
    assert.ok(Number(signals['reload-age']) < 120_000)
    assert.ok(Number(signals['started']) >= Number(signals['reload-age']))
    // It counts a request when it has answered it.
    const { requests, timed, 'timed-quick': quick, 'requests-all': all } = signals
    assert.ok(requests !== undefined && requests >= 1n)
    assert.ok(all !== undefined && all > requests)
    assert.ok(timed !== undefined && timed >= 1n)
    assert.equal(quick, timed)
    assert.equal(signals['nothing'], 7n)
    const later = await askReached(...own())
    assert.equal(later.signals['requests'], requests + 1n)
  })

  it('reads the metrics of Hermes that Prometheus has fetched, with what it adds to them', async () => {
    const url = prometheus.getFederateUrl('hermes')
    const { signals } = await askUntil(
      'a first fetch',
      30_000,
      ['relayer', { url, software: 'hermes' }],
      () => true,
    )
    const direct = await askReached('relayer', { url: hermes.url, software: 'hermes' })
    for (const name of ['backlog', 'oldest-pending', 'wallet', 'packet-workers']) {
      assert.equal(signals[name], direct.signals[name], name)
    }
    assert.equal(signals['wallet'], 99_969_960n)
  })

  it('tells that the program behind is gone, by the metric that says whether it was reached', async () => {
    const up = { signal: 'up', metric: 'up', labels: { job: 'hermes' } }
    const target = ['relayer', { url: prometheus.getFederateUrl('hermes'), metrics: [up] }] as const
    assert.equal((await askReached(...target)).signals['up'], 1n)
    await hermes.close()
    await askUntil('a fetch that failed', 30_000, target, ({ signals }) => signals['up'] === 0n)
    // Of the program itself it has nothing any more.
    const gone = await ask('relayer', {
      url: prometheus.getFederateUrl('hermes'),
      software: 'hermes',
    })
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'content')
  })

  it('sees that a configuration was not taken, and how long ago the last one was', async () => {
    assert.equal(await prometheus.reload(false), false)
    const { signals } = await askReached(...own())
    assert.equal(signals['reload-ok'], 0n)
    assert.ok(await prometheus.reload(true))
    const { signals: again } = await askReached(...own())
    assert.equal(again['reload-ok'], 1n)
    assert.ok(Number(again['reload-age']) < Number(signals['reload-age']))
  })

  it('says timeout of one that is frozen, and refused of one that is gone', async () => {
    prometheus.process.freeze()
    const frozen = await ask(...own())
    prometheus.process.thaw()
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    await prometheus.process.stop()
    const gone = await ask(...own())
    assert.ok(gone.status === 'failed')
    assert.equal(gone.outcome, 'refused')
  })
})
