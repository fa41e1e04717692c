import { setTimeout as delay } from 'node:timers/promises'
import { getMessage } from '../command-fault.ts'
import { waitForChain } from './chain-rpc.ts'
import { PRICE_START, stepPrice, updateFeed } from './price-feed-contract.ts'

/** How often the price feed is updated. */
export const HEARTBEAT_MS = 1000

/**
 * Writes a new price each heartbeat, until the signal fires. While the chain is away it goes on
 * trying, so that the feed is fresh again as soon as the chain is back.
 */
export async function runPriceUpdater(url: string, signal: AbortSignal): Promise<void> {
  await waitForChain(url, signal)
  let price = PRICE_START
  let isAway = false
  while (!signal.aborted) {
    try {
      price = stepPrice(price, Math.random())
      await updateFeed(url, price)
      isAway = false
    } catch (error) {
      // Said once, not each second.
      if (!isAway) process.stderr.write(`price not updated: ${getMessage(error)}\n`)
      isAway = true
    }
    // It rejects only when the signal ends it, and then so does the loop.
    await delay(HEARTBEAT_MS, undefined, { signal }).catch(() => undefined)
  }
}
