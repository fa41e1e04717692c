import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { getErrorCode } from '../command-fault.ts'
import { callChainForHex } from './chain-rpc.ts'
import { writeFileAtomically } from './layout.ts'

/** Blocks that a chain keeps over a restart: enough for any probe, and a bound on the file. */
export const BLOCKS_KEPT = 64
const STATE_BYTES_MAX = 512 * 2 ** 20

/** The parts of anvil's state file that matter here; the rest is passed through. */
interface ChainState {
  accounts: Record<string, { code?: string }>
  best_block_number: number
  blocks: { header: { number: string } }[]
  transactions: unknown[]
}

/**
 * Saves the chain's state. anvil's own `--state` overwrites its file in place, and so loses it when
 * it is killed while writing; this asks for the state and puts it down by renaming.
 *
 * @throws when the chain does not answer; the file then stays as it was
 */
export async function saveChainState(url: string, path: string): Promise<void> {
  const hex = await callChainForHex(url, 'anvil_dumpState', [])
  const json = gunzipSync(Buffer.from(hex.slice(2), 'hex'), { maxOutputLength: STATE_BYTES_MAX })
  const state = trimState(JSON.parse(json.toString('utf8')) as ChainState)
  writeFileAtomically(path, JSON.stringify(state))
}

/**
 * Drops old blocks and all transactions, which grow without end; the accounts are what counts.
 * anvil lists blocks in any order, and wants the best one back.
 */
export function trimState<
  S extends Pick<ChainState, 'best_block_number' | 'blocks' | 'transactions'>,
>(state: S): S {
  const oldest = state.best_block_number - BLOCKS_KEPT
  const blocks = state.blocks.filter((block) => Number(block.header.number) > oldest)
  return { ...state, blocks, transactions: [] }
}

/** Whether the saved state holds a contract at this address. */
export function isContractSaved(path: string, address: string): boolean {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (getErrorCode(error) === 'ENOENT') return false
    throw error
  }
  const code = (JSON.parse(text) as ChainState).accounts[address.toLowerCase()]?.code
  return code !== undefined && code !== '0x'
}

/** Waits until the saved state holds the contract: then a chain that is killed comes back with it. */
export async function waitUntilSaved(path: string, address: string): Promise<void> {
  while (!isContractSaved(path, address)) await delay(50)
}
