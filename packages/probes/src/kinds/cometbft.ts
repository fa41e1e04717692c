import { type Static, Type } from 'typebox'
import { defineKind, type KindSignal, type ProbeAnswer, type ProbeContext } from '../kind.ts'
import { failed } from '../steps.ts'
import {
  flagSignal,
  flagThreshold,
  headSignal,
  lagThreshold,
  medianSignal,
  optionalSignal,
  peersMinSchema,
  peersSignal,
  peersThreshold,
  stallThreshold,
} from '../parts/chain-params.ts'
import { chainIdSchema, cometBlockMsSchema } from '../protocols/cometbft/cometbft-params.ts'
import {
  getBlockMetas,
  getPeerCount,
  getRound,
  getStatus,
} from '../protocols/cometbft/cometbft-rpc.ts'
import {
  countAccusations,
  getParticipation,
  getWindow,
} from '../protocols/cometbft/cometbft-window.ts'
import { makePolicy, noisyThreshold, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { type JsonRpc, makeJsonRpc } from '../protocols/json-rpc/json-rpc.ts'
import { makeBitmap, toFlag } from '../parts/readings.ts'
import { checkHeaders, checkUrl, accessParams, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'

const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  chainId: chainIdSchema,
  blockMs: cometBlockMsSchema,
  peersMin: peersMinSchema(2),
  window: Type.Integer({
    default: 10,
    minimum: 2,
    maximum: 20,
    description: 'Blocks over which signatures and evidence are counted.',
  }),
  validators: Type.Array(Type.String({ pattern: '^[0-9A-F]{40}$' }), {
    default: [],
    maxItems: 64,
    uniqueItems: true,
    description: 'Consensus addresses of validators to watch, hex in capitals.',
  }),
})
type Params = Static<typeof paramsSchema>

/** A round lost to a slow proposer is common; the third has cost two proposers. */
const ROUND_MAX = 2

/** A CometBFT (Tendermint) node, and through it validators of its chain. */
export const cometbftKind = defineKind({
  kind: 'cometbft',
  summary: 'A CometBFT node follows its chain, and validators sign its blocks.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: ({ validators }) => [...nodeSignals, ...(validators.length === 0 ? [] : watchSignals)],
  identities: [
    { name: 'block-hash', meaning: 'Hash of the window’s last block.', optional: true },
    {
      name: 'missed-set',
      meaning: 'Bit by place in `validators`: missed a block of the window.',
      optional: true,
    },
  ],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content'],
  defaultPolicy: ({ blockMs, peersMin, validators, window }, { timeoutMs, group }) =>
    makePolicy([
      ...(validators.length === 0
        ? []
        : ([
            flagThreshold('accusations'),
            { signal: 'active', below: validators.length, severity: 'degraded' },
            noisyThreshold('missed-worst', Math.floor(window / 3)),
          ] as const)),
      flagThreshold('catching-up'),
      stallThreshold(blockMs),
      { signal: 'round', above: ROUND_MAX, severity: 'degraded' },
      ...peersThreshold(peersMin),
      slowThreshold(timeoutMs),
      ...lagThreshold('height', blockMs, group),
    ]),
  async probe(params, context) {
    const rpc = makeJsonRpc(new URL(params.url), params.headers, context)
    try {
      return await ask(rpc, params, context)
    } finally {
      rpc.close()
    }
  },
})

