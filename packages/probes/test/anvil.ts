import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

/** A real EVM chain for a test, on a free port of loopback. */
export interface Anvil {
  readonly port: number
  readonly url: string
  /** One JSON-RPC call; an error is thrown. */
  call(method: string, params: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

/**
 * Starts a chain whose blocks are mined on `evm_mine` and `anvil_mine` only.
 *
 * @param bornMs - time of its first block; now if left out
 */
export async function startAnvil(chainId: number, bornMs = Date.now()): Promise<Anvil> {
  const chain = ['--chain-id', String(chainId), '--timestamp', String(Math.floor(bornMs / 1000))]
  const child = spawn(findAnvil(), ['--port', '0', ...chain, '--accounts', '1', '--no-mining'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // A run that is cut short leaves no chain behind.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const port = await readPort(child)
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    url,
    async call(method, params) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      const answer = (await response.json()) as { result?: unknown; error?: { message: string } }
      if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
      return answer.result
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}

function findAnvil(): string {
  const require = createRequire(import.meta.url)
  try {
    return require.resolve('@foundry-rs/anvil-linux-amd64/bin/anvil')
  } catch {
    // Packaged for one platform only; elsewhere it is looked for on PATH.
    return 'anvil'
  }
}

async function readPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('anvil has no stdout')
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const match = /Listening on .*:(\d+)/.exec(line)
    if (match === null) continue
    // What it says from here on is not needed, but must be read or it would stall.
    child.stdout.resume()
    return Number(match[1])
  }
  throw new Error('anvil ended before it listened')
}
