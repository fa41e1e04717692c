import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { isRecord } from '../json-rpc/json-rpc.ts'
import { readCount, readHash, readInteger } from '../../parts/readings.ts'
import { getJson, type RestAnswer, type RestApi } from '../../parts/rest-api.ts'

// Calls of the Beacon API (github.com/ethereum/beacon-APIs). Every answer is an object with `data`;
// 64-bit integers are strings of digits, balances and rewards in Gwei.

export interface SyncStatus {
  readonly headSlot: number
  readonly syncDistance: number
  readonly isSyncing: boolean
  /** Undefined of a node older than the field. */
  readonly isOptimistic: boolean | undefined
  readonly isExecutionOffline: boolean | undefined
}

export interface Genesis {
  readonly timeMs: number
  readonly validatorsRoot: Uint8Array
}

export interface Checkpoint {
  readonly epoch: number
  readonly root: Uint8Array
}

/** A validator as a state has it. */
export interface ValidatorState {
  readonly index: string
  /** Hex with `0x`, lower case. */
  readonly key: string
  readonly balance: bigint
  readonly status: string
  readonly isSlashed: boolean
}

function wrong(what: string): Step<never> {
  return stopped(failed('protocol', `${what}: not as the Beacon API has it`))
}

function getData(json: unknown): unknown {
  return isRecord(json) ? json['data'] : undefined
}

/** The list in a successful answer; undefined of an answer that refuses. */
function readList<T>(
  what: string,
  answer: RestAnswer,
  read: (item: Record<string, unknown>) => T | undefined,
): Step<readonly T[] | undefined> {
  if (!answer.isSuccess) return done(undefined)
  const data = getData(answer.json)
  if (!Array.isArray(data)) return wrong(what)
  const list: T[] = []
  for (const item of data as readonly unknown[]) {
    const value = isRecord(item) ? read(item) : undefined
    if (value === undefined) return wrong(what)
    list.push(value)
  }
  return done(list)
}

export async function getSyncStatus(api: RestApi): Promise<Step<SyncStatus>> {
  const answered = await getJson(api, '/eth/v1/node/syncing')
  if (!answered.ok) return answered
  const data = getData(answered.value)
  if (!isRecord(data)) return wrong('syncing')
  const headSlot = readCount(data['head_slot'])
  const syncDistance = readCount(data['sync_distance'])
  const isSyncing = data['is_syncing']
  if (headSlot === undefined || syncDistance === undefined || typeof isSyncing !== 'boolean') {
    return wrong('syncing')
  }
  const isOptimistic = readBoolean(data['is_optimistic'])
  const isExecutionOffline = readBoolean(data['el_offline'])
  return done({ headSlot, syncDistance, isSyncing, isOptimistic, isExecutionOffline })
}

function readBoolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

export async function getGenesis(api: RestApi): Promise<Step<Genesis>> {
  const answered = await getJson(api, '/eth/v1/beacon/genesis')
  if (!answered.ok) return answered
  const data = getData(answered.value)
  if (!isRecord(data)) return wrong('genesis')
  const time = readCount(data['genesis_time'])
  const validatorsRoot = readHash(data['genesis_validators_root'], 32)
  const timeMs = (time ?? 0) * 1000
  return time === undefined || validatorsRoot === undefined || !Number.isSafeInteger(timeMs)
    ? wrong('genesis')
    : done({ timeMs, validatorsRoot })
}

export async function getConnectedPeers(api: RestApi): Promise<Step<number>> {
  const answered = await getJson(api, '/eth/v1/node/peer_count')
  if (!answered.ok) return answered
  const data = getData(answered.value)
  const connected = isRecord(data) ? readCount(data['connected']) : undefined
  return connected === undefined ? wrong('peer_count') : done(connected)
}

/** Checkpoints of the head's state. */
export async function getCheckpoints(
  api: RestApi,
): Promise<Step<{ justified: Checkpoint; finalized: Checkpoint }>> {
  const answered = await getJson(api, '/eth/v1/beacon/states/head/finality_checkpoints')
  if (!answered.ok) return answered
  const data = getData(answered.value)
  if (!isRecord(data)) return wrong('finality_checkpoints')
  const justified = readCheckpoint(data['current_justified'])
  const finalized = readCheckpoint(data['finalized'])
  return justified === undefined || finalized === undefined
    ? wrong('finality_checkpoints')
    : done({ justified, finalized })
}

