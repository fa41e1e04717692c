/** How a name that a part of the node counts under is exported. */
export interface MetricEntry {
  /** Exported name; `_total` is added to counters. */
  readonly metric: string
  readonly help: string
  /** What the label means: the name it is exported under. */
  readonly label?: string
  /** Where the label holds two words, `first/second` or `first-second`: the names of both. */
  readonly labels?: { readonly names: readonly [string, string]; readonly separator: '/' | '-' }
}

/** Distributions, with their buckets in seconds. */
export interface HistogramEntry extends MetricEntry {
  readonly buckets: readonly number[]
}

const probeBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const delayBuckets = [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 30, 60, 120]
const flushBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** Names that `observe` knows. Another name gets the probe's buckets and a help of its name. */
export const histograms: Readonly<Record<string, HistogramEntry>> = {
  probe: {
    metric: 'watchfire_probe_duration_seconds',
    help: 'How long a probe took, by kind',
    label: 'kind',
    buckets: probeBuckets,
  },
  'vote-log-flush': {
    metric: 'watchfire_vote_log_flush_seconds',
    help: 'How long it took to make a signed message durable before it was sent',
    buckets: flushBuckets,
  },
  attestation: {
    metric: 'watchfire_attestation_seconds',
    help: 'From the start of a round to this monitor’s attestation of it, signed and sent',
    buckets: delayBuckets,
  },
  agreement: {
    metric: 'watchfire_agreement_delay_seconds',
    help: 'From the start of a round to its certificate here',
    buckets: delayBuckets,
  },
  request: {
    metric: 'watchfire_http_request_duration_seconds',
    help: 'HTTP requests by route and status class',
    label: 'route',
    buckets: probeBuckets,
  },
}

