import { type Command, InvalidArgumentError, Option } from 'commander'
import type { TargetProcess } from './devnet/layout.ts'
import { ROUND_MS_MAX, ROUND_MS_MIN } from './round-times.ts'
import type { Terminal } from './text/terminal.ts'
import { parseDuration } from './text/units.ts'

/** More would not fit on one machine's loopback in any sensible round. */
const MONITORS_MAX = 64

/** Adds `devnet`, and the hidden commands by which it starts its processes. */
export function addDevnetCommands(program: Command, terminal: Terminal): void {
  program
    .command('devnet')
    .description('Run a local network: monitors and real targets as processes of their own.')
    .option('--monitors <count>', 'how many monitors (default: 4)', readMonitors)
    .option('--round <time>', 'length of a round (default: 2s)', readRound)
    .option('--rounds <count>', 'stop after so many certified rounds', readCount)
    .option('--deadline <time>', 'exit 1 if it has not stopped by then', readTime)
    .option('--data-dir <dir>', 'where its data is; an existing one continues its network')
    .addOption(
      new Option('--json', 'one JSON object a line: the network, then each certified round'),
    )
    .action(async (options) => {
      const { runDevnet } = await import('./devnet/devnet.ts')
      // What is still open, such as a connection to a node, does not keep the process.
      process.exit(await runDevnet(terminal, options))
    })
  const own = program.command('devnet-process', { hidden: true })
  own
    .command('warden')
    .requiredOption('--lease <socket>')
    .action(async ({ lease }: { lease: string }) => {
      const { startWarden } = await import('./devnet/warden.ts')
      const warden = await startWarden(lease, process.stdin)
      process.stdout.write('ready\n')
      await warden.done
    })
  const subprocess = (name: string) =>
    own.command(name).requiredOption('--data-dir <dir>').requiredOption('--lease <socket>')
  subprocess('deploy').action(async (options: SubprocessOptions) => {
    const { runDeployment } = await import('./devnet/devnet-process.ts')
    process.exitCode = await runDeployment(options.dataDir, options.lease)
  })
  for (const target of ['chain', 'price-feed', 'http', 'tls', 'tcp'] as const) {
    subprocess(target).action((options: SubprocessOptions) => runTarget(target, options))
  }
}

interface SubprocessOptions {
  readonly dataDir: string
  readonly lease: string
}

async function runTarget(target: TargetProcess, options: SubprocessOptions): Promise<void> {
  const { runDevnetProcess } = await import('./devnet/devnet-process.ts')
  // A server of ours that is still open does not keep the process.
  process.exit(await runDevnetProcess(target, options.dataDir, options.lease))
}

function readMonitors(text: string): number {
  const count = readCount(text)
  if (count > MONITORS_MAX) throw new InvalidArgumentError(`At most ${MONITORS_MAX}.`)
  return count
}

function readCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 on.')
  return Number(text)
}

function readTime(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Expected a time such as 500ms, 2s or 1m.')
  return ms
}

function readRound(text: string): number {
  const ms = readTime(text)
  if (ms < ROUND_MS_MIN || ms > ROUND_MS_MAX) {
    throw new InvalidArgumentError(`Expected a time from ${ROUND_MS_MIN}ms to 24h.`)
  }
  return ms
}
