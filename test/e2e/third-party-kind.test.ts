import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fetchLatest, parseManifest, type VerifiedState } from '@watchfire/light-client'
import { parse } from 'yaml'
import {
  makeProcessNetwork,
  type NodeProcess,
  type ProcessNetwork,
} from '../../packages/node/test/compose/process-network.ts'
import { ask, poll, root } from './devnet-run.ts'

// docs/adding-a-kind.md, from its first line to its last, with the files and commands that it shows.

const page = readFileSync(join(root, 'docs/adding-a-kind.md'), 'utf8')
const launcher = join(root, 'packages/cli/bin/watchfire.js')
const NAME = 'watchfire-kind-job-queue'

/** A file that the page shows, by its name. */
function readShown(name: string): string {
  const [, text] = new RegExp(`\`${name}\`:\n\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(page) ?? []
  return text ?? assert.fail(`the page shows no ${name}`)
}

interface Seen {
  readonly verdict: string
  readonly abstained: number
  readonly signals: ReadonlyMap<string, bigint>
}

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

// Nothing is fetched for it.
const env = { ...process.env, npm_config_offline: 'true', npm_config_audit: 'false' }

function run(cwd: string, command: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err })
    })
  })
}

/** Runs a command that the page shows, with other words where this machine's are others. */
function runShown(
  cwd: string,
  shown: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  assert.ok(page.includes(`\n${shown}\n`) || page.includes(`\`${shown}\``), `no ${shown} there`)
  let line = shown
  for (const [from, to] of Object.entries(replaced)) {
    assert.ok(line.includes(from), `no ${from} in ${shown}`)
    line = line.replace(from, to)
  }
  const [command = '', ...args] = line.split(' ')
  return command === 'watchfire'
    ? run(cwd, process.execPath, [launcher, ...args])
    : run(cwd, command, args)
}

