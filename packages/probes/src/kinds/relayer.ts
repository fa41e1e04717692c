import { type Static, Type } from 'typebox'
import {
  defineKind,
  type ParamsProblem,
  type ProbeAnswer,
  type ProbeContext,
  type ThresholdFile,
} from '../kind.ts'
import { failed } from '../steps.ts'
import { behindThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { readSamples } from '../protocols/prometheus/exposition.ts'
import { getBody } from '../parts/http-get.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import {
  metricSchema,
  type MetricParams,
  reduceSamples,
  toSignal,
} from '../protocols/prometheus/metric-signals.ts'
import { relayLimits } from '../protocols/ibc/relay-limits.ts'
import { getKnownMetrics } from '../protocols/prometheus/relayer-metrics.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  software: Type.Union([Type.Literal('hermes'), Type.Literal('rly'), Type.Literal('other')], {
    default: 'other',
    examples: ['hermes'],
    description: 'Whose own metrics become signals besides `metrics`.',
  }),
  prefix: Type.String({
    default: '',
    maxLength: 64,
    pattern: '^[a-zA-Z0-9_:]*$',
    description: 'What the relayer is configured to put before its metrics’ names.',
  }),
  labels: Type.Record(
    Type.String({ minLength: 1, maxLength: 64 }),
    Type.String({ maxLength: 256 }),
    {
      default: {},
      maxProperties: 16,
      description: 'Labels that samples of the software’s own metrics must have.',
    },
  ),
  metrics: Type.Array(metricSchema, {
    default: [],
    maxItems: 24,
    description: 'Further metrics that become signals.',
  }),
  ...relayLimits,
  walletMin: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'What every wallet must hold, in the scale of `wallet`, for the default policy.',
    }),
  ),
  bodyBytesMax: Type.Integer({ default: 1_048_576, minimum: 1024, maximum: 8_388_608 }),
})
type Params = Static<typeof paramsSchema>

/** A relayer, or any other program that serves metrics in Prometheus' text format. */
export const relayerKind = defineKind({
  kind: 'relayer',
  summary: 'A relayer’s metrics (any Prometheus text) say what is pending, and what it has left.',
  params: paramsSchema,
  check: (params) => [
    ...checkUrl('url', params.url),
    ...checkHeaders('headers', params.headers),
    ...checkMetrics(params),
  ],
  signals: (params) => [
    latencySignal('From the first packet to the last byte of the metrics.'),
    ...listMetrics(params).map(toSignal),
  ],
  identities: [],
  outcomes: [...httpOutcomes, 'content'],
  defaultPolicy: (params, { timeoutMs }) =>
    makePolicy([...listThresholds(params), slowThreshold(timeoutMs)]),
  probe,
})

function listMetrics({ software, prefix, labels, metrics }: Params): readonly MetricParams[] {
  return [...getKnownMetrics(software, prefix, labels), ...metrics]
}

function checkMetrics(params: Params): readonly ParamsProblem[] {
  const known = getKnownMetrics(params.software, params.prefix, params.labels)
  const taken = new Set(['latency', ...known.map(({ signal }) => signal)])
  const problems: ParamsProblem[] = []
  for (const [index, { signal }] of params.metrics.entries()) {
    if (taken.has(signal)) {
      const path = ['metrics', index, 'signal']
      problems.push({ path, code: 'duplicate-signal', expected: 'another name', got: signal })
    }
    taken.add(signal)
  }
  if (known.length + params.metrics.length === 0) {
    problems.push({ path: ['metrics'], code: 'no-metrics', expected: 'at least one metric' })
  }
  return problems
}

function listThresholds(params: Params): ThresholdFile[] {
  const severity = 'degraded'
  const { backlogMax, pendingMsMax, expirySecondsMin, walletMin } = params
  const all: ThresholdFile[] = [
    behindThreshold('oldest-pending', pendingMsMax),
    behindThreshold('backlog', backlogMax),
    { signal: 'client-expiry', below: expirySecondsMin, severity },
    ...(walletMin === undefined ? [] : [{ signal: 'wallet', below: walletMin, severity } as const]),
  ]
  const names = new Set(listMetrics(params).map(({ signal }) => signal))
  return all.filter(({ signal }) => names.has(signal))
}

async function probe(params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
  const got = await getBody({ ...params, accept }, context)
  if (!got.ok) return got.stop
  const latency = context.phases.latencyUs()
  const metrics = listMetrics(params)
  const wanted = new Set(metrics.map(({ metric }) => metric))
  const samples = readSamples(got.value.toString('utf8'), wanted)
  if (!samples.ok) return samples.stop
  const signals: Record<string, bigint> = { latency }
  for (const metric of metrics) {
    const value = reduceSamples(metric, samples.value, context.roundStartMs)
    if (value !== undefined) signals[metric.signal] = value
  }
  // Of one that says nothing of what is watched it cannot be said how it is.
  return Object.keys(signals).length > 1
    ? { status: 'reached', signals, identities: {} }
    : failed('content', `none of ${[...wanted].join(', ')} is there`)
}