const nodeSignals: readonly KindSignal[] = [
  latencySignal('From the first packet to the status: a connection and one call.'),
  headSignal('height', 'blocks', 'Height of the latest block.'),
  medianSignal(
    'head-age',
    'ms',
    'From the latest block’s time to the start of the round; below 0 if it is later.',
  ),
  flagSignal('catching-up', 'It says that it is fetching blocks that others have.'),
  peersSignal,
  optionalSignal('round', 'rounds', 'Of the height being agreed on: 0 unless proposers fail.'),
  optionalSignal('block-interval', 'ms', 'Mean time between the window’s blocks.'),
  optionalSignal('evidence', 'blocks', 'Of the window, that carry evidence, whoever it accuses.'),
]
const watchSignals: readonly KindSignal[] = [
  optionalSignal('active', 'validators', 'Of those watched, that are in the set.'),
  optionalSignal('voting-power', 'power', 'Of those watched, together.'),
  optionalSignal('missed', 'signatures', 'Of those watched, that the window’s commits lack.'),
  optionalSignal('missed-worst', 'signatures', 'The same of the one that misses most.'),
  optionalSignal(
    'missed-alone',
    'signatures',
    'Of those missed, that at most a tenth of the power of others missed with them.',
  ),
  optionalSignal('power-absent', 'permille', 'Of all voting power, what did not sign the window.'),
  optionalSignal('accusations', 'evidence', 'In the window’s blocks, against those watched.'),
]

async function ask(
  rpc: JsonRpc,
  params: Params,
  { phases, roundStartMs }: ProbeContext,
): Promise<ProbeAnswer> {
  const answered = await getStatus(rpc)
  if (!answered.ok) return answered.stop
  const latency = phases.latencyUs()
  const status = answered.value
  if (status.chainId !== params.chainId) {
    return failed('wrong-chain', `chain ${status.chainId}, not ${params.chainId}`)
  }
  const peers = await getPeerCount(rpc)
  if (!peers.ok) return peers.stop
  const round = await getRound(rpc)
  if (!round.ok) return round.stop
  const signals = {
    latency,
    height: BigInt(status.height),
    'head-age': BigInt(roundStartMs - status.timeMs),
    'catching-up': toFlag(status.catchingUp),
    peers: BigInt(peers.value),
    ...(round.value === undefined ? {} : { round: BigInt(round.value) }),
  }
  const window = getWindow(status, params.window)
  if (window === undefined) return { status: 'reached', signals, identities: {} }

  const metas = await getBlockMetas(rpc, window.from, window.to)
  if (!metas.ok) return metas.stop
  const first = metas.value.at(0)
  const last = metas.value.at(-1)
  if (first === undefined || last === undefined) return failed('content', 'a window of no blocks')
  const evident = metas.value.filter(({ hasEvidence }) => hasEvidence).map(({ height }) => height)
  const blocks = last.height - first.height
  const watched = await watch(rpc, params, window, evident)
  if (watched.status !== 'reached') return watched
  return {
    status: 'reached',
    reference: { kind: 'height', value: last.height },
    signals: {
      ...signals,
      ...(blocks === 0
        ? {}
        : { 'block-interval': BigInt(Math.round((last.timeMs - first.timeMs) / blocks)) }),
      evidence: BigInt(evident.length),
      ...watched.signals,
    },
    identities: { 'block-hash': last.hash, ...watched.identities },
  }
}

/** What is to be said of the watched validators; nothing where there are none. */
async function watch(
  rpc: JsonRpc,
  { validators }: Params,
  window: { from: number; to: number },
  evident: readonly number[],
): Promise<ProbeAnswer> {
  if (validators.length === 0) return { status: 'reached', signals: {}, identities: {} }
  const participation = await getParticipation(rpc, window, validators)
  if (!participation.ok) return participation.stop
  const accusations = await countAccusations(rpc, evident, validators)
  if (!accusations.ok) return accusations.stop
  const { active, votingPower, missed, missedAlone, powerAbsent } = participation.value
  return {
    status: 'reached',
    signals: {
      active: BigInt(active),
      'voting-power': votingPower,
      missed: BigInt(missed.reduce((sum, count) => sum + count, 0)),
      'missed-worst': BigInt(Math.max(...missed)),
      'missed-alone': BigInt(missedAlone),
      'power-absent': powerAbsent,
      ...(accusations.value === undefined ? {} : { accusations: BigInt(accusations.value) }),
    },
    identities: { 'missed-set': makeBitmap(missed.length, (index) => (missed[index] ?? 0) > 0) },
  }
}
