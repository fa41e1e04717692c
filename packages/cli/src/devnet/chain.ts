import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandFault, exitCodes, getMessage } from '../command-fault.ts'
import { waitForChain } from './chain-rpc.ts'
import { saveChainState } from './chain-state.ts'
import type { DevnetFile, Layout } from './layout.ts'
import type { Lease } from './lease.ts'
import { isPortFree } from './ports.ts'

export const CHAIN_ID = 31_337
/** A block a second: the finest interval anvil has, and the scale of the probes' ages. */
export const BLOCK_SECONDS = 1
const SAVE_INTERVAL_MS = 1000
const STATES = 60
/** What was killed a moment ago may hold its port a moment longer. */
const PORT_WAIT_MS = 2000
const PACKAGE = '@foundry-rs/anvil-linux-amd64'

/** The address that anvil serves JSON-RPC on. */
export function getChainUrl(file: Pick<DevnetFile, 'ports'>): string {
  return `http://127.0.0.1:${file.ports.chain}`
}

/**
 * Runs anvil until it ends or the devnet does, and keeps its state on disk. anvil is no program of
 * ours and holds no lease; this process holds it for both.
 *
 * @param signal - ends the chain with SIGKILL: its state is on disk, at most a second old
 * @param announce - told anvil's own pid, so that whoever kills or stops it hits the chain itself
 * @returns why it ended
 */
export async function runChain(
  layout: Layout,
  file: DevnetFile,
  signal: AbortSignal,
  lease: Lease,
  announce: (pid: number) => void,
): Promise<string> {
  await waitForPort(file.ports.chain)
  const chain = spawn(findAnvil(), getAnvilArguments(layout, file), {
    stdio: ['ignore', 2, 2],
  })
  const ended = new Promise<string>((resolve, reject) => {
    chain.once('error', reject)
    chain.once('exit', (code, reason) => resolve(`anvil ended: ${reason ?? `exit code ${code}`}`))
  })
  const { pid } = chain
  if (pid === undefined) return ended
  lease.add(pid)
  const gone = new AbortController()
  // Whoever awaits `ended` hears why; here it counts only that it ended.
  void ended.finally(() => gone.abort()).catch(() => undefined)
  const either = AbortSignal.any([signal, gone.signal])

  const url = getChainUrl(file)
  await waitForChain(url, either).then(
    () => announce(pid),
    // It has ended instead, as is said below.
    () => undefined,
  )
  while (!either.aborted) {
    const startedMs = performance.now()
    try {
      await saveChainState(url, layout.chainState)
    } catch (error) {
      // Stopped or killed, and the next turn tells which; or a full disk, which is said each time.
      process.stderr.write(`chain state not saved: ${getMessage(error)}\n`)
    }
    // A large state takes long to save: then it is saved less often, not all the time.
    const tookMs = performance.now() - startedMs
    const pauseMs = Math.max(SAVE_INTERVAL_MS, 10 * tookMs)
    // It rejects only when a signal ends it, and then so does the loop.
    await delay(pauseMs, undefined, { signal: either }).catch(() => undefined)
  }
  chain.kill('SIGKILL')
  const why = await ended
  lease.remove(pid)
  return why
}

function getAnvilArguments(layout: Layout, file: DevnetFile): string[] {
  const chain = ['--chain-id', String(file.chainId), '--block-time', String(BLOCK_SECONDS)]
  const server = ['--host', '127.0.0.1', '--port', String(file.ports.chain), '--quiet']
  const state = existsSync(layout.chainState) ? ['--load-state', layout.chainState] : []
  // Probes read contracts a moment before the round began: anvil keeps that many blocks' states.
  return [...server, ...chain, '--prune-history', String(STATES), ...state]
}

/** anvil from npm where npm has it for this platform, else from PATH. */
function findAnvil(): string {
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(`${PACKAGE}/bin/anvil`)
  } catch {
    // Not this platform's package: another anvil may be installed.
  }
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(dir, 'anvil')
    if (dir !== '' && existsSync(path)) return path
  }
  const advice = 'install Foundry, see getfoundry.sh'
  throw new CommandFault(
    exitCodes.failure,
    `anvil, the devnet's chain, is neither in ${PACKAGE} nor on PATH: ${advice}`,
  )
}

async function waitForPort(port: number): Promise<void> {
  const deadlineMs = performance.now() + PORT_WAIT_MS
  while (!(await isPortFree(port))) {
    if (performance.now() > deadlineMs) {
      throw new CommandFault(exitCodes.failure, `port ${port} of 127.0.0.1 is in use`)
    }
    await delay(50)
  }
}