function readCheckpoint(value: unknown): Checkpoint | undefined {
  if (!isRecord(value)) return undefined
  const epoch = readCount(value['epoch'])
  const root = readHash(value['root'], 32)
  return epoch === undefined || root === undefined ? undefined : { epoch, root }
}

/**
 * Validators as a state has them; those it does not know are not in the answer.
 *
 * @returns undefined where the node does not give that state
 */
export async function getValidators(
  api: RestApi,
  state: 'head' | 'justified' | 'finalized',
  ids: readonly string[],
): Promise<Step<readonly ValidatorState[] | undefined>> {
  const query = ids.map((id) => `id=${id}`).join('&')
  const answered = await api.get(`/eth/v1/beacon/states/${state}/validators?${query}`)
  if (!answered.ok) return answered
  return readList('validators', answered.value, (item) => {
    const { validator } = item
    const index = readCount(item['index'])
    const balance = readInteger(item['balance'])
    const { status } = item
    if (!isRecord(validator) || typeof status !== 'string') return undefined
    const { pubkey, slashed } = validator
    if (index === undefined || balance === undefined || balance < 0n) return undefined
    if (typeof pubkey !== 'string' || typeof slashed !== 'boolean') return undefined
    const key = pubkey.toLowerCase()
    return { index: String(index), key, balance, status, isSlashed: slashed }
  })
}

/** Indices of those of whom the node saw any message in an epoch; undefined where it cannot tell. */
export async function getLive(
  api: RestApi,
  epoch: number,
  indices: readonly string[],
): Promise<Step<ReadonlySet<string> | undefined>> {
  const answered = await api.post(`/eth/v1/validator/liveness/${epoch}`, indices)
  if (!answered.ok) return answered
  const list = readList('liveness', answered.value, (item) => {
    const index = readCount(item['index'])
    const isLive = item['is_live']
    if (index === undefined || typeof isLive !== 'boolean') return undefined
    return { index: String(index), isLive }
  })
  if (!list.ok || list.value === undefined) return list.ok ? done(undefined) : list
  return done(new Set(list.value.filter(({ isLive }) => isLive).map(({ index }) => index)))
}

/**
 * Indices of those whose attestation of an epoch counted neither for its source nor for its target,
 * by the penalties for both; undefined where the node cannot tell.
 */
export async function getMissers(
  api: RestApi,
  epoch: number,
  indices: readonly string[],
): Promise<Step<ReadonlySet<string> | undefined>> {
  const answered = await api.post(`/eth/v1/beacon/rewards/attestations/${epoch}`, indices)
  if (!answered.ok) return answered
  const { isSuccess, json, status } = answered.value
  if (!isSuccess) return done(undefined)
  const data = getData(json)
  const totals = isRecord(data) ? data['total_rewards'] : undefined
  const list = readList('rewards', { isSuccess, status, json: { data: totals } }, (item) => {
    const index = readCount(item['validator_index'])
    const source = readInteger(item['source'])
    const target = readInteger(item['target'])
    if (index === undefined || source === undefined || target === undefined) return undefined
    return { index: String(index), isMissed: source < 0n && target < 0n }
  })
  if (!list.ok || list.value === undefined) return list.ok ? done(undefined) : list
  return done(new Set(list.value.filter(({ isMissed }) => isMissed).map(({ index }) => index)))
}

/** Who is to propose at each slot of an epoch; undefined where the node cannot tell. */
export async function getProposers(
  api: RestApi,
  epoch: number,
): Promise<Step<readonly { index: string; slot: number }[] | undefined>> {
  const answered = await api.get(`/eth/v1/validator/duties/proposer/${epoch}`)
  if (!answered.ok) return answered
  return readList('proposer duties', answered.value, (item) => {
    const index = readCount(item['validator_index'])
    const slot = readCount(item['slot'])
    return index === undefined || slot === undefined ? undefined : { index: String(index), slot }
  })
}

/** Whether the canonical chain has a block at a slot; undefined where the node cannot tell. */
export async function hasBlock(api: RestApi, slot: number): Promise<Step<boolean | undefined>> {
  const answered = await api.get(`/eth/v1/beacon/headers/${slot}`)
  if (!answered.ok) return answered
  const { isSuccess, json, status } = answered.value
  if (!isSuccess) return done(status === 404 ? false : undefined)
  const data = getData(json)
  return isRecord(data) ? done(data['canonical'] !== false) : wrong('headers')
}
