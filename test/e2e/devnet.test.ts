import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, type DevnetRun, listProcesses, poll, startDevnet, watchfire } from './devnet-run.ts'

// The scenarios of a running network, in one devnet, one after the other: each leaves it healthy.

const kinds = {
  chain: 'evm-rpc',
  feed: 'price-feed',
  http: 'http',
  tls: 'tls',
  tcp: 'tcp',
} as const

describe('a local network of four monitors and real targets', function () {
  this.timeout(600_000)
  let run: DevnetRun
  let dataDir: string

  const target = (kind: string) => {
    const found = run.network.targets.find((line) => line.kind === kind)
    assert.ok(found, `a target of kind ${kind}`)
    return found
  }
  const node = (index: number) => {
    const found = run.network.nodes[index]
    assert.ok(found, `node ${index}`)
    return found
  }
  const isAllUp = (line: { targets: Readonly<Record<string, string>> }) =>
    Object.values(line.targets).every((verdict) => verdict === 'up')

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'watchfire-e2e-'))
    run = await startDevnet(['--round', '1s', '--data-dir', dataDir])
  })

  after(async () => {
    await run.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('names four nodes and a target of every kind, and certifies', async () => {
    assert.equal(run.network.nodes.length, 4)
    for (const kind of Object.values(kinds)) target(kind)
    const line =
      run.certificates[0] ?? (await run.next('the first certificate', 10_000, () => true))
    assert.ok(existsSync(line.file))
    assert.ok(existsSync(run.network.manifest))
    assert.equal(line.committee, 4)
    assert.ok(line.signers.length >= 3)
    const monitors = run.network.nodes.map(({ monitor }) => monitor)
    for (const signer of line.signers) assert.ok(monitors.includes(signer))
    assert.deepEqual(
      Object.keys(line.targets).toSorted(),
      run.network.targets.map(({ id }) => id).toSorted(),
    )
  })

  it('agrees that all targets are up, round after round, ascending', async () => {
    await run.next('all up', 15_000, isAllUp)
    await run.next('three more rounds', 10_000, ({ height }) => height >= 5)
    for (const [index, line] of run.certificates.entries()) {
      const before = run.certificates[index - 1]
      if (before === undefined) continue
      assert.ok(line.round > before.round)
      assert.equal(line.height, before.height + 1)
    }
  })

  it('writes certificate files that verify without a node, and refuses one with a flipped bit', async () => {
    const { file } = await run.next('a certificate', 10_000, () => true)
    const good = await watchfire('certificate', 'verify', file, '--manifest', run.network.manifest)
    assert.equal(good.code, 0, good.stderr)
    const bytes = readFileSync(file)
    const at = Math.floor(bytes.length / 3)
    bytes[at] = (bytes[at] ?? 0) ^ 0x10
    const bad = join(dataDir, 'flipped.wfc')
    writeFileSync(bad, bytes)
    const refused = await watchfire(
      'certificate',
      'verify',
      bad,
      '--manifest',
      run.network.manifest,
    )
    assert.equal(refused.code, 1)
    assert.notEqual(refused.stderr + refused.stdout, '')
    const none = await watchfire(
      'certificate',
      'verify',
      join(dataDir, 'none'),
      '--manifest',
      run.network.manifest,
    )
    assert.equal(none.code, 2)
    const badManifest = join(dataDir, 'bad.yaml')
    writeFileSync(badManifest, 'format: 1\ncommittee: 7\n')
    assert.equal(
      (await watchfire('certificate', 'verify', file, '--manifest', badManifest)).code,
      78,
    )
  })

  it('says how the chain moves and who sees what of it, from certificates verified here', async () => {
    const { api } = node(0)
    const { manifest } = run.network
    const { stdout, interval } = await poll(
      'the pace of the chain, which takes sixteen rounds',
      60_000,
      async () => {
        const groups = await watchfire('groups', '--api', api, '--manifest', manifest, '--json')
        assert.equal(groups.code, 0, groups.stderr)
        const group = JSON.parse(groups.stdout) as {
          standing: string
          heads: { name: string; intervalUs?: number }[]
        }
        assert.equal(group.standing, 'advancing')
        const head = group.heads.find(({ name }) => name === 'head')
        return { stdout: groups.stdout, interval: head?.intervalUs }
      },
      (answer) => answer.interval !== undefined,
    )
    // Its blocks come every second or so, whatever the rounds are.
    assert.ok(interval !== undefined && interval > 300_000 && interval < 4_000_000, stdout)
    const of = ['--target', target(kinds.chain).id, '--api', api, '--manifest', manifest]
    const shown = await watchfire('targets', ...of, '--json')
    assert.equal(shown.code, 0, shown.stderr)
    const { vantage } = JSON.parse(shown.stdout) as { vantage: { regions: { sees: string }[] } }
    assert.deepEqual(
      vantage.regions.map(({ sees }) => sees),
      ['up'],
    )
  })

  it('lets chain and feed fall to down when the chain is killed, and rise once it is started again', async () => {
    const chain = target(kinds.chain)
    const feed = target(kinds.feed)
    process.kill(chain.pid, 'SIGKILL')
    await run.next(
      'chain and feed down',
      15_000,
      ({ targets }) => targets[chain.id] === 'down' && targets[feed.id] === 'down',
    )
    // Both are of one provider: one incident, not two.
    const { body } = await poll(
      'the incident',
      5000,
      () => ask(`${node(0).api}/v1/providers`),
      ({ body: answer }) => JSON.stringify(answer).includes('"incident":{'),
    )
    const { providers } = body as { providers: { incident: { down: string[] } | null }[] }
    assert.deepEqual(
      providers.map(({ incident }) => incident?.down),
      [[chain.id, feed.id]],
    )
    run.restart(chain.start)
    await run.next(
      'chain and feed up',
      30_000,
      ({ targets }) => targets[chain.id] === 'up' && targets[feed.id] === 'up',
    )
  })

  it('turns the feed degraded as stale when its updater stops, while the chain stays up', async () => {
    const feed = target(kinds.feed)
    const chain = target(kinds.chain)
    process.kill(feed.pid, 'SIGKILL')
    const line = await run.next(
      'a degraded feed',
      30_000,
      ({ targets }) => targets[feed.id] === 'degraded',
    )
    assert.equal(line.targets[chain.id], 'up')
    const read = await watchfire('targets', '--api', node(0).api, '--json')
    assert.equal(read.code, 0, read.stderr)
    assert.match(read.stdout, /age/)
    run.restart(feed.start)
    await run.next('the feed up again', 30_000, ({ targets }) => targets[feed.id] === 'up')
  })

  it('goes on without a monitor that is frozen, and takes it back', async () => {
    const { pid, monitor } = node(3)
    process.kill(pid, 'SIGSTOP')
    const { height } = await run.next(
      'a certificate without it',
      10_000,
      ({ signers }) => !signers.includes(monitor),
    )
    await run.next('three more', 15_000, (line) => line.height >= height + 3 && isAllUp(line))
    process.kill(pid, 'SIGCONT')
    await run.next('its signature again', 20_000, ({ signers }) => signers.includes(monitor))
  })

  it('certifies nothing with two of four, says so plainly, and resumes when one is back', async () => {
    process.kill(node(2).pid, 'SIGKILL')
    process.kill(node(3).pid, 'SIGKILL')
    const survivor = node(0)
    await poll(
      'readiness to end',
      20_000,
      () => ask(`${survivor.api}/readyz`),
      ({ status }) => status === 503,
    )
    const last = run.certificates.at(-1)
    const status = await watchfire('status', '--api', survivor.api)
    assert.notEqual(status.code, 0)
    assert.match(status.stdout + status.stderr, /2 of 4/)
    const state = await ask(`${survivor.api}/v1/state`)
    assert.match(JSON.stringify(state.body), /"stale":true/)
    assert.equal(run.certificates.at(-1)?.height, last?.height, 'no certificate without a quorum')
    run.restart(node(2).start)
    const resumed = await run.next(
      'agreement to resume',
      25_000,
      ({ height }) => height > (last?.height ?? 0),
    )
    assert.equal(resumed.signers.includes(node(3).monitor), false)
    run.restart(node(3).start)
    const { monitor } = node(3)
    await run.next('the fourth to sign again', 25_000, ({ signers }) => signers.includes(monitor))
    const tip = run.certificates.at(-1)?.height ?? 0
    await poll(
      'the fourth to have caught up',
      15_000,
      () => ask(`${node(3).api}/v1/certificates/${tip}`),
      (answer) => answer.status === 200,
    )
  })

  it('goes on with the chain after all four were killed', async () => {
    const last = run.certificates.at(-1)
    assert.ok(last)
    const nodes = new Set(run.network.nodes.map(({ monitor }) => monitor))
    for (const pid of listProcesses(dataDir)) {
      if ([...nodes].some((monitor) => isNode(pid, monitor, run))) process.kill(pid, 'SIGKILL')
    }
    for (const { start } of run.network.nodes) run.restart(start)
    const line = await run.next(
      'the next certificate',
      40_000,
      ({ height }) => height > last.height,
    )
    assert.ok(line.round > last.round)
    const verified = await watchfire(
      'certificate',
      'verify',
      line.file,
      '--manifest',
      run.network.manifest,
    )
    assert.equal(verified.code, 0, verified.stderr)
  })

  it('leaves no process behind after SIGTERM to npm, what was started by hand included', async () => {
    await run.stop()
    await poll(
      'all processes gone',
      10_000,
      () => listProcesses(dataDir),
      (pids) => pids.length === 0,
    )
  })
})

/** Whether a process runs this monitor: its command line is the node's start command. */
function isNode(pid: number, monitor: string, run: DevnetRun): boolean {
  const line = run.network.nodes.find((node) => node.monitor === monitor)
  if (line === undefined) return false
  const config = line.start.at(-1)
  return (
    config !== undefined &&
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(config)
  )
}