/** Names that `add` and `set` know. Another name is exported under itself. */
export const counted: Readonly<Record<string, MetricEntry>> = {
  'rounds-certified': {
    metric: 'watchfire_rounds_certified',
    help: 'Rounds whose certificate came in since the start',
  },
  height: { metric: 'watchfire_height', help: 'Height of the highest certificate' },
  round: { metric: 'watchfire_round', help: 'Round of the highest certificate' },
  'certified-at': {
    metric: 'watchfire_certified_timestamp_seconds',
    help: 'Start of the highest certified round: nothing is certified since. Absent before the first',
  },
  'valid-until': {
    metric: 'watchfire_valid_until_timestamp_seconds',
    help: 'When the highest certificate is past its time, or was. Absent before the first',
  },
  view: { metric: 'watchfire_view', help: 'View the node is in' },
  peers: { metric: 'watchfire_peers', help: 'Connected peers' },
  ready: { metric: 'watchfire_ready', help: '1 while the node is ready' },
  stale: { metric: 'watchfire_stale', help: '1 while the highest certificate is past its time' },
  agreement: {
    metric: 'watchfire_agreement_state',
    help: '1 for the state of agreement the node is in, 0 for the others',
    label: 'state',
  },
  probes: {
    metric: 'watchfire_probes',
    help: 'Probes by kind and outcome; abstentions are this monitor’s own',
    labels: { names: ['kind', 'outcome'], separator: '/' },
  },
  'network-messages': {
    metric: 'watchfire_messages_received',
    help: 'Messages received, by topic and whether they were admitted: attestations in, among them',
    labels: { names: ['topic', 'acceptance'], separator: '-' },
  },
  'messages-refused': {
    metric: 'watchfire_messages_refused',
    help: 'Messages not admitted, by topic and the check that refused them (SPEC 8)',
    labels: { names: ['topic', 'reason'], separator: '-' },
  },
  'messages-signed': {
    metric: 'watchfire_messages_signed',
    help: 'Messages signed here, by kind: attestations out, among them',
    label: 'kind',
  },
  'network-drops': {
    metric: 'watchfire_network_drops',
    help: 'What the network layer dropped, refused or gave up on, by reason',
    label: 'reason',
  },
  'network-connections': {
    metric: 'watchfire_connections',
    help: 'Open connections to peers',
    label: 'direction',
  },
  'network-silence-ms': {
    metric: 'watchfire_network_silence_milliseconds',
    help: 'Since anything came on a topic',
    label: 'topic',
  },
  'network-slow-checks-refused': {
    metric: 'watchfire_slow_checks_refused',
    help: 'Slow signature checks that the budget did not allow, by cause',
    label: 'cause',
  },
  signatures: {
    metric: 'watchfire_signature_verifications',
    help: 'Signatures checked, by the path that looked and what it said; only the slow one refuses',
    labels: { names: ['path', 'verdict'], separator: '/' },
  },
  'rounds-not-attested': {
    metric: 'watchfire_rounds_not_attested',
    help: 'Rounds this monitor said nothing about, by reason',
    label: 'reason',
  },
  'rounds-abstained': {
    metric: 'watchfire_rounds_abstained',
    help: 'Rounds in which this monitor was not well and abstained from every target',
    label: 'cause',
  },
  unwell: {
    metric: 'watchfire_unwell',
    help: '1 for the control of its own that makes this node unwell, 0 for the others',
    label: 'cause',
  },
  canaries: {
    metric: 'watchfire_canaries',
    help: 'The operator’s canaries in the last round, by whether they answered',
    label: 'state',
  },
  'clock-offset': {
    metric: 'watchfire_clock_offset_seconds',
    help: 'This machine’s clock less the committee’s middle, and the operator’s time servers’. Absent before the first',
    label: 'against',
  },
  alarms: { metric: 'watchfire_alarms', help: 'Alarms raised, by code', label: 'code' },
  'members-heard': {
    metric: 'watchfire_members_heard',
    help: 'Committee members heard lately, this one included',
  },
  'weight-heard': {
    metric: 'watchfire_weight_heard',
    help: 'Weight of the members heard lately: below the quorum nothing can be certified',
  },
  quorum: { metric: 'watchfire_quorum', help: 'Weight that a certificate needs' },
  repeated: { metric: 'watchfire_repeated', help: 'Messages sent again, as they were kept' },
  'published-to-nobody': {
    metric: 'watchfire_published_to_nobody',
    help: 'Messages gossiped while no peer was there to hear',
    label: 'topic',
  },
  'retries-dropped': {
    metric: 'watchfire_retries_dropped',
    help: 'Messages kept for another try (SPEC 8, QUEUE) that had no room any more',
    label: 'topic',
  },
  fetches: { metric: 'watchfire_fetches', help: 'Requests made to peers', label: 'what' },
  'fetch-failures': {
    metric: 'watchfire_fetch_failures',
    help: 'Requests to peers that brought nothing',
    label: 'what',
  },
  'network-served': {
    metric: 'watchfire_network_served',
    help: 'Requests of peers answered, by protocol',
    label: 'protocol',
  },
  'network-fetched': {
    metric: 'watchfire_network_fetched',
    help: 'Messages that peers answered with, by protocol',
    label: 'protocol',
  },
  'network-speakers': {
    metric: 'watchfire_network_speakers',
    help: 'Peers that gossip runs with',
  },
  'synced-certificates': {
    metric: 'watchfire_synced_certificates',
    help: 'Certificates taken over from peers in catching up',
  },
  'sync-refusals': {
    metric: 'watchfire_sync_refusals',
    help: 'Answers refused in catching up, by reason',
    label: 'reason',
  },
  targets: {
    metric: 'watchfire_targets',
    help: 'Targets by certified verdict; none before the first round that covers them',
    label: 'verdict',
  },
  groups: {
    metric: 'watchfire_groups',
    help: 'Groups of targets, which are chains, by certified standing (SPEC 7.11); none before the first round',
    label: 'standing',
  },
  'provider-incidents': {
    metric: 'watchfire_provider_incidents',
    help: 'Providers much of which is down at once (SPEC 12.1)',
  },
  'members-excluded': {
    metric: 'watchfire_members_excluded',
    help: 'Committee members whose observations count no more, for they signed two things',
  },
  evidence: {
    metric: 'watchfire_evidence',
    help: 'Members against which evidence is known here, by what they signed twice',
    label: 'kind',
  },
  'feed-subscribers': { metric: 'watchfire_feed_subscribers', help: 'Open event streams' },
  'feed-subscribers-cut': {
    metric: 'watchfire_feed_subscribers_cut',
    help: 'Event streams the node ended, by reason',
    label: 'reason',
  },
  'http-answers': {
    metric: 'watchfire_http_answers',
    help: 'HTTP answers by status',
    label: 'status',
  },
}

/** Exported name of anything counted: known ones as the catalog says, others under their own. */
export function getEntry(name: string): MetricEntry {
  const entry = counted[name]
  if (entry !== undefined) return entry
  return {
    metric: `watchfire_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`,
    help: `Counted under ${name}`,
    label: 'code',
  }
}

/** As {@link getEntry}, for distributions. */
export function getHistogramEntry(name: string): HistogramEntry {
  const entry = histograms[name]
  if (entry !== undefined) return entry
  return {
    metric: `watchfire_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}_seconds`,
    help: `Measured under ${name}`,
    label: 'code',
    buckets: probeBuckets,
  }
}
