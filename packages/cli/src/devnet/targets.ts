import { isContractSaved, waitUntilSaved } from './chain-state.ts'
import type { TargetProcess } from './layout.ts'
import { deploy, type Started, startTarget } from './processes.ts'
import type { DevnetSetup } from './setup.ts'

/** A target's or node's process with what `--json` says of it besides. */
export interface Process extends Started {
  /** Kind of the target, or where the node's feed is. */
  readonly about: string
}

/** Targets under way. */
export interface StartingTargets {
  /** Resolves once every target answers as it should: a monitor may look from now on. */
  readonly serving: Promise<void>
  /**
   * Resolves once besides the price feed is kept up to date, and lies in the chain's saved state: a
   * chain that is killed comes back with it.
   */
  readonly started: Promise<Process[]>
}

/**
 * Starts every target.
 *
 * @param signal - once it fires nothing more is started: what began after its devnet's end would outlive it
 */
export function startTargets({ layout, file }: DevnetSetup, signal: AbortSignal): StartingTargets {
  const { lease } = file
  const start = async (target: TargetProcess, about: string) => {
    signal.throwIfAborted()
    return { ...(await startTarget(layout, lease, target)), about }
  }
  const deployFeed = async () => {
    signal.throwIfAborted()
    await deploy(layout, lease)
  }
  const isDeployed = isContractSaved(layout.chainState, file.feedAddress)
  // The compiler works while the chain starts.
  const chain = Promise.all([start('chain', 'evm-rpc'), isDeployed ? undefined : deployFeed()])
  const services = Promise.all([start('http', 'http'), start('tls', 'tls'), start('tcp', 'tcp')])
  const serving = Promise.all([chain, services]).then(() => undefined)
  const finish = async (): Promise<Process[]> => {
    const [started] = await chain
    const feed = await start('price-feed', 'price-feed')
    await waitUntilSaved(layout.chainState, file.feedAddress)
    return [started, feed, ...(await services)]
  }
  return { serving, started: finish() }
}
