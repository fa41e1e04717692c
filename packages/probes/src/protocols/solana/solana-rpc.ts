import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { callForResult, isRecord, type JsonRpc, judgeRpcError } from '../json-rpc/json-rpc.ts'
import { readCount } from '../../parts/readings.ts'

// Calls of Solana's RPC (solana.com/docs/rpc/http). Slots and credits are numbers, keys base58.

/** The error of a node that is unhealthy; elsewhere the same number means a quota (EIP-1474). */
const NODE_UNHEALTHY = -32_005

export interface Health {
  readonly isHealthy: boolean
  /** Slots behind the cluster: 0 of a healthy node; undefined where it does not say how many. */
  readonly slotsBehind: number | undefined
}

export interface EpochInfo {
  readonly slot: number
  /** Slots of the epoch that have passed. */
  readonly slotIndex: number
  readonly epoch: number
}

export interface VoteAccount {
  readonly isDelinquent: boolean
  readonly node: string
  readonly lastVote: number
  /** Undefined of servers that leave it out. */
  readonly rootSlot: number | undefined
  /** Credits earned in each epoch that the account remembers. */
  readonly credits: ReadonlyMap<number, number>
}

/** Slots in which leaders were due, and those in which they made a block. */
export interface Production {
  readonly leaderSlots: number
  readonly blocks: number
}

function wrong(method: string): Step<never> {
  return stopped(failed('protocol', `${method}: not as Solana's RPC has it`))
}

export async function getHealth(rpc: JsonRpc): Promise<Step<Health>> {
  const answered = await rpc.call('getHealth', [])
  if (!answered.ok) return answered
  if (!answered.value.ok) {
    const { error } = answered.value
    if (error.code !== NODE_UNHEALTHY) return stopped(judgeRpcError('getHealth', error))
    const { data } = error
    const slotsBehind = isRecord(data) ? readCount(data['numSlotsBehind']) : undefined
    return done({ isHealthy: false, slotsBehind })
  }
  return answered.value.result === 'ok'
    ? done({ isHealthy: true, slotsBehind: 0 })
    : wrong('getHealth')
}

export async function getGenesisHash(rpc: JsonRpc): Promise<Step<string>> {
  const answered = await callForResult(rpc, 'getGenesisHash', [])
  if (!answered.ok) return answered
  return typeof answered.value === 'string' ? done(answered.value) : wrong('getGenesisHash')
}

export async function getEpochInfo(rpc: JsonRpc): Promise<Step<EpochInfo>> {
  const answered = await callForResult(rpc, 'getEpochInfo', [{ commitment: 'confirmed' }])
  if (!answered.ok) return answered
  const info = isRecord(answered.value) ? answered.value : {}
  const slot = readCount(info['absoluteSlot'])
  const slotIndex = readCount(info['slotIndex'])
  const epoch = readCount(info['epoch'])
  return slot === undefined || slotIndex === undefined || epoch === undefined || slotIndex > slot
    ? wrong('getEpochInfo')
    : done({ slot, slotIndex, epoch })
}

/** @returns undefined where the cluster has no such account, or nothing is staked on it */
export async function getVoteAccount(
  rpc: JsonRpc,
  votePubkey: string,
): Promise<Step<VoteAccount | undefined>> {
  const config = { commitment: 'confirmed', votePubkey, keepUnstakedDelinquents: true }
  const answered = await callForResult(rpc, 'getVoteAccounts', [config])
  if (!answered.ok) return answered
  const accounts = isRecord(answered.value) ? answered.value : {}
  for (const list of ['current', 'delinquent']) {
    const listed = accounts[list]
    if (!Array.isArray(listed)) return wrong('getVoteAccounts')
    const found = (listed as readonly unknown[]).find(
      (each) => isRecord(each) && each['votePubkey'] === votePubkey,
    )
    if (!isRecord(found)) continue
    const account = readVoteAccount(found, list === 'delinquent')
    return account === undefined ? wrong('getVoteAccounts') : done(account)
  }
  return done(undefined)
}

function readVoteAccount(
  account: Record<string, unknown>,
  isDelinquent: boolean,
): VoteAccount | undefined {
  const { nodePubkey: node, epochCredits } = account
  const lastVote = readCount(account['lastVote'])
  const rootSlot = readCount(account['rootSlot'])
  if (typeof node !== 'string' || lastVote === undefined) return undefined
  if (!Array.isArray(epochCredits)) return undefined
  const credits = new Map<number, number>()
  for (const entry of epochCredits as readonly unknown[]) {
    const [epoch, after, before] = Array.isArray(entry) ? entry.map(readCount) : []
    if (epoch === undefined || after === undefined || before === undefined) return undefined
    credits.set(epoch, after - before)
  }
  return { isDelinquent, node, lastVote, rootSlot, credits }
}

/**
 * @param node - whose slots; everybody's if left out
 * @param range - slots, both ends included; the epoch so far if left out
 */
export async function getProduction(
  rpc: JsonRpc,
  node: string | undefined,
  range: { firstSlot: number; lastSlot: number } | undefined,
): Promise<Step<Production>> {
  const config = {
    commitment: 'confirmed',
    ...(node === undefined ? {} : { identity: node }),
    ...(range === undefined ? {} : { range }),
  }
  const answered = await callForResult(rpc, 'getBlockProduction', [config])
  if (!answered.ok) return answered
  const value = isRecord(answered.value) ? answered.value['value'] : undefined
  const byIdentity = isRecord(value) ? value['byIdentity'] : undefined
  if (!isRecord(byIdentity)) return wrong('getBlockProduction')
  let [leaderSlots, blocks] = [0, 0]
  for (const entry of Object.values(byIdentity)) {
    const [due, made] = Array.isArray(entry) ? entry.map(readCount) : []
    if (due === undefined || made === undefined || made > due) return wrong('getBlockProduction')
    leaderSlots += due
    blocks += made
  }
  return done({ leaderSlots, blocks })
}