describe('a kind of a third party', function () {
  this.timeout(600_000)
  let network: ProcessNetwork
  let nodes: NodeProcess[]
  let server: Server
  let url: string
  let depth = 7

  before(async () => {
    server = createServer((_request, response) => response.end(JSON.stringify({ depth })))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`
    const [, probe] = /```yaml\nprobe:\n {2}(kinds: .*)\n```/.exec(page) ?? assert.fail('no config')
    network = await makeProcessNetwork(4, 2000, { probe: `, ${probe ?? ''}` })
    nodes = []
  })
  after(async () => {
    await network.close()
    await new Promise((resolve) => server.close(resolve))
  })

  it('is packed and installed without touching this repository', async () => {
    const source = join(network.directory, 'source')
    mkdirSync(source)
    for (const name of ['package.json', 'index.js']) {
      writeFileSync(join(source, name), readShown(name))
    }
    const packed = await runShown(source, 'npm pack')
    assert.equal(packed.code, 0, packed.err)
    const shown = `npm install ./${NAME}-1.0.0.tgz`
    const installed = await runShown(network.directory, shown, { './': './source/' })
    assert.equal(installed.code, 0, installed.err)
  })

  it('is explained and asked by hand', async () => {
    const explained = await runShown(
      network.directory,
      `watchfire probe --kinds ${NAME} --explain job-queue`,
    )
    assert.match(explained.out, /^job-queue: A job queue answers/)
    assert.match(explained.out, /\ndepth +jobs/)
    const probed = await runShown(
      network.directory,
      `watchfire probe --kinds ${NAME} job-queue http://127.0.0.1:8080/status --allow 127.0.0.0/8`,
      { 'http://127.0.0.1:8080/status': url },
    )
    assert.equal(probed.code, 0, `${probed.out}${probed.err}`)
    assert.match(probed.out, /\ndepth +7 jobs/)
    const asNode = await runShown(
      network.directory,
      'watchfire probe --config config.yaml job-queue http://127.0.0.1:8080/status',
      { 'config.yaml': 'm0.yaml', 'http://127.0.0.1:8080/status': url },
    )
    assert.equal(asNode.code, 0, `${asNode.out}${asNode.err}`)
  })

  it('is in a manifest with all that follows from it', async () => {
    const file = join(network.directory, 'network.yaml')
    const made = parse(readFileSync(file, 'utf8')) as {
      committee: unknown
      parameters: { originMs: number; roundMs: number }
    }
    const { originMs, roundMs } = made.parameters
    const [, target] = /such as `(\{ id: jobs, .* \} \})`/.exec(page) ?? assert.fail('no target')
    const targets = [parse((target ?? '').replace('http://127.0.0.1:8080/status', url)) as object]
    const parameters = { originMs, roundMs, targets }
    const draft = { name: 'jobs', committee: made.committee, parameters }
    writeFileSync(join(network.directory, 'draft.yaml'), JSON.stringify(draft))
    rmSync(file)
    const shown = `watchfire network create draft.yaml --kinds ${NAME} --out network.yaml`
    const without = await runShown(network.directory, shown, { [` --kinds ${NAME}`]: '' })
    assert.equal(without.code, 78)
    assert.match(without.err, /kind: expected one of http.*, got job-queue/)
    const created = await runShown(network.directory, shown)
    assert.equal(created.code, 0, created.err)
    assert.match(readFileSync(file, 'utf8'), /unit: jobs/)
  })

  it('is agreed on by the monitors that have it, while one without it abstains', async () => {
    drop(3)
    nodes = [0, 1, 2, 3].map((member) => network.start(member))
    // The one without it may be the last to start, and is absent until then.
    const state = await pollState(
      'the depth',
      ({ signals, abstained }) => signals.get('depth') === 7n && abstained === 1,
    )
    assert.equal(state.verdict, 'up')
    depth = 8
    await pollState('the next depth', ({ signals }) => signals.get('depth') === 8n)
    depth = 101
    const deep = await pollState('degraded', ({ verdict }) => verdict === 'degraded')
    assert.equal(deep.signals.get('depth'), 101n)
    const { body } = await ask(`${await getApi(3)}/v1/attestations?target=jobs&monitor=m3`)
    const told = body as { attestations: { monitor: string; observations: { code: string }[] }[] }
    const own = told.attestations.filter(({ monitor }) => monitor === 'm3')
    assert.ok(own.length > 0)
    for (const { observations } of own) assert.equal(observations[0]?.code, 'unsupported-kind')
  })

  it('leaves the target unknown, and not down, where too few have it', async () => {
    drop(2)
    await nodes[2]?.kill('SIGKILL')
    nodes[2] = network.start(2)
    // While it starts it is absent, which comes to the same.
    await pollState('unknown', ({ verdict, abstained }) => verdict === 'unknown' && abstained === 2)
  })

  it('stops the start of a monitor that is told of one that is not there, by line', async () => {
    await nodes[0]?.kill('SIGTERM')
    const file = network.configOf(0)
    writeFileSync(file, readFileSync(file, 'utf8').replace(NAME, 'watchfire-kind-none'))
    const ran = await run(network.directory, process.execPath, [launcher, 'run', '--config', file])
    assert.equal(ran.code, 78)
    assert.match(ran.err, /m0.yaml:6:\d+: probe\.kinds\[0\]: watchfire-kind-none: no such package/)
  })

  /** Takes the package from a monitor's configuration. */
  function drop(member: number): void {
    const file = network.configOf(member)
    const text = readFileSync(file, 'utf8')
    const without = text.replace(`, kinds: [${NAME}]`, '')
    assert.notEqual(without, text)
    writeFileSync(file, without)
  }

  async function getApi(member: number): Promise<string> {
    const started = await nodes[member]?.wait(({ type }) => type === 'started')
    return started?.api ?? assert.fail()
  }

  /** Asks until the latest certified state, verified here, is as the test wants. */
  async function pollState(what: string, test: (seen: Seen) => boolean): Promise<Seen> {
    const manifest = parseManifest(
      parse(readFileSync(join(network.directory, 'network.yaml'), 'utf8')),
    )
    assert.ok(manifest.ok)
    const api = await getApi(0)
    const read = async () => {
      const latest = await fetchLatest(api, manifest.manifest)
      return latest.ok ? view(latest.value) : undefined
    }
    const seen = await poll(what, 60_000, read, (state) => state !== undefined && test(state))
    return seen ?? assert.fail()
  }
})

/** What is agreed on the only target, with its signals by the names that the manifest gives. */
function view({ context, state, verdicts }: VerifiedState): Seen {
  const [target] = state.targets
  const [defined] = context.parameters.targets
  if (target === undefined || defined === undefined) throw new Error('no target')
  const signals = target.signals.map(({ index, value }): [string, bigint] => {
    const name = defined.signals[index]?.name ?? new Uint8Array()
    return [new TextDecoder().decode(name), value]
  })
  const [verdict = 'none'] = verdicts.values()
  return { verdict, abstained: target.abstained, signals: new Map(signals) }
}
