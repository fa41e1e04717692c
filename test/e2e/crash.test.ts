import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, type DevnetRun, listProcesses, poll, startDevnet } from './devnet-run.ts'

// `kill -9` of one monitor at moments spread over the round, again and again, while the others watch
// for two signatures in one place. Then SIGKILL of devnet itself.

const kills = 8
const roundMs = 1000

describe('a monitor that is killed again and again', function () {
  this.timeout(600_000)
  let run: DevnetRun
  let dataDir: string

  before(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'watchfire-crash-'))
    run = await startDevnet(['--round', '1s', '--data-dir', dataDir])
    await run.next('the first certificates', 20_000, ({ height }) => height >= 2)
  })

  after(async () => {
    await run.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('never signs two things for one place, and is back in agreement in the end', async () => {
    const victim = run.network.nodes[1]
    const witness = run.network.nodes[0]
    assert.ok(victim && witness)
    let pid = victim.pid
    let child: ChildProcess | undefined
    const listAttested = async () => {
      const url = `${witness.api}/v1/attestations?monitor=${victim.monitor}&limit=100`
      const isThere = ({ status }: { status: number }) => status === 200
      return readItems((await poll('its attestations', 10_000, () => ask(url), isThere)).body)
    }
    const getAttestedRound = async () =>
      Math.max(0, ...(await listAttested()).map((item) => item.attestedRound))
    const waitForAttestation = async () => {
      const before = await getAttestedRound()
      const isLater = (round: number) => round > before
      await poll(`an attestation after that of ${before}`, 30_000, getAttestedRound, isLater)
    }
    for (let kill = 0; kill < kills; kill += 1) {
      // Moments spread evenly over a round: of every second life from its first signature, of the others
      // from when it is up, which may be before it has signed anything.
      const phaseMs = Math.floor((kill * roundMs) / kills)
      await poll(
        `moment ${phaseMs} of a round with the victim up`,
        30_000,
        async () => (await ask(`${victim.api}/livez`)).status,
        (status) => status === 200,
      )
      if (kill % 2 === 1) await waitForAttestation()
      await new Promise((resolve) => setTimeout(resolve, phaseMs))
      process.kill(pid, 'SIGKILL')
      if (child !== undefined && child.exitCode === null && child.signalCode === null)
        await once(child, 'exit')
      child = run.restart(victim.start)
      assert.ok(child.pid !== undefined)
      pid = child.pid
    }
    await run.next('its signature again', 30_000, ({ signers }) => signers.includes(victim.monitor))
    await waitForAttestation()
    for (const { api } of run.network.nodes) {
      const { status, body } = await ask(`${api}/v1/evidence`)
      assert.equal(status, 200)
      assert.ok(typeof body === 'object' && body !== null && 'evidence' in body)
      assert.deepEqual(body.evidence, [], 'nobody holds evidence')
    }
    const items = await listAttested()
    assert.ok(items.length > kills / 2, 'the victim attested between its deaths')
    const places = items.map(({ attestedRound, shard }) => `${attestedRound}/${shard}`)
    assert.equal(new Set(places).size, places.length, 'one attestation a place')
  })

  it('leaves no process behind when devnet itself is killed', async () => {
    const devnet = listProcesses(dataDir)
    assert.ok(devnet.length > 4)
    const main = await findDevnet(run)
    process.kill(main, 'SIGKILL')
    await poll(
      'all processes gone',
      15_000,
      () => listProcesses(dataDir),
      (pids) => pids.length === 0,
    )
  })
})

interface Item {
  readonly attestedRound: number
  readonly shard: number
}

function readItems(body: unknown): readonly Item[] {
  assert.ok(
    typeof body === 'object' &&
      body !== null &&
      'attestations' in body &&
      Array.isArray(body.attestations),
  )
  return body.attestations as Item[]
}

/** The devnet process: npm's child by `exec`, whose command line holds `devnet`. */
async function findDevnet(run: DevnetRun): Promise<number> {
  const { getCommandLine } = await import('./devnet-run.ts')
  const found = listProcesses(run.network.dataDir).find((pid) =>
    /watchfire\.js devnet /.test(getCommandLine(pid)),
  )
  assert.ok(found !== undefined, 'a devnet process')
  return found
}
