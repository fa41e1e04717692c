import type { Stop } from '../../kind.ts'
import { failed } from '../../steps.ts'
import { readQuantity } from './ethereum.ts'
import { isRecord, judgeRpcError, LIMIT_EXCEEDED, type RpcAnswer } from '../json-rpc/json-rpc.ts'

// Answers to what a node may or may not offer. An error says that it does not; only of a quota that
// is used up is it the answer itself.

const IDENTITY_BYTES_MAX = 32

/**
 * A node that is syncing answers, but from the past. A state that has caught up with what it aims at
 * is none: some nodes go on telling it while they index.
 */
export function judgeSyncing(answer: RpcAnswer | undefined): Stop | undefined {
  if (answer === undefined) return undefined
  if (!answer.ok) {
    const { error } = answer
    return error.code === LIMIT_EXCEEDED ? judgeRpcError('eth_syncing', error) : undefined
  }
  const { result: state } = answer
  if (state === false) return undefined
  if (state === true) return failed('syncing', 'no more than that it is')
  if (!isRecord(state)) return failed('protocol', 'eth_syncing: neither false nor a state')
  const current = readQuantity(state['currentBlock'])
  const highest = readQuantity(state['highestBlock'])
  const isDone = current !== undefined && highest !== undefined && highest > 0 && current >= highest
  // Two numbers of it: the rest may nest deeper than can be written out again.
  return isDone
    ? undefined
    : failed('syncing', `at block ${current ?? 'unknown'} of ${highest ?? 'unknown'}`)
}

/** The answer to `net_peerCount`: a quantity, though some nodes give a plain number. */
export function readPeers(answer: RpcAnswer | undefined): number | undefined {
  if (answer?.ok !== true) return undefined
  const { result } = answer
  if (typeof result === 'number') {
    return Number.isSafeInteger(result) && result >= 0 ? result : undefined
  }
  return readQuantity(result)
}

/** The height of the newest of the one block that `eth_feeHistory` was asked for. */
export function readNewest(answer: RpcAnswer | undefined): number | undefined {
  if (answer?.ok !== true || !isRecord(answer.result)) return undefined
  return readQuantity(answer.result['oldestBlock'])
}

/**
 * The answer to `web3_clientVersion`, of which name and version are kept: `Geth/v1.17.4` of
 * `Geth/my-node/v1.17.4-stable/linux-amd64/go1.26`. Build and platform differ among honest nodes behind
 * one name.
 */
export function readClient(answer: RpcAnswer | undefined): Uint8Array | undefined {
  if (answer?.ok !== true || typeof answer.result !== 'string') return undefined
  const [name = '', ...rest] = answer.result.slice(0, 256).split('/')
  const version = rest.find((part) => /^v?\d/.test(part))?.split(/[-+]/)[0]
  const text = version === undefined ? name : `${name}/${version}`
  const plain = text.replace(/[^!-~]/g, '')
  return plain === '' ? undefined : Buffer.from(plain.slice(0, IDENTITY_BYTES_MAX), 'latin1')
}
