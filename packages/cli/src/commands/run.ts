import type { RunningNode, StartedNode } from '@watchfire/node'
import { formatFinding } from '@watchfire/node/config-fault'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { takeLease } from '../devnet/lease.ts'
import { makeConfigFault } from '../manifest-file.ts'
import type { Terminal } from '../text/terminal.ts'

export interface RunOptions {
  readonly config: string
  /** Socket of a devnet's warden: the node ends with that devnet. */
  readonly lease?: string
  readonly json?: boolean
}

/** `watchfire run`: one node, until it is told to stop or must not go on. @returns the exit code */
export async function runCommand(terminal: Terminal, options: RunOptions): Promise<number> {
  const stop = new AbortController()
  let exitCode: number = exitCodes.ok
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    // The second one does not wait for anything: what is signed is on disk already.
    if (stop.signal.aborted) process.exit(exitCode)
    exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm
    stop.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  if (options.lease !== undefined) {
    const lease = await takeLease(options.lease)
    lease.ended.addEventListener('abort', () => stop.abort())
  }

  const { loadNodeConfig, startNode } = await import('@watchfire/node')
  const loaded = loadNodeConfig(options.config)
  if (!loaded.ok) throw makeConfigFault(loaded.fault)
  const { config } = loaded
  const { destination, pino } = await import('pino')
  // Talk goes to stderr; at once, so that the last line before a crash is there.
  const log = pino({ level: config.log.level, base: null }, destination({ dest: 2, sync: true }))
  const started = await startNode(config, { signal: stop.signal, log })
  const node = unwrap(started)
  announce(terminal, node, options)
  const end = await node.finished
  if (end.ok) return exitCode
  throw new CommandFault(exitCodes.failure, `stopped: ${end.code}: ${end.detail}`)
}

function announce(terminal: Terminal, node: RunningNode, options: RunOptions): void {
  const { api, addresses, monitor, peerId } = node
  if (options.json === true) {
    terminal.out(JSON.stringify({ type: 'node', monitor: monitor ?? null, api, peerId, addresses }))
    return
  }
  terminal.err(`${monitor ?? 'observer'}: feed at ${api}, peers at ${addresses.join(' ')}`)
}

/** Faults of what the operator wrote: config, manifest, keys. The others are this machine's. */
const configFaults: ReadonlySet<string> = new Set([
  'bad-config',
  'missing-manifest',
  'not-a-member',
  'wrong-key',
  'wrong-network',
  'bad-address',
  'key-missing',
  'key-readable-by-others',
  'key-malformed',
  'kind-not-found',
  'kind-wrong-interface',
  'kind-malformed',
  'kind-throws',
  'kind-name-clash',
  'secret-missing',
  'secret-unreadable',
  'secret-readable-by-others',
  'secret-malformed',
  'secret-misbound',
])

function unwrap(started: StartedNode): RunningNode {
  if (started.ok) return started.node
  const { code, detail, findings } = started
  const lines = findings.map(formatFinding)
  throw new CommandFault(
    configFaults.has(code) ? exitCodes.badConfig : exitCodes.failure,
    ...(lines.length > 0 ? lines : [`${code}: ${detail}`]),
  )
}
