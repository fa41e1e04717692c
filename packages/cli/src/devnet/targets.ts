import { isContractSaved, waitUntilSaved } from './chain-state.ts'
import { deploy, type Started, startTarget } from './processes.ts'
import type { DevnetSetup } from './setup.ts'

/** A target's or node's process with what `--json` says of it besides. */
export interface Process extends Started {
  /** Kind of the target, or where the node's feed is. */
  readonly about: string
}

/**
 * Starts every target. Once this resolves all of them serve, and the price feed is in the chain's
 * saved state: a chain that is killed comes back with it.
 */
export async function startTargets({ layout, file }: DevnetSetup): Promise<Process[]> {
  const { lease } = file
  const start = async (target: Parameters<typeof startTarget>[2], about: string) => ({
    ...(await startTarget(layout, lease, target)),
    about,
  })
  const startFeed = async () => {
    // The compiler works while the chain starts.
    const isDeployed = isContractSaved(layout.chainState, file.feedAddress)
    const [chain] = await Promise.all([
      start('chain', 'evm-rpc'),
      isDeployed ? undefined : deploy(layout, lease),
    ])
    const feed = await start('price-feed', 'price-feed')
    return [chain, feed]
  }
  const [[chain, feed], ...services] = await Promise.all([
    startFeed(),
    start('http', 'http'),
    start('tls', 'tls'),
    start('tcp', 'tcp'),
  ])
  const all = [chain, feed, ...services].filter((process) => process !== undefined)
  await waitUntilSaved(layout.chainState, file.feedAddress)
  return all
}
