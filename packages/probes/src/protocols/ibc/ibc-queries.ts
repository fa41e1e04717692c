import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import {
  encodeMessage,
  getBytes,
  getMessage,
  getNumber,
  getSigned,
  getText,
  readMessage,
  type Fields,
} from '../grpc/protobuf.ts'
import { isRecord, judgeRpcError, type RpcAnswer } from '../json-rpc/json-rpc.ts'
import type { ListedCall } from '../json-rpc/json-rpc-batch.ts'

// Queries of ibc-go's gRPC services by CometBFT's `abci_query`, which every node of the Cosmos SDK
// answers, whether or not it serves gRPC or REST. The messages are those of ibc/core/client/v1,
// ibc/core/channel/v1 and ibc/lightclients/tendermint/v1; field numbers stand beside their names.

/** Of the errors in codespace `sdk`: what is asked for is not there. */
const KEY_NOT_FOUND = 22
const CLIENT_STATE_TYPE = '/ibc.lightclients.tendermint.v1.ClientState'
const CONSENSUS_STATE_TYPE = '/ibc.lightclients.tendermint.v1.ConsensusState'
/** `State` of a channel. */
const STATE_OPEN = 3n
/** Commitments that are read of a channel; so many take some 100 KB. */
export const COMMITMENTS_MAX = 1000

/** Of a `Duration`, which no `Timestamp` exceeds. */
const SECONDS_MAX = 315_576_000_000n
const NANOS_END = 1_000_000_000n
const COUNT_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** What an answer is read as; undefined where the chain has nothing by that name. */
type Read<T> = Step<T | undefined>

/** How a chain finds one of its clients. */
export function callClientStatus(clientId: string): ListedCall {
  return query('/ibc.core.client.v1.Query/ClientStatus', encodeMessage([[1, clientId]]))
}

/** @returns such as `Active`, `Expired` or `Frozen` */
export function readClientStatus(answer: RpcAnswer): Read<string> {
  return readQuery('client status', answer, (response) => getText(response, 1))
}

/** What a client is made with, and how far it is. */
export function callClientState(clientId: string): ListedCall {
  return query('/ibc.core.client.v1.Query/ClientState', encodeMessage([[1, clientId]]))
}

/** @returns how long the client trusts what it last learned, in ms, cut below */
export function readTrustingPeriod(answer: RpcAnswer): Read<bigint> {
  return readQuery('client state', answer, (response) => {
    const state = getAny(response, CLIENT_STATE_TYPE)
    const period = state === undefined ? undefined : getMessage(state, 3)
    return period === undefined ? undefined : readTimeMs(period)
  })
}

/** What a client last learned. */
export function callConsensusState(clientId: string): ListedCall {
  const request = encodeMessage([
    [1, clientId],
    [4, 1],
  ])
  return query('/ibc.core.client.v1.Query/ConsensusState', request)
}

/** @returns the time of the last block that a client learned of, in Unix ms, cut below */
export function readConsensusTime(answer: RpcAnswer): Read<bigint> {
  return readQuery('consensus state', answer, (response) => {
    const state = getAny(response, CONSENSUS_STATE_TYPE)
    const time = state === undefined ? undefined : getMessage(state, 1)
    return time === undefined ? undefined : readTimeMs(time)
  })
}

/** A channel's end on a chain. */
export interface ChannelEnd {
  readonly port: string
  readonly id: string
}

export function callChannel({ port, id }: ChannelEnd): ListedCall {
  const request = encodeMessage([
    [1, port],
    [2, id],
  ])
  return query('/ibc.core.channel.v1.Query/Channel', request)
}

/** @returns whether a channel is open */
export function readIsOpen(answer: RpcAnswer): Read<boolean> {
  return readQuery('channel', answer, (response) => {
    const channel = getMessage(response, 1)
    return channel === undefined ? undefined : getNumber(channel, 1) === STATE_OPEN
  })
}

/** Packets of a channel that were sent, and neither acknowledged nor given up. */
export interface Commitments {
  readonly count: bigint
  /** The one sent first; undefined where there is none, or where not all of them were read. */
  readonly oldest: bigint | undefined
}

export function callCommitments({ port, id }: ChannelEnd): ListedCall {
  const page = encodeMessage([
    [3, COMMITMENTS_MAX],
    [4, 1],
  ])
  const request = encodeMessage([
    [1, port],
    [2, id],
    [3, page],
  ])
  return query('/ibc.core.channel.v1.Query/PacketCommitments', request)
}

export function readCommitments(answer: RpcAnswer): Read<Commitments> {
  return readQuery('packet commitments', answer, (response) => {
    const page = getMessage(response, 2)
    const sequences = (response.get(1) ?? []).map((each) => {
      const commitment = typeof each === 'bigint' ? undefined : readMessage(each)
      return commitment === undefined ? 0n : getNumber(commitment, 3)
    })
    if (page === undefined || sequences.includes(0n)) return undefined
    // They come in the order of their digits, so that the first of a page says nothing.
    const isWhole = getBytes(page, 1).length === 0
    const total = getNumber(page, 2)
    if (total < BigInt(sequences.length) || total > COUNT_MAX) return undefined
    const [oldest] = sequences.toSorted((one, other) => (one < other ? -1 : 1))
    return { count: total, oldest: isWhole ? oldest : undefined }
  })
}

function query(path: string, request: Uint8Array): ListedCall {
  // Height 0 is the latest; no proof.
  const params = [path, Buffer.from(request).toString('hex'), '0', false]
  return { method: 'abci_query', params }
}

/** @param read - undefined of what is no such response */
function readQuery<T>(
  what: string,
  answer: RpcAnswer,
  read: (response: Fields) => T | undefined,
): Read<T> {
  if (!answer.ok) return stopped(judgeRpcError(what, answer.error))
  const response = isRecord(answer.result) ? answer.result['response'] : undefined
  if (!isRecord(response)) return stopped(failed('protocol', `${what}: no response`))
  const { code, log, value } = response
  if (typeof code !== 'number') return stopped(failed('protocol', `${what}: no code`))
  if (code === KEY_NOT_FOUND) return done(undefined)
  if (code !== 0) {
    const why = typeof log === 'string' ? log : 'without a word'
    return stopped(failed('content', `${what}: code ${code}, ${why}`))
  }
  const message = typeof value === 'string' ? readMessage(Buffer.from(value, 'base64')) : undefined
  const result = message === undefined ? undefined : read(message)
  return result === undefined
    ? stopped(failed('protocol', `${what}: not the message that it must be`))
    : done(result)
}

/** The message in an `Any`, field 1 of a response, where it is of the type. */
function getAny(response: Fields, type: string): Fields | undefined {
  const any = getMessage(response, 1)
  return any !== undefined && getText(any, 1) === type ? getMessage(any, 2) : undefined
}

/** A `Duration` or `Timestamp` in ms; undefined of what is none. */
function readTimeMs(time: Fields): bigint | undefined {
  const [seconds, nanos] = [getSigned(time, 1), getSigned(time, 2)]
  const isTime = seconds >= -SECONDS_MAX && seconds <= SECONDS_MAX && nanos >= 0n
  return isTime && nanos < NANOS_END ? seconds * 1000n + nanos / 1_000_000n : undefined
}
