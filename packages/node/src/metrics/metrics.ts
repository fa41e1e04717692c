import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'
import type { CounterSample, Counters, Meter } from '../ports.ts'
import { getEntry, getHistogramEntry, type MetricEntry } from './catalog.ts'

/** Most distinct labels of one name; what comes after them is counted as `other`. */
export const labelsMax = 128
/** Most distinct names; what comes after them is counted as `other`. */
export const namesMax = 256

/** The node's counters, and their way out as OpenMetrics. */
export interface Metrics extends Meter {
  /**
   * What `/metrics` answers.
   *
   * @param others counters that another part keeps, exported under the same catalog
   */
  read(others?: Counters): Promise<{ contentType: string; body: string }>
  /** Forgets every series; for a node that stops within a living process. */
  close(): void
}

/**
 * How often the event loop is looked at. The library's 10 ms and 100 ms wake an idle process a
 * hundred times a second, and were a sixth of a small monitor's processor time. Note that Node counts
 * its own interval into the lag: an idle loop reads 50 ms.
 */
const sampling = { eventLoopMonitoringPrecision: 50, eventLoopUtilizationTimeout: 1000 } as const

interface Series {
  readonly kind: CounterSample['kind']
  readonly values: Map<string | undefined, number>
}

/** Labels and names come from other packages: bounded here, whatever they send. */
function bound<K, V>(known: ReadonlyMap<K, V>, key: K, max: number, other: K): K {
  return known.has(key) || known.size < max ? key : other
}

/**
 * Makes a node's metrics in a registry of its own, so that several nodes fit in one process.
 *
 * @param options.processMetrics also export CPU, memory, event loop lag and the like; default true
 */
export function makeMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry, ...sampling })
  const series = new Map<string, Series>()
  const distributions = new Map<string, Histogram<string>>()
  const distributionLabels = new Map<string, Map<string, true>>()

  const change = (
    kind: Series['kind'],
    name: string,
    label: string | undefined,
    update: (before: number) => number,
  ) => {
    const key = bound(series, name, namesMax, 'other')
    let entry = series.get(key)
    if (entry === undefined) {
      entry = { kind, values: new Map() }
      series.set(key, entry)
    }
    const place = label === undefined ? undefined : bound(entry.values, label, labelsMax, 'other')
    entry.values.set(place, update(entry.values.get(place) ?? 0))
  }

  const getDistribution = (name: string): Histogram<string> => {
    let histogram = distributions.get(name)
    if (histogram === undefined) {
      const entry = getHistogramEntry(name)
      histogram = new Histogram({
        name: entry.metric,
        help: entry.help,
        buckets: [...entry.buckets],
        labelNames: entry.label === undefined ? [] : [entry.label],
        registers: [registry],
      })
      distributions.set(name, histogram)
      distributionLabels.set(name, new Map())
    }
    return histogram
  }
  // Present from the start, so that a scrape before the first event shows them at zero.
  for (const name of ['vote-log-flush', 'agreement']) getDistribution(name)

  const list = (): CounterSample[] =>
    [...series].flatMap(([name, entry]) =>
      [...entry.values].map(([label, value]) => ({ name, kind: entry.kind, label, value })),
    )

  return {
    add: (name, label, by = 1) => change('counter', name, label, (before) => before + by),
    set: (name, value, label) => change('gauge', name, label, () => value),
    list,
    observe(name, durationMs, label) {
      const key = bound(distributions, name, namesMax, 'other')
      const histogram = getDistribution(key)
      const labelName = getHistogramEntry(key).label
      if (label === undefined || labelName === undefined) {
        histogram.observe(durationMs / 1000)
        return
      }
      const labels = distributionLabels.get(key) ?? new Map<string, true>()
      const value = bound(labels, label, labelsMax, 'other')
      labels.set(value, true)
      histogram.observe({ [labelName]: value }, durationMs / 1000)
    },
    async read(others) {
      const counts = writeCounts(others === undefined ? list() : [...list(), ...others.list()])
      const merged = Registry.merge([registry, counts])
      return { contentType: registry.contentType, body: await merged.metrics() }
    },
    close() {
      registry.clear()
      series.clear()
    },
  }
}

/** Counters are kept as plain numbers and only written out when somebody reads. */
function writeCounts(samples: readonly CounterSample[]): Registry {
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  const metrics = new Map<string, Counter<string> | Gauge<string>>()
  for (const sample of samples) {
    const entry = getEntry(sample.name)
    let metric = metrics.get(entry.metric)
    if (metric === undefined) {
      const configuration = {
        name: entry.metric,
        help: entry.help,
        labelNames: getLabelNames(entry),
        registers: [registry],
      }
      metric = sample.kind === 'counter' ? new Counter(configuration) : new Gauge(configuration)
      metrics.set(entry.metric, metric)
    }
    metric.inc(getLabels(entry, sample.label), sample.value)
  }
  return registry
}

function getLabelNames(entry: MetricEntry): string[] {
  return entry.labels === undefined ? [entry.label ?? 'code'] : [...entry.labels.names]
}

function getLabels(entry: MetricEntry, label: string | undefined): Record<string, string> {
  if (label === undefined) return {}
  if (entry.labels === undefined) return { [entry.label ?? 'code']: label }
  const { names, separator } = entry.labels
  const at = label.indexOf(separator)
  return at < 0
    ? { [names[0]]: label }
    : { [names[0]]: label.slice(0, at), [names[1]]: label.slice(at + 1) }
}
