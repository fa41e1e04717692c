import type { Step } from '../../kind.ts'
import { done, failed, stopped } from '../../steps.ts'
import { callForResult, isRecord, type JsonRpc, judgeRpcError } from '../json-rpc/json-rpc.ts'
import { readCount, readHash, readInteger, readTimeMs } from '../../parts/readings.ts'

// Calls of CometBFT's RPC (docs.cometbft.com, chapter RPC). 64-bit integers are strings of digits,
// hashes and addresses hex in capitals, times RFC 3339 with nanoseconds.

const METHOD_NOT_FOUND = -32_601
/** SHA-256 of nothing: what `evidence_hash` is in a block without evidence. */
const NO_EVIDENCE = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'
/** Validators a page at most, and pages that are read at most. */
const PAGE_SIZE = 100
const PAGES_MAX = 5

/** What a node says of itself. */
export interface NodeStatus {
  readonly chainId: string
  readonly height: number
  readonly timeMs: number
  /** The lowest block that it has kept. */
  readonly earliest: number
  readonly catchingUp: boolean
}

/** A block's header, as far as it is read here. */
export interface BlockMeta {
  readonly height: number
  readonly timeMs: number
  readonly hash: Uint8Array
  readonly hasEvidence: boolean
}

export async function getStatus(rpc: JsonRpc): Promise<Step<NodeStatus>> {
  const answered = await callForResult(rpc, 'status', [])
  if (!answered.ok) return answered
  const status = answered.value
  if (isRecord(status) && isRecord(status['node_info']) && isRecord(status['sync_info'])) {
    const { network: chainId } = status['node_info']
    const sync = status['sync_info']
    const height = readCount(sync['latest_block_height'])
    const timeMs = readTimeMs(sync['latest_block_time'])
    // Missing in versions before 0.34.
    const earliest = readCount(sync['earliest_block_height'] ?? '1')
    const { catching_up: catchingUp } = sync
    if (
      typeof chainId === 'string' &&
      height !== undefined &&
      timeMs !== undefined &&
      earliest !== undefined &&
      typeof catchingUp === 'boolean'
    ) {
      return done({ chainId, height, timeMs, earliest, catchingUp })
    }
  }
  return stopped(failed('protocol', 'status: no status'))
}

export async function getPeerCount(rpc: JsonRpc): Promise<Step<number>> {
  const answered = await callForResult(rpc, 'net_info', [])
  if (!answered.ok) return answered
  const count = isRecord(answered.value) ? readCount(answered.value['n_peers']) : undefined
  return count === undefined ? stopped(failed('protocol', 'net_info: no n_peers')) : done(count)
}

/** The round of the height that is being agreed on; undefined where the call is switched off. */
export async function getRound(rpc: JsonRpc): Promise<Step<number | undefined>> {
  const answered = await rpc.call('consensus_state', [])
  if (!answered.ok) return answered
  if (!answered.value.ok) {
    return answered.value.error.code === METHOD_NOT_FOUND
      ? done(undefined)
      : stopped(judgeRpcError('consensus_state', answered.value.error))
  }
  const { result } = answered.value
  const state = isRecord(result) ? result['round_state'] : undefined
  const place = isRecord(state) ? state['height/round/step'] : undefined
  const round = typeof place === 'string' ? readCount(place.split('/')[1]) : undefined
  return round === undefined
    ? stopped(failed('protocol', 'consensus_state: no round'))
    : done(round)
}

/** The headers of some blocks, at most 20, ascending. */
export async function getBlockMetas(
  rpc: JsonRpc,
  from: number,
  to: number,
): Promise<Step<readonly BlockMeta[]>> {
  const answered = await callForResult(rpc, 'blockchain', [String(from), String(to)])
  if (!answered.ok) return answered
  const listed = isRecord(answered.value) ? answered.value['block_metas'] : undefined
  const metas = Array.isArray(listed) ? listed.toReversed().map(readBlockMeta) : []
  // Each height asked for and no other, or it says nothing of the window.
  for (let index = 0; index <= to - from; index++) {
    if (metas[index]?.height !== from + index) {
      return stopped(
        failed('protocol', `blockchain: block ${from + index} is not where it must be`),
      )
    }
  }
  return done(metas.filter((meta) => meta !== undefined).slice(0, to - from + 1))
}

