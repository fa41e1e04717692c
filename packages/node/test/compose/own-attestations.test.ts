import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Digest, fromHex } from '@watchfire/attestation'
import { startNode } from '../../src/compose.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import type { NodeConfig } from '../../src/config/node-config.ts'
import type { RunningNode } from '../../src/running-node.ts'
import { makeTestLog } from '../fixtures.ts'
import { makeNodes, until } from '../network/harness.ts'
import { makeProcessNetwork, type ProcessNetwork } from './process-network.ts'

/** More rounds than are repeated by themselves when a round begins. */
const ATTESTED = 7

interface Attested {
  readonly digest: string
  readonly round: number
}

describe('own attestations after a restart', function () {
  this.timeout(30_000)
  const peers = makeNodes()
  let network: ProcessNetwork
  beforeEach(async () => {
    network = await makeProcessNetwork(4, 500)
  })
  afterEach(async () => {
    await peers.close()
    await network.close()
  })

  async function start(config: NodeConfig): Promise<RunningNode> {
    const { signal } = new AbortController()
    const started = await startNode(config, { signal, log: makeTestLog() })
    assert.ok(started.ok)
    return started.node
  }
  async function listAttested(node: RunningNode): Promise<readonly Attested[]> {
    const answer = await fetch(`${node.api}/v1/attestations`)
    assert.equal(answer.status, 200)
    return ((await answer.json()) as { attestations: Attested[] }).attestations
  }

  it('are given to who asks by digest, though only the log kept them (SPEC 6.4.9, 6.5)', async () => {
    const loaded = loadNodeConfig(network.configOf(0))
    assert.ok(loaded.ok)
    const before = await start(loaded.config)
    let attested: readonly Attested[] = []
    while (attested.length < ATTESTED) {
      await setTimeout(100)
      attested = await listAttested(before)
    }
    await before.stop()
    // As if it had died between its log's flush and the store's.
    const database = join(loaded.config.dataDir, 'db')
    const stored = readdirSync(database).filter((name) => name.startsWith('chain.db'))
    assert.ok(stored.length > 0)
    for (const name of stored) rmSync(join(database, name))

    const after = await start(loaded.config)
    const told = (await (await fetch(`${after.api}/v1/network`)).json()) as { id: string }
    const networkId = fromHex(told.id) as Digest
    const asking = await peers.open({ networkId, shards: 1, bootstrap: [...after.addresses] })
    await until(
      () => asking.network.peers().some(({ peerId, agent }) => peerId === after.peerId && agent),
      'is connected, and knows what is served',
    )
    const digests = attested.map(({ digest }) => fromHex(digest) as Digest)
    const found = await asking.network.fetchAttestations(
      digests,
      after.peerId,
      new AbortController().signal,
    )
    assert.equal(found.length, digests.length)
    await after.stop()
  })
})
