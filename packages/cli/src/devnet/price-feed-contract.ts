import { readFileSync } from 'node:fs'
import { callChain, callChainForHex, waitForChain } from './chain-rpc.ts'

/** anvil's first development account: unlocked, rich, and public knowledge. It deploys and updates. */
export const FEED_OWNER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
/** Where the first contract of that account lies: the last 20 bytes of keccak256(rlp([owner, 0])). */
export const FEED_ADDRESS = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const FEED_DECIMALS = 8
const FEED_DESCRIPTION = 'ETH / USD'
const SOURCE = new URL('../../src/devnet/price-feed.sol', import.meta.url)
/** First four bytes of keccak256 of `update(int256)`. */
const UPDATE_SELECTOR = '0x6299a6ef'

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: {
    readonly 'price-feed.sol'?: {
      readonly PriceFeed?: {
        readonly evm: {
          readonly bytecode: { readonly object: string }
          readonly methodIdentifiers: Readonly<Record<string, string>>
        }
      }
    }
  }
}

export interface CompiledFeed {
  /** Creation code in hex, with 0x. */
  readonly creationCode: string
  /** Four-byte selectors in hex, without 0x, by signature. */
  readonly selectors: Readonly<Record<string, string>>
}

/**
 * Compiles the price feed with solc.
 *
 * @throws when it does not compile, which would be a fault of this repository
 */
export async function compileFeed(): Promise<CompiledFeed> {
  const { default: solc } = (await import('solc')) as unknown as {
    default: { compile(input: string): string }
  }
  const input = {
    language: 'Solidity',
    sources: { 'price-feed.sol': { content: readFileSync(SOURCE, 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      // anvil of any recent version runs this one.
      evmVersion: 'paris',
      outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.methodIdentifiers'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput
  const errors = output.errors?.filter((error) => error.severity === 'error') ?? []
  const feed = output.contracts?.['price-feed.sol']?.PriceFeed
  if (errors.length > 0 || feed === undefined) {
    throw new Error(errors.map((error) => error.formattedMessage).join('\n') || 'solc gave no code')
  }
  const { bytecode, methodIdentifiers } = feed.evm
  return { creationCode: `0x${bytecode.object}`, selectors: methodIdentifiers }
}

/** ABI of the constructor's arguments: a uint8, and a string of at most 32 bytes. */
function encodeConstructor(): string {
  const text = Buffer.from(FEED_DESCRIPTION, 'ascii').toString('hex').padEnd(64, '0')
  const words = [BigInt(FEED_DECIMALS), 64n, BigInt(FEED_DESCRIPTION.length)]
  return words.map(encodeWord).join('') + text
}

function encodeWord(value: bigint): string {
  return BigInt.asUintN(256, value).toString(16).padStart(64, '0')
}

/**
 * Deploys the price feed to {@link FEED_ADDRESS} and writes its first answer, unless it is there.
 *
 * @throws when the chain already has a history without it: its address could then not be had again
 */
export async function deployFeed(url: string, signal: AbortSignal): Promise<void> {
  const { creationCode } = await compileFeed()
  await waitForChain(url, signal)
  const code = await callChainForHex(url, 'eth_getCode', [FEED_ADDRESS, 'latest'])
  if (code !== '0x') return
  const nonce = await callChainForHex(url, 'eth_getTransactionCount', [FEED_OWNER, 'latest'])
  if (BigInt(nonce) !== 0n) {
    throw new Error(`the chain's state has lost the price feed at ${FEED_ADDRESS}`)
  }
  await callChain(url, 'eth_sendTransaction', [
    { from: FEED_OWNER, data: creationCode + encodeConstructor() },
  ])
  await callChain(url, 'evm_mine', [])
  await updateFeed(url, PRICE_START)
  await callChain(url, 'evm_mine', [])
  const deployed = await callChainForHex(url, 'eth_getCode', [FEED_ADDRESS, 'latest'])
  if (deployed === '0x') throw new Error(`the price feed did not come to lie at ${FEED_ADDRESS}`)
}

/** 2000 USD in the feed's decimals. */
export const PRICE_START = 200_000_000_000n
/** A step of the walk is at most this share of the price. */
const STEP_PER_MILLE = 2n

/** Sends a new answer; it counts from the next block on. */
export async function updateFeed(url: string, price: bigint): Promise<void> {
  const data = UPDATE_SELECTOR + encodeWord(price)
  await callChain(url, 'eth_sendTransaction', [{ from: FEED_OWNER, to: FEED_ADDRESS, data }])
}

/**
 * The next price of a walk.
 *
 * @param random - in [0, 1)
 */
export function stepPrice(price: bigint, random: number): bigint {
  const most = (price * STEP_PER_MILLE) / 1000n
  const next = price - most + (2n * most * BigInt(Math.floor(random * 1000))) / 1000n
  return next < 1n ? 1n : next
}