function readBlockMeta(value: unknown): BlockMeta | undefined {
  if (!isRecord(value) || !isRecord(value['block_id']) || !isRecord(value['header']))
    return undefined
  const hash = readHash(value['block_id']['hash'], 32)
  const height = readCount(value['header']['height'])
  const timeMs = readTimeMs(value['header']['time'])
  const evidence = value['header']['evidence_hash']
  if (hash === undefined || height === undefined || timeMs === undefined) return undefined
  return { height, timeMs, hash, hasEvidence: evidence !== '' && evidence !== NO_EVIDENCE }
}

/** The voting power of each validator of a height, by address. */
export async function getVotingPowers(
  rpc: JsonRpc,
  height: number,
): Promise<Step<ReadonlyMap<string, bigint>>> {
  const powers = new Map<string, bigint>()
  for (let page = 1; page <= PAGES_MAX; page++) {
    const params = [String(height), String(page), String(PAGE_SIZE)]
    const answered = await callForResult(rpc, 'validators', params)
    if (!answered.ok) return answered
    const result = isRecord(answered.value) ? answered.value : {}
    const total = readCount(result['total'])
    const listed = result['validators']
    if (total === undefined || !Array.isArray(listed) || listed.length === 0) {
      return stopped(failed('protocol', 'validators: no page of validators'))
    }
    for (const validator of listed as readonly unknown[]) {
      const address = isRecord(validator) ? validator['address'] : undefined
      const power = isRecord(validator) ? readInteger(validator['voting_power']) : undefined
      if (typeof address !== 'string' || power === undefined) {
        return stopped(failed('protocol', 'validators: what is no validator'))
      }
      powers.set(address.toUpperCase(), power)
    }
    if (powers.size >= total) return done(powers)
  }
  return stopped(failed('too-large', `more than ${PAGE_SIZE * PAGES_MAX} validators`))
}

/** Addresses of those whose precommit, for the block or for nil, is in a block's commit. */
export async function getSigners(rpc: JsonRpc, height: number): Promise<Step<ReadonlySet<string>>> {
  const answered = await callForResult(rpc, 'commit', [String(height)])
  if (!answered.ok) return answered
  const header = isRecord(answered.value) ? answered.value['signed_header'] : undefined
  const commit = isRecord(header) ? header['commit'] : undefined
  if (!isRecord(commit) || !Array.isArray(commit['signatures'])) {
    return stopped(failed('protocol', `commit ${height}: no commit`))
  }
  if (readCount(commit['height']) !== height) {
    return stopped(failed('content', `commit ${height}: another height's`))
  }
  const signers = new Set<string>()
  for (const signature of commit['signatures'] as readonly unknown[]) {
    // Of one who is absent the address is empty: nobody's.
    const address = isRecord(signature) ? signature['validator_address'] : undefined
    if (typeof address === 'string') signers.add(address.toUpperCase())
  }
  return done(signers)
}

/** Addresses that the evidence in a block accuses, once for each piece of evidence. */
export async function getAccused(rpc: JsonRpc, height: number): Promise<Step<readonly string[]>> {
  const answered = await callForResult(rpc, 'block', [String(height)])
  if (!answered.ok) return answered
  const block = isRecord(answered.value) ? answered.value['block'] : undefined
  const evidence = isRecord(block) && isRecord(block['evidence']) ? block['evidence'] : undefined
  const list = evidence?.['evidence']
  if (!Array.isArray(list)) return stopped(failed('protocol', `block ${height}: no evidence list`))
  return done((list as readonly unknown[]).flatMap(readAccused))
}

/** Of a duplicate vote, who cast it; of an attack on light clients, all who took part. */
function readAccused(evidence: unknown): string[] {
  const value = isRecord(evidence) ? evidence['value'] : undefined
  if (!isRecord(value)) return []
  const vote = value['vote_a']
  const accused: readonly unknown[] = isRecord(vote)
    ? [vote['validator_address']]
    : Array.isArray(value['ByzantineValidators'])
      ? (value['ByzantineValidators'] as readonly unknown[]).map((each) =>
          isRecord(each) ? each['address'] : undefined,
        )
      : []
  return accused.filter((address) => typeof address === 'string').map((each) => each.toUpperCase())
}
