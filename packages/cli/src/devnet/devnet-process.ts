import { CommandFault, exitCodes, getMessage } from '../command-fault.ts'
import { getChainUrl, runChain } from './chain.ts'
import { getLayout, readDevnetFile, type TargetProcess } from './layout.ts'
import { takeLease } from './lease.ts'

/** What a target's process says once it serves: `pid` is the target's own, for anvil not its keeper's. */
export interface ReadyLine {
  readonly target: TargetProcess
  readonly pid: number
}

/** How long the contract may take to be there: the chain has to come up first. */
const DEPLOY_MS_MAX = 60_000

/**
 * Runs one process of a devnet: a target of its network, by itself. It ends when the devnet ends.
 * Once it serves it writes one {@link ReadyLine} to stdout.
 *
 * @returns the exit code
 */
export async function runDevnetProcess(
  target: TargetProcess,
  dataDir: string,
  leasePath: string,
): Promise<number> {
  const layout = getLayout(dataDir)
  const file = readDevnetFile(layout)
  if (file === undefined) {
    throw new CommandFault(exitCodes.usage, `${layout.file}: no devnet has its data there`)
  }
  const lease = await takeLease(leasePath)
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  lease.ended.addEventListener('abort', () => stopped.abort())
  const announce = (pid: number) => {
    const line: ReadyLine = { target, pid }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }

  if (target === 'chain') {
    const why = await runChain(layout, file, stopped.signal, lease, announce)
    process.stderr.write(`${why}\n`)
    return stopped.signal.aborted ? exitCodes.ok : exitCodes.failure
  }
  if (target === 'price-feed') {
    const { runPriceUpdater } = await import('./price-updater.ts')
    announce(process.pid)
    await runPriceUpdater(getChainUrl(file), stopped.signal).catch((error: unknown) => {
      if (!stopped.signal.aborted) throw error
    })
    return exitCodes.ok
  }
  const { serveHttp, serveTcp, serveTls } = await import('./services.ts')
  if (target === 'http') await serveHttp(file.ports.http)
  else if (target === 'tls') await serveTls(layout, file.ports.tls)
  else await serveTcp(file.ports.tcp)
  announce(process.pid)
  await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve))
  return exitCodes.ok
}

/** Deploys the price feed of a devnet; a process of its own, since the compiler is large. */
export async function runDeployment(dataDir: string, leasePath: string): Promise<number> {
  const file = readDevnetFile(getLayout(dataDir))
  if (file === undefined) throw new CommandFault(exitCodes.usage, `${dataDir}: no devnet there`)
  const lease = await takeLease(leasePath)
  const { deployFeed } = await import('./price-feed-contract.ts')
  const signal = AbortSignal.any([lease.ended, AbortSignal.timeout(DEPLOY_MS_MAX)])
  try {
    await deployFeed(getChainUrl(file), signal)
  } catch (error) {
    throw new CommandFault(exitCodes.failure, `price feed not deployed: ${getMessage(error)}`)
  }
  return exitCodes.ok
}
