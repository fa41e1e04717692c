import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client'

/** Most distinct values of one label; what comes after them is counted as `other`. */
export const labelValuesMax = 128

/** Where a signature's verdict came from: the accept-only fast path, or noble (SPEC 2.3). */
export type SignaturePath = 'fast' | 'slow'

/** What the parts of a node count. Durations in milliseconds; exported in seconds, as Prometheus wants. */
export interface Metrics {
  /** A certificate became ours: `delayMs` from the round's start to now (SPEC 5). */
  certified(input: { height: number; round: number; delayMs: number }): void
  view(view: number): void
  attestation(direction: 'in' | 'out'): void
  /** One probe ended; `outcome` is `reached`, an outcome's name or an abstention's (SPEC 3). */
  probed(kind: string, outcome: string, durationMs: number): void
  /** A message was not admitted; `reason` is the admission code (SPEC 8). */
  dropped(topic: string, reason: string): void
  peers(count: number): void
  signature(path: SignaturePath, valid: boolean): void
  voteLogFlushed(durationMs: number): void
  subscribers(count: number): void
  subscriberCut(reason: string): void
  request(route: string, status: number, durationMs: number): void
  /** What `/metrics` answers: OpenMetrics text. */
  read(): Promise<{ contentType: string; body: string }>
  /** Forgets every series; for a node that stops within a living process. */
  close(): void
}

const probeBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const delayBuckets = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 120]
const flushBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/**
 * Series grow with label values, and some labels carry words that other packages choose.
 * Each label gets at most `labelValuesMax` of them.
 */
function makeLabelBound(): (label: string, value: string) => string {
  const known = new Map<string, Set<string>>()
  return (label, value) => {
    let values = known.get(label)
    if (values === undefined) {
      values = new Set()
      known.set(label, values)
    }
    if (values.has(value)) return value
    if (values.size >= labelValuesMax) return 'other'
    values.add(value)
    return value
  }
}

/**
 * Makes a node's metrics in a registry of its own, so that several nodes fit in one process.
 *
 * @param options.processMetrics also export CPU, memory, event loop lag and the like; default true
 */
export function makeMetrics(options: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
  const registers = [registry]
  const bound = makeLabelBound()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry })

  const rounds = new Counter({
    name: 'watchfire_rounds_certified',
    help: 'Rounds whose certificate this node holds, since it started',
    registers,
  })
  const height = new Gauge({
    name: 'watchfire_height',
    help: 'Height of the highest certificate',
    registers,
  })
  const round = new Gauge({
    name: 'watchfire_round',
    help: 'Round of the highest certificate',
    registers,
  })
  const view = new Gauge({ name: 'watchfire_view', help: 'View the node is in', registers })
  const delay = new Histogram({
    name: 'watchfire_agreement_delay_seconds',
    help: 'From the start of a round to its certificate',
    buckets: delayBuckets,
    registers,
  })
  const attestations = new Counter({
    name: 'watchfire_attestations',
    help: 'Attestations admitted from others (in) and signed here (out)',
    labelNames: ['direction'],
    registers,
  })
  const probes = new Counter({
    name: 'watchfire_probes',
    help: 'Probes by kind and outcome',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  const probeDurations = new Histogram({
    name: 'watchfire_probe_duration_seconds',
    help: 'How long a probe took',
    labelNames: ['kind'],
    buckets: probeBuckets,
    registers,
  })
  const drops = new Counter({
    name: 'watchfire_messages_dropped',
    help: 'Messages not admitted, by topic and reason',
    labelNames: ['topic', 'reason'],
    registers,
  })
  const peers = new Gauge({ name: 'watchfire_peers', help: 'Connected peers', registers })
  const signatures = new Counter({
    name: 'watchfire_signature_verifications',
    help: 'Signatures checked, by the path that decided and its verdict',
    labelNames: ['path', 'valid'],
    registers,
  })
  const flushes = new Histogram({
    name: 'watchfire_vote_log_flush_seconds',
    help: 'How long it took to make a signed message durable before it was sent',
    buckets: flushBuckets,
    registers,
  })
  const subscribers = new Gauge({
    name: 'watchfire_feed_subscribers',
    help: 'Open event streams',
    registers,
  })
  const cuts = new Counter({
    name: 'watchfire_feed_subscribers_cut',
    help: 'Event streams ended by the node, by reason',
    labelNames: ['reason'],
    registers,
  })
  const requests = new Histogram({
    name: 'watchfire_http_request_duration_seconds',
    help: 'HTTP requests by route and status',
    labelNames: ['route', 'status'],
    buckets: probeBuckets,
    registers,
  })

  return {
    certified(input) {
      rounds.inc()
      height.set(input.height)
      round.set(input.round)
      delay.observe(input.delayMs / 1000)
    },
    view: (value) => view.set(value),
    attestation: (direction) => attestations.inc({ direction }),
    probed(kind, outcome, durationMs) {
      const kindLabel = bound('kind', kind)
      probes.inc({ kind: kindLabel, outcome: bound('outcome', outcome) })
      probeDurations.observe({ kind: kindLabel }, durationMs / 1000)
    },
    dropped: (topic, reason) =>
      drops.inc({ topic: bound('topic', topic), reason: bound('reason', reason) }),
    peers: (count) => peers.set(count),
    signature: (path, valid) => signatures.inc({ path, valid: String(valid) }),
    voteLogFlushed: (durationMs) => flushes.observe(durationMs / 1000),
    subscribers: (count) => subscribers.set(count),
    subscriberCut: (reason) => cuts.inc({ reason: bound('cut', reason) }),
    request: (route, status, durationMs) =>
      requests.observe({ route: bound('route', route), status: String(status) }, durationMs / 1000),
    read: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    close: () => registry.clear(),
  }
}
