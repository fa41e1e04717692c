import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { addDevnetCommands } from './devnet-commands.ts'
import { makeTerminal, type Terminal } from './text/terminal.ts'

const API_DEFAULT = 'http://127.0.0.1:7802'

/**
 * Builds the command tree. Parsing is left to the caller, so that a test can run a command without a
 * process of its own. Each command loads what it needs when it runs: verifying a certificate loads no
 * network stack.
 *
 * @param terminal - where commands speak
 * @example await createProgram().parseAsync(['certificate', 'verify', 'x.wfcert', '--manifest', 'n.yaml'], { from: 'user' })
 */
export function createProgram(terminal: Terminal = makeTerminal()): Command {
  const program = new Command('watchfire')
    .description('Monitors that agree, every round, on the health of real targets, and sign it.')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    })
    .showHelpAfterError('(--help says more)')
  addInit(program, terminal)
  addNetwork(program, terminal)
  addRun(program, terminal)
  addProbe(program, terminal)
  addDevnetCommands(program, terminal)
  addReading(program, terminal)
  addCertificate(program, terminal)
  addEvidence(program, terminal)
  return program
}

function addInit(program: Command, terminal: Terminal): void {
  program
    .command('init')
    .description("Make a node's data directory: keys and configuration.")
    .requiredOption('--data-dir <dir>', 'where; nothing in it is written over')
    .option('--monitor <id>', "this node's member id in the manifest; without it, it observes")
    .option('--manifest <file>', "the network's manifest")
    .addOption(jsonOption())
    .action(async (options) => {
      const { initCommand } = await import('./commands/init.ts')
      await initCommand(terminal, options)
    })
}

function addNetwork(program: Command, terminal: Terminal): void {
  const network = program.command('network').description('Make or inspect a network manifest.')
  network
    .command('create')
    .argument('<draft>', 'a manifest with gaps: what follows from the rest may be left out')
    .description("Write out a new network's manifest, and what its founders should know.")
    .option('--out <file>', 'where to write it, else stdout; never over another')
    .option('--name <name>', "the network's name")
    .addOption(
      new Option(
        '--member <id=key...>',
        'a member: ID=PUBLICKEY[,weight=N][,region=R][,network=N][,operator=O]',
      ),
    )
    .option('--round <time>', 'length of a round, such as 2s')
    .option('--origin <time>', 'when round 0 begins')
    .addOption(kindsOption())
    .addOption(jsonOption())
    .action(async (draft: string, options) => {
      const { createNetworkCommand } = await import('./commands/network-create.ts')
      await createNetworkCommand(terminal, draft, options, Date.now())
    })
  network
    .command('inspect')
    .argument('<manifest>', 'the manifest file')
    .description(
      'Check a manifest; show its network id, its members and targets, and what liars could do.',
    )
    .addOption(kindsOption())
    .addOption(jsonOption())
    .action(async (path: string, options) => {
      const { inspectNetworkCommand } = await import('./commands/network-inspect.ts')
      await inspectNetworkCommand(terminal, path, options)
    })
}

function addRun(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .description('Run one node, until it is told to stop.')
    .requiredOption('--config <file>', 'its configuration')
    .addOption(new Option('--lease <socket>').hideHelp())
    .addOption(jsonOption())
    .action(async (options) => {
      const { runCommand } = await import('./commands/run.ts')
      process.exit(await runCommand(terminal, options))
    })
}

function addProbe(program: Command, terminal: Terminal): void {
  program
    .command('probe')
    .argument('[kind]', 'the kind of target')
    .argument('[address]', 'where: a URL, HOST:PORT or a multiaddr, as the kind has it')
    .description('Run one probe once: exits 0 reached, 1 failed, 3 cannot tell.')
    .option('--param <name=value>', 'one of its parameters; again for another', collect)
    .option('--params <json>', 'its parameters')
    .option('--timeout <time>', 'how long it may take', '10s')
    .option('--allow <cidr>', 'addresses it may ask although they are not public', collect)
    .option('--ca <file>', 'an authority in PEM to trust besides the public ones', collect)
    .option(
      '--secret <what=file>',
      'what it may show only there: basic, bearer, url, header:NAME',
      collect,
    )
    .addOption(kindsOption())
    .option('--config <file>', "a node's configuration: its kinds, addresses and authorities")
    .option('--list', 'the kinds there are')
    .option('--explain', "the kind's parameters, signals, outcomes and default policy")
    .addOption(jsonOption())
    .action(async (kind: string | undefined, address: string | undefined, options) => {
      if (options.list === true || kind === undefined || options.explain === true) {
        const { listKindsCommand, explainKindCommand } = await import('./commands/probe-explain.ts')
        if (options.explain === true && kind !== undefined) {
          await explainKindCommand(terminal, kind, options)
        } else await listKindsCommand(terminal, options)
        return
      }
      const { probeCommand } = await import('./commands/probe.ts')
      process.exitCode = await probeCommand(terminal, kind, address, options)
    })
}

