import type { ProbeContext, Step } from '../../kind.ts'
import { readCount } from '../../parts/readings.ts'
import { done, failed, stopped } from '../../steps.ts'
import { getBlockMetas } from '../cometbft/cometbft-rpc.ts'
import { callAll } from '../json-rpc/json-rpc-batch.ts'
import { isRecord, type JsonRpc, missingAnswer } from '../json-rpc/json-rpc.ts'
import {
  callChannel,
  callClientState,
  callClientStatus,
  callCommitments,
  callConsensusState,
  type ChannelEnd,
  readClientStatus,
  readCommitments,
  readConsensusTime,
  readIsOpen,
  readTrustingPeriod,
} from './ibc-queries.ts'

// One chain's end of a path: its client of the other chain, and a channel over it.

/** Of several answers, what takes the place of one that `callAll` did not give. */
const MISSING = missingAnswer('no answer')

type Basis = Pick<ProbeContext, 'nowMs' | 'deadlineMs' | 'timeoutMs'>

/** A client of another chain. */
export interface IbcClient {
  /** Packets are taken by it; not so once it has expired or is frozen. */
  readonly isActive: boolean
  readonly trustingMs: bigint
  /** When it expires unless it is updated, in Unix ms; undefined where the last update is gone. */
  readonly expiresMs: bigint | undefined
}

export async function getClient(
  rpc: JsonRpc,
  clientId: string,
  batch: boolean,
  context: Basis,
): Promise<Step<IbcClient>> {
  const calls = [callClientStatus, callClientState, callConsensusState].map((call) =>
    call(clientId),
  )
  const answered = await callAll(rpc, calls, batch, context)
  if (!answered.ok) return answered
  const [statusAnswer = MISSING, stateAnswer = MISSING, lastAnswer = MISSING] = answered.value
  const status = readClientStatus(statusAnswer)
  if (!status.ok) return status
  const trusting = readTrustingPeriod(stateAnswer)
  if (!trusting.ok) return trusting
  if (status.value === undefined || trusting.value === undefined) {
    return stopped(failed('content', `no client ${clientId}`))
  }
  const last = readConsensusTime(lastAnswer)
  if (!last.ok) return last
  return done({
    isActive: status.value === 'Active',
    trustingMs: trusting.value,
    expiresMs: last.value === undefined ? undefined : last.value + trusting.value,
  })
}

/** A channel, and what waits on it. */
export interface IbcChannel {
  readonly isOpen: boolean
  /** Packets that were sent, and neither acknowledged nor given up. */
  readonly pending: bigint
  /** When the first of them was sent, in Unix ms; undefined where none waits, or it is not known. */
  readonly oldestMs: bigint | undefined
}

export async function getChannel(
  rpc: JsonRpc,
  channel: ChannelEnd,
  batch: boolean,
  context: Basis,
): Promise<Step<IbcChannel>> {
  const answered = await callAll(
    rpc,
    [callChannel(channel), callCommitments(channel)],
    batch,
    context,
  )
  if (!answered.ok) return answered
  const [channelAnswer = MISSING, commitmentsAnswer = MISSING] = answered.value
  const isOpen = readIsOpen(channelAnswer)
  if (!isOpen.ok) return isOpen
  const commitments = readCommitments(commitmentsAnswer)
  if (!commitments.ok) return commitments
  if (isOpen.value === undefined || commitments.value === undefined) {
    return stopped(failed('content', `no channel ${channel.id} of port ${channel.port}`))
  }
  const { count, oldest } = commitments.value
  const oldestMs = await getSentMs(rpc, channel, oldest, context)
  if (!oldestMs.ok) return oldestMs
  return done({ isOpen: isOpen.value, pending: count, oldestMs: oldestMs.value })
}

/**
 * The time of the block that a packet was sent in, by the node's index of transactions.
 *
 * @returns undefined where there is no such packet, no index, or what it gives is too large
 */
async function getSentMs(
  rpc: JsonRpc,
  { port, id }: ChannelEnd,
  sequence: bigint | undefined,
  context: Basis,
): Promise<Step<bigint | undefined>> {
  if (sequence === undefined) return done(undefined)
  const wanted = [
    `send_packet.packet_src_port='${port}'`,
    `send_packet.packet_src_channel='${id}'`,
    `send_packet.packet_sequence='${sequence}'`,
  ].join(' AND ')
  const search = { method: 'tx_search', params: [wanted, false, '1', '1', 'asc'] }
  const answered = await callAll(rpc, [{ ...search, optional: true }], false, context)
  if (!answered.ok) return answered
  const [found = MISSING] = answered.value
  const height = found.ok ? readHeight(found.result) : undefined
  if (height === undefined) return done(undefined)
  const metas = await getBlockMetas(rpc, height, height)
  // A node may keep its index for longer than its blocks.
  if (!metas.ok) return metas.stop.status === 'failed' ? done(undefined) : metas
  const [block] = metas.value
  return done(block === undefined ? undefined : BigInt(block.timeMs))
}

function readHeight(result: unknown): number | undefined {
  const listed = isRecord(result) ? result['txs'] : undefined
  const first: unknown = Array.isArray(listed) ? listed[0] : undefined
  return isRecord(first) ? readCount(first['height']) : undefined
}
