import { type Static, Type } from 'typebox'
import {
  defineKind,
  type KindSignal,
  type ProbeAnswer,
  type ProbeContext,
  type ThresholdFile,
} from '../kind.ts'
import {
  flagSignal,
  flagThreshold,
  medianSignal,
  optionalSignal,
  stallThreshold,
} from '../parts/chain-params.ts'
import { behindThreshold, makePolicy, slowThreshold } from '../parts/default-policy.ts'
import { httpOutcomes } from '../parts/http-outcomes.ts'
import { toFlag } from '../parts/readings.ts'
import { accessParams, checkHeaders, checkUrl, strictObject, urlSchema } from '../parts/schemas.ts'
import { latencySignal } from '../parts/signals.ts'
import { chainIdSchema, cometBlockMsSchema } from '../protocols/cometbft/cometbft-params.ts'
import { getStatus } from '../protocols/cometbft/cometbft-rpc.ts'
import { getChannel, getClient } from '../protocols/ibc/path-end.ts'
import { relayLimits } from '../protocols/ibc/relay-limits.ts'
import { type JsonRpc, makeJsonRpc } from '../protocols/json-rpc/json-rpc.ts'
import { failed } from '../steps.ts'

const IDENTIFIER = '^[a-zA-Z0-9._+#<>\\[\\]-]'

const paramsSchema = strictObject({
  url: urlSchema,
  ...accessParams,
  chainId: chainIdSchema,
  blockMs: cometBlockMsSchema,
  batch: Type.Boolean({
    default: true,
    description: 'Whether the node is asked several things in one request.',
  }),
  clientId: Type.String({
    pattern: '^07-tendermint-[0-9]{1,20}$',
    examples: ['07-tendermint-0'],
    description: 'The chain’s client of the other chain.',
  }),
  channel: Type.Optional(
    strictObject({
      port: Type.String({ default: 'transfer', pattern: `${IDENTIFIER}{2,128}$` }),
      id: Type.String({ pattern: `${IDENTIFIER}{8,64}$`, examples: ['channel-0'] }),
    }),
  ),
  ...relayLimits,
})
type Params = Static<typeof paramsSchema>

/** One chain's end of an IBC path, by a node of that chain: what its relayers have done, and have not. */
export const ibcKind = defineKind({
  kind: 'ibc',
  summary: 'A chain’s IBC client is kept from expiring, and the packets of a channel do not wait.',
  params: paramsSchema,
  check: ({ url, headers }) => [...checkUrl('url', url), ...checkHeaders('headers', headers)],
  signals: ({ channel }) => [...clientSignals, ...(channel === undefined ? [] : channelSignals)],
  identities: [],
  outcomes: [...httpOutcomes, 'wrong-chain', 'content'],
  defaultPolicy: (params, { timeoutMs }) =>
    makePolicy([...listThresholds(params), slowThreshold(timeoutMs)]),
  async probe(params, context) {
    const rpc = makeJsonRpc(new URL(params.url), params.headers, context)
    try {
      return await ask(rpc, params, context)
    } finally {
      rpc.close()
    }
  },
})

const clientSignals: readonly KindSignal[] = [
  latencySignal('From the first packet to the status: a connection and one call.'),
  flagSignal('catching-up', 'The node says that it is fetching blocks that others have.'),
  medianSignal(
    'head-age',
    'ms',
    'From the latest block’s time to the start of the round; below 0 if it is later.',
  ),
  flagSignal('client-active', 'The chain says that its client is: neither expired nor frozen.'),
  optionalSignal(
    'client-expiry',
    's',
    'From the round’s start until the client expires, unless it is updated.',
  ),
  medianSignal('trusting-period', 's', 'How long after an update the client expires.'),
]
const channelSignals: readonly KindSignal[] = [
  flagSignal('channel-open', 'The chain says that the channel is open.'),
  medianSignal('backlog', 'packets', 'Sent, and neither acknowledged nor timed out.'),
  optionalSignal(
    'oldest-pending',
    'ms',
    'From the block in which the first of those was sent to the start of the round.',
  ),
]

function listThresholds({ channel, blockMs, ...limits }: Params): readonly ThresholdFile[] {
  const { backlogMax, pendingMsMax, expirySecondsMin } = limits
  return [
    // What a node says that is behind its chain is of the past.
    flagThreshold('catching-up'),
    stallThreshold(blockMs),
    { signal: 'client-active', below: 1, severity: 'down' },
    { signal: 'client-expiry', below: expirySecondsMin, severity: 'degraded' },
    ...(channel === undefined
      ? []
      : ([
          { signal: 'channel-open', below: 1, severity: 'down' },
          behindThreshold('oldest-pending', pendingMsMax),
          behindThreshold('backlog', backlogMax),
        ] as const)),
  ]
}

async function ask(rpc: JsonRpc, params: Params, context: ProbeContext): Promise<ProbeAnswer> {
  const { chainId, clientId, channel, batch } = params
  const status = await getStatus(rpc)
  if (!status.ok) return status.stop
  const latency = context.phases.latencyUs()
  if (status.value.chainId !== chainId) {
    return failed('wrong-chain', `chain ${status.value.chainId}, not ${chainId}`)
  }
  const client = await getClient(rpc, clientId, batch, context)
  if (!client.ok) return client.stop
  const nowMs = BigInt(context.roundStartMs)
  const { isActive, trustingMs, expiresMs } = client.value
  const signals = {
    latency,
    'catching-up': toFlag(status.value.catchingUp),
    'head-age': nowMs - BigInt(status.value.timeMs),
    'client-active': toFlag(isActive),
    ...(expiresMs === undefined ? {} : { 'client-expiry': (expiresMs - nowMs) / 1000n }),
    'trusting-period': trustingMs / 1000n,
  }
  if (channel === undefined) return { status: 'reached', signals, identities: {} }

  const found = await getChannel(rpc, channel, batch, context)
  if (!found.ok) return found.stop
  const { isOpen, pending, oldestMs } = found.value
  // Where nothing waits, nothing waits for long.
  const oldest = pending === 0n ? nowMs : oldestMs
  return {
    status: 'reached',
    signals: {
      ...signals,
      'channel-open': toFlag(isOpen),
      backlog: pending,
      ...(oldest === undefined ? {} : { 'oldest-pending': nowMs - oldest }),
    },
    identities: {},
  }
}
