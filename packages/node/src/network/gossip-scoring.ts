import type {
  PeerScoreParams,
  PeerScoreThresholds,
  TopicScoreParams,
} from '@libp2p/gossipsub/score'
import { penaltyLimit } from './peer-ledger.ts'

/**
 * Scores on every topic. What counts is invalid messages (one costs 10, two 40, three 90, fading by
 * 2 % a second). Nothing is asked of quiet topics: no deliveries are expected (the library expects
 * 20 and punishes honest peers), and being in a mesh or first with a message earns little.
 */
export const topicScoring: TopicScoreParams = {
  topicWeight: 1,
  timeInMeshWeight: 0.1,
  timeInMeshQuantum: 60_000,
  timeInMeshCap: 10,
  firstMessageDeliveriesWeight: 0.05,
  firstMessageDeliveriesDecay: 0.95,
  firstMessageDeliveriesCap: 40,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 1000,
  meshMessageDeliveriesActivation: 60_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: 0.98,
}

/**
 * Scores of a peer over all topics.
 *
 * @param gossipNames every topic of the network
 * @param getPenalty points against a peer from outside gossip (see {@link PeerLedger})
 */
export function makePeerScoring(
  gossipNames: readonly string[],
  getPenalty: (peer: string) => number,
): PeerScoreParams {
  return {
    topics: Object.fromEntries(gossipNames.map((name) => [name, topicScoring])),
    // Good deeds never pay for more than one bad one.
    topicScoreCap: 10,
    appSpecificScore: (peer) => -getPenalty(peer),
    appSpecificWeight: 1,
    // Honest peers share an address behind NAT and on loopback; connections per host are bounded by
    // the connection gate instead.
    IPColocationFactorWeight: 0,
    IPColocationFactorThreshold: 1,
    IPColocationFactorWhitelist: new Set(),
    // A busy machine breaks a promise now and then.
    behaviourPenaltyWeight: -5,
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: 0.9,
    decayInterval: 1000,
    decayToZero: 0.1,
    // A peer cannot shed what it did by connecting anew.
    retainScore: 3_600_000,
  }
}

/** From which score a peer no longer gets gossip, our messages, or a hearing. */
export const scoreThresholds: PeerScoreThresholds = {
  gossipThreshold: -20,
  publishThreshold: -60,
  graylistThreshold: -penaltyLimit,
  acceptPXThreshold: 1_000_000,
  opportunisticGraftThreshold: 1,
}