function addReading(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .description('One node, and whether it sees agreement: exits 1 if it does not.')
    .addOption(apiOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { statusCommand } = await import('./commands/status.ts')
      process.exitCode = await statusCommand(terminal, options, Date.now())
    })
  program
    .command('peers')
    .description('Who a node is connected to.')
    .addOption(apiOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { peersCommand } = await import('./commands/status.ts')
      await peersCommand(terminal, options, Date.now())
    })
  program
    .command('targets')
    .description('The latest agreed verdicts, from a verified certificate.')
    .option('--target <id>', 'this one alone: why, and who sees what')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      if (options.target !== undefined) {
        const { showTargetCommand } = await import('./commands/target-show.ts')
        await showTargetCommand(terminal, options)
        return
      }
      const { targetsCommand } = await import('./commands/certificate-get.ts')
      await targetsCommand(terminal, options, Date.now())
    })
  program
    .command('groups')
    .description('How each chain is: heads, forks, block intervals, from verified certificates.')
    .option('--group <id>', 'this one alone, with its signals')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { groupsCommand } = await import('./commands/groups.ts')
      await groupsCommand(terminal, options)
    })
  program
    .command('attestations')
    .description('What monitors signed, each signature checked here.')
    .option('--round <round>', 'of this round')
    .option('--monitor <id>', 'of this monitor')
    .option('--target <id>', 'on this target')
    .option('--limit <count>', 'at most so many')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { attestationsCommand } = await import('./commands/attestations.ts')
      process.exitCode = await attestationsCommand(terminal, options)
    })
  program
    .command('feed')
    .description('Follow the agreed state, verified: verdicts, changes, gaps, staleness.')
    .option('--after <certificate>', 'a certificate file held from before, to go on after')
    .option('--rounds <count>', 'stop after so many certified rounds')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { feedCommand } = await import('./commands/feed.ts')
      process.exitCode = await feedCommand(terminal, options)
    })
}

function addCertificate(program: Command, terminal: Terminal): void {
  const certificate = program
    .command('certificate')
    .description('Get or verify health certificates.')
  certificate
    .command('get')
    .description('Get a certificate from a node, verified; the latest unless told otherwise.')
    .option('--round <round>', 'the one that covers this round')
    .option('--height <height>', 'the one at this height')
    .option('--out <file>', 'keep it here')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { getCertificateCommand } = await import('./commands/certificate-get.ts')
      await getCertificateCommand(terminal, options, Date.now())
    })
  certificate
    .command('verify')
    .argument('<file>', 'the certificate file')
    .description('Verify a certificate file. Needs no node and no network.')
    .requiredOption('--manifest <file>', "the network's manifest: the trust root")
    .addOption(jsonOption())
    .action(async (path: string, options) => {
      const { verifyCertificateCommand } = await import('./commands/certificate-verify.ts')
      process.exitCode = verifyCertificateCommand(terminal, path, options)
    })
}

function addEvidence(program: Command, terminal: Terminal): void {
  const evidence = program
    .command('evidence')
    .description('Proof that a member signed two things for one place.')
  evidence
    .command('list')
    .description('Who signed two things, as a node knows it; each piece is verified here.')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (options) => {
      const { listEvidenceCommand } = await import('./commands/evidence-list.ts')
      await listEvidenceCommand(terminal, options)
    })
  evidence
    .command('show')
    .argument('<digest>', 'names the piece, as `evidence list` gives it')
    .description('One piece of evidence from a node, verified.')
    .option('--out <file>', 'keep it here')
    .addOption(apiOption())
    .addOption(manifestOption())
    .addOption(jsonOption())
    .action(async (digest: string, options) => {
      const { showEvidenceCommand } = await import('./commands/evidence-list.ts')
      await showEvidenceCommand(terminal, digest, options)
    })
  evidence
    .command('verify')
    .argument('<file>', 'the evidence file')
    .description('Verify an evidence file. Needs no node and no network.')
    .requiredOption('--manifest <file>', "the network's manifest: the trust root")
    .addOption(jsonOption())
    .action(async (path: string, options) => {
      const { verifyEvidenceCommand } = await import('./commands/evidence-verify.ts')
      process.exitCode = verifyEvidenceCommand(terminal, path, options)
    })
}

/** Gathers an option that may be given more than once. */
function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

function kindsOption(): Option {
  const what = 'an npm package of further kinds, found from here; again for another'
  return new Option('--kinds <package>', what).argParser(collect)
}

function jsonOption(): Option {
  return new Option('--json', 'data as JSON, one object a line')
}

function apiOption(): Option {
  return new Option('--api <url>', "a node's HTTP feed").env('WATCHFIRE_API').default(API_DEFAULT)
}

function manifestOption(): Option {
  return new Option(
    '--manifest <file>',
    "the network's manifest, to check the node's word against",
  ).env('WATCHFIRE_MANIFEST')
}

/** The version in this package's own package.json, which lies beside both `src` and `dist`. */
function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const manifest = JSON.parse(text) as { readonly version: string }
  return manifest.version
}
