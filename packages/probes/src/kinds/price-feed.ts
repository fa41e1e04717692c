import { defineKind, type KindSignal, type ThresholdFile } from '../kind.ts'
import {
  contractFeedSignals,
  probeAggregator,
  probeSequencer,
  sequencerSignals,
} from '../protocols/prices/contract-feed.ts'
import { stallThreshold } from '../parts/chain-params.ts'
import { makePolicy, noisyThreshold, slowThreshold } from '../parts/default-policy.ts'
import {
  checkFeed,
  type FeedParams,
  feedParamsSchema,
  getScale,
} from '../protocols/prices/feed-params.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { probePyth, pythSignals } from '../protocols/prices/pyth-feed.ts'
import { latencySignal } from '../parts/signals.ts'

/** An update is late, not missing, for a quarter of the heartbeat: its transaction has to be mined. */
const LATE_PARTS = 4
/** Block times are whole seconds, and monitors ask at different moments of a round. */
const GRACE_MS_MIN = 5000
/** Hundredths of a percent: publishers that differ by this name no price that one could trade at. */
const CONFIDENCE_MAX = 100

/** A price feed, or the feed of a sequencer's status: is there an answer, and is it fresh? */
export const priceFeedKind = defineKind({
  kind: 'price-feed',
  summary: 'A price feed (AggregatorV3, Pyth) or sequencer uptime feed gives a fresh answer.',
  params: feedParamsSchema,
  check: checkFeed,
  signals: listSignals,
  identities: [
    {
      name: 'round-id',
      meaning: 'The round id, 10 bytes, or the Pythnet slot, 8 bytes; big-endian.',
      optional: true,
    },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content', 'reverted'],
  defaultPolicy: (params, { timeoutMs }) =>
    makePolicy([...listThresholds(params), slowThreshold(timeoutMs)]),
  probe(params, context) {
    const { feed } = params
    if (feed === 'pyth') return probePyth(params, context)
    return feed === 'sequencer' ? probeSequencer(params, context) : probeAggregator(params, context)
  },
})

function listSignals(params: FeedParams): readonly KindSignal[] {
  const price = (meaning: string): KindSignal => ({
    name: 'price',
    unit: params.unit,
    scale: getScale(params),
    aggregate: 'median',
    meaning,
  })
  const age: KindSignal = {
    name: 'age',
    unit: 'ms',
    scale: 0,
    aggregate: 'median',
    meaning: 'From the update to the start of the round; below 0 if it came later.',
  }
  switch (params.feed) {
    case 'pyth':
      return [
        latencySignal('From the first packet to the whole answer.'),
        price('Pyth’s aggregate price, cut to the scale towards 0.'),
        age,
        ...pythSignals(params.unit, getScale(params)),
      ]
    case 'sequencer':
      return [...contractFeedSignals, ...sequencerSignals, age]
    default:
      return [
        ...contractFeedSignals,
        price('The answer, cut to the scale towards 0.'),
        age,
        {
          name: 'feed-round',
          unit: 'rounds',
          scale: 0,
          aggregate: 'corroborated',
          meaning: 'The aggregator’s round: the lower 64 bits of the round id.',
        },
        {
          name: 'carried',
          unit: 'rounds',
          scale: 0,
          aggregate: 'median',
          meaning: 'Rounds since the one that the answer was given in; 0 if it is the round’s own.',
        },
        {
          name: 'round-time',
          unit: 'ms',
          scale: 0,
          aggregate: 'median',
          meaning: 'From the round’s start to its update: how old the answer was when it came.',
          optional: true,
        },
      ]
  }
}

function listThresholds({ feed, blockMs, heartbeatMs = 0 }: FeedParams): ThresholdFile[] {
  const severity = 'degraded'
  const late = heartbeatMs + Math.max(GRACE_MS_MIN, Math.ceil(heartbeatMs / LATE_PARTS))
  // A node whose head is old shows an old feed, whatever the feed does.
  const stalled = stallThreshold(blockMs)
  switch (feed) {
    case 'pyth':
      return [
        { signal: 'age', above: late, severity },
        noisyThreshold('confidence-share', CONFIDENCE_MAX),
      ]
    case 'sequencer':
      return [
        { signal: 'sequencer-down', above: 0, severity: 'down' },
        stalled,
        { signal: 'grace-left', above: 0, severity },
      ]
    default:
      // The node first: behind a stalled one a fresh feed looks old.
      return [
        stalled,
        { signal: 'age', above: late, severity },
        { signal: 'carried', above: 0, severity },
      ]
  }
}
