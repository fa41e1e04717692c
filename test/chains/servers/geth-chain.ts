import { setTimeout as delay } from 'node:timers/promises'
import { privateKeyToAccount } from 'viem/accounts'
import { type Geth, startGeth } from './geth.ts'
import { keep } from './lifetime.ts'

// Two execution clients, and what their consensus clients do for them, of a chain that is decided on
// here: they say which block is the head, which one is final, and when to build another.

const CHAIN_ID = 31_338
/** All up to Shanghai, the last one that needs nothing of a beacon chain. */
const FORKS = [
  'homestead',
  'eip150',
  'eip155',
  'eip158',
  'byzantium',
  'constantinople',
  'petersburg',
  'istanbul',
  'berlin',
  'london',
]
export const BLOCK_MS = 1000
/** How far the safe and the finalized block are behind the head, of blocks that become it at all. */
export const SAFE_DEPTH = 2
export const FINALIZED_DEPTH = 4
const ZERO = `0x${'00'.repeat(32)}`
/** Longer than it takes to build a block with a few transactions. */
const BUILD_MS = 200
/** So that the same parent and time yield two blocks. */
const FEES_TO = { chain: `0x${'11'.repeat(20)}`, fork: `0x${'22'.repeat(20)}` }
/** Who owns all there is of this chain, and spends it. Everybody may know. */
const spender = privateKeyToAccount(`0x${'01'.repeat(32)}`)

/**
 * What the follower is told: of each block of the chain; of none any more; or to build blocks of its
 * own on what it has.
 */
export type FollowerRole = 'follows' | 'left-alone' | 'forked'

export interface GethChain {
  readonly chainId: number
  readonly builder: Geth
  readonly follower: Geth
  /** From the next block on. */
  setFollower(role: FollowerRole): void
  /** Whether blocks become safe and final as others are built on them. */
  setFinalizing(isFinalizing: boolean): void
  /** Whether blocks come at all. @returns once none is under way */
  setBuilding(isBuilding: boolean): Promise<void>
  /** Waits until so many more blocks were built, and everybody told who is to be. */
  waitForBlocks(count: number): Promise<void>
  /** Sends so many transactions, for the next block. */
  spend(count: number): Promise<void>
}

/** One history of blocks, as a consensus client sees it. */
interface Branch {
  readonly hashes: string[]
  safe: string
  finalized: string
}

/** Starts both nodes, each the other's peer, and a block a second. */
export async function startGethChain(): Promise<GethChain> {
  const genesis = {
    config: {
      chainId: CHAIN_ID,
      ...Object.fromEntries(FORKS.map((name) => [`${name}Block`, 0])),
      shanghaiTime: 0,
      terminalTotalDifficulty: 0,
    },
    difficulty: '0x0',
    gasLimit: '0x1c9c380',
    timestamp: `0x${Math.floor(Date.now() / 1000 - 60).toString(16)}`,
    alloc: { [spender.address]: { balance: `0x${(10n ** 20n).toString(16)}` } },
  }
  const builder = await startGeth(genesis)
  const follower = await startGeth(genesis)
  await follower.connect(builder)
  const first = (await builder.call('eth_getBlockByNumber', ['0x0', false])) as { hash: string }
  const chain: Branch = { hashes: [first.hash], safe: ZERO, finalized: ZERO }
  let fork: Branch | undefined
  let role: FollowerRole = 'follows'
  let isFinalizing = true
  /** Blocks that all have been told of who are to be. */
  let told = 0
  let nonce = 0
  let building: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined

  async function extend(time: number): Promise<void> {
    const payload = await build(builder, chain, time, FEES_TO.chain)
    chain.hashes.push(payload.blockHash)
    if (isFinalizing) {
      chain.safe = chain.hashes.at(-1 - SAFE_DEPTH) ?? ZERO
      chain.finalized = chain.hashes.at(-1 - FINALIZED_DEPTH) ?? ZERO
    }
    await adopt(builder, chain, payload)
    if (role === 'follows') await adopt(follower, chain, payload)
    if (role === 'forked') {
      fork ??= { ...chain, hashes: [await readHead(follower)] }
      const other = await build(follower, fork, time, FEES_TO.fork)
      fork.hashes.push(other.blockHash)
      await adopt(follower, fork, other)
    } else fork = undefined
    told = chain.hashes.length
  }

  async function keepBuilding(signal: AbortSignal): Promise<void> {
    let last = 0
    while (!signal.aborted) {
      const time = Math.floor(Date.now() / BLOCK_MS)
      if (time > last) await extend(time)
      last = time
      await delay(BLOCK_MS - (Date.now() % BLOCK_MS))
    }
  }

  const made: GethChain = {
    chainId: CHAIN_ID,
    builder,
    follower,
    setFollower: (next) => void (role = next),
    setFinalizing: (next) => void (isFinalizing = next),
    async setBuilding(next) {
      building?.stop.abort()
      await building?.ended
      building = undefined
      if (!next) return
      const stop = new AbortController()
      building = { stop, ended: keepBuilding(stop.signal) }
    },
    async waitForBlocks(count) {
      const until = chain.hashes.length + count
      const isTold = () => told >= until
      while (!isTold()) await delay(BLOCK_MS / 10)
    },
    async spend(count) {
      for (let sent = 0; sent < count; sent++, nonce++) {
        const signed = await spender.signTransaction({
          chainId: CHAIN_ID,
          nonce,
          to: `0x${'33'.repeat(20)}`,
          value: 1n,
          gas: 21_000n,
          maxFeePerGas: 10n ** 10n,
          maxPriorityFeePerGas: 10n ** 9n,
        })
        await builder.call('eth_sendRawTransaction', [signed])
      }
    },
  }
  keep({ stop: () => made.setBuilding(false) })
  await made.setBuilding(true)
  return made
}

type Payload = Readonly<Record<string, unknown>> & { readonly blockHash: string }

async function build(node: Geth, branch: Branch, time: number, feesTo: string): Promise<Payload> {
  const { payloadId } = (await choose(node, branch, {
    timestamp: `0x${time.toString(16)}`,
    prevRandao: ZERO,
    suggestedFeeRecipient: feesTo,
    withdrawals: [],
  })) as { payloadId: string }
  await delay(BUILD_MS)
  const built = await node.callEngine('engine_getPayloadV2', [payloadId])
  return (built as { executionPayload: Payload }).executionPayload
}

/** Gives a node the branch's newest block. A node that lacks those before it fetches them of its peers. */
async function adopt(node: Geth, branch: Branch, payload: Payload): Promise<void> {
  const { status } = (await node.callEngine('engine_newPayloadV2', [payload])) as { status: string }
  if (status !== 'VALID' && status !== 'SYNCING') throw new Error(`a block is ${status}`)
  await choose(node, branch, null)
}

function choose(node: Geth, { hashes, safe, finalized }: Branch, attributes: object | null) {
  const state = {
    headBlockHash: hashes.at(-1),
    safeBlockHash: safe,
    finalizedBlockHash: finalized,
  }
  return node.callEngine('engine_forkchoiceUpdatedV2', [state, attributes])
}

async function readHead(node: Geth): Promise<string> {
  return ((await node.call('eth_getBlockByNumber', ['latest', false])) as { hash: string }).hash
}
