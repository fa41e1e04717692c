import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fetchLatest, parseManifest, viewGroups } from '@watchfire/light-client'
import { parse, stringify } from 'yaml'
import {
  makeProcessNetwork,
  type NodeProcess,
  type ProcessNetwork,
} from '../../packages/node/test/compose/process-network.ts'
import { type Anvil, startAnvil } from '../../packages/probes/test/anvil.ts'
import { ask, poll, watchfire } from './devnet-run.ts'

// Two real chains, the same block by block until one of them is tampered with: three targets are
// nodes of one chain until then, and one of them is of another from then on. All answer, synced and fresh.

const CHAIN_ID = 31_337

interface GroupJson {
  readonly standing: string
  readonly words: string
  readonly forks: readonly { readonly astray: readonly string[]; readonly identity: string }[]
}

interface TargetJson {
  readonly verdict: string
  readonly astray: boolean
  readonly reason: { readonly kind: string } | null
}

describe('a node on another chain than the others of its group', function () {
  this.timeout(600_000)
  let network: ProcessNetwork
  let nodes: NodeProcess[]
  let chains: Anvil[]
  let mining: NodeJS.Timeout
  let api: string
  let manifest: string

  before(async () => {
    const bornMs = Date.now()
    chains = [await startAnvil(CHAIN_ID, bornMs), await startAnvil(CHAIN_ID, bornMs)]
    let lastS = Math.floor(bornMs / 1000)
    const mine = () => {
      // The same moment for both, so that nothing but their state can set their blocks apart.
      lastS = Math.max(lastS + 1, Math.floor(Date.now() / 1000))
      for (const chain of chains)
        chain.call('evm_mine', [lastS]).catch((error: unknown) => {
          assert.fail(`no block was mined: ${String(error)}`)
        })
    }
    mine()
    mining = setInterval(mine, 1000)

    network = await makeProcessNetwork(4, 2000)
    manifest = join(network.directory, 'network.yaml')
    await writeManifest()
    nodes = [0, 1, 2, 3].map((member) => network.start(member))
    const started = await nodes[0]?.wait(({ type }) => type === 'started')
    api = started?.api ?? assert.fail()
  })
  after(async () => {
    clearInterval(mining)
    await network.close()
    await Promise.all(chains.map((chain) => chain.stop()))
  })

  /** The network's members, with three nodes of a chain for targets; what follows from the kind is filled in. */
  async function writeManifest(): Promise<void> {
    const made = parse(readFileSync(manifest, 'utf8')) as {
      committee: unknown
      parameters: { originMs: number; roundMs: number }
    }
    const [one, other] = chains.map(({ url }) => url)
    const target = (id: string, url: string | undefined) => ({
      id,
      kind: 'evm-rpc',
      group: 'evm',
      params: { url, chainId: CHAIN_ID, blockMs: 1000, referenceDepth: 2, referenceStep: 1 },
    })
    const { originMs, roundMs } = made.parameters
    const targets = [target('n1', one), target('n2', one), target('n3', other)]
    const draft = join(network.directory, 'draft.yaml')
    const { committee } = made
    const parameters = { originMs, roundMs, targets }
    writeFileSync(draft, stringify({ name: 'forked', committee, parameters }))
    rmSync(manifest)
    const created = await watchfire('network', 'create', draft, '--out', manifest)
    assert.equal(created.code, 0, created.stderr)
  }

  it('is not there while all are on one chain', async () => {
    for (const node of nodes)
      await node.wait(({ type, height = 0 }) => type === 'final' && height > 3)
    const { body } = await ask(`${api}/v1/groups/evm`)
    const { group } = body as { group: GroupJson }
    assert.equal(group.standing, 'advancing', JSON.stringify(group))
    assert.deepEqual(group.forks, [])
  })

  it('is named by the group, while it answers as well as the others', async () => {
    // From its next block on, the other chain has another state.
    await chains[1]?.call('anvil_setBalance', [`0x${'11'.repeat(20)}`, '0x1'])
    const group = await poll(
      'the fork',
      60_000,
      async () => {
        const { body } = await ask(`${api}/v1/groups/evm`)
        return (body as { group?: GroupJson }).group
      },
      (found) => found?.standing === 'forked',
    )
    assert.equal(group?.words, '1 of 3 targets on another chain than most: n3')
    assert.deepEqual(
      group.forks.map(({ identity, astray }) => [identity, astray]),
      [['block-hash', ['n3']]],
    )
  })

  it('is degraded for it by agreement, though it answers as well as the others', async () => {
    const read = async (id: string) => {
      const { body } = await ask(`${api}/v1/targets/${id}`)
      return (body as { target: TargetJson }).target
    }
    const astray = await poll(
      'the verdict',
      30_000,
      () => read('n3'),
      ({ verdict }) => verdict === 'degraded',
    )
    assert.equal(astray.reason?.kind, 'astray', JSON.stringify(astray))
    assert.equal(astray.astray, true)
    assert.equal((await read('n1')).astray, false)
  })

  it('is found by whoever looks at the certificates alone', async () => {
    const shown = await watchfire('groups', '--api', api, '--manifest', manifest)
    assert.equal(shown.code, 0, shown.stderr)
    assert.match(
      shown.stdout,
      /^evm: fork at \d+, block-hash [0-9a-f]{16}… \(most\) n1, n2 \| .* n3$/m,
    )
    const parsed = parseManifest(parse(readFileSync(manifest, 'utf8')))
    assert.ok(parsed.ok)
    const latest = await fetchLatest(api, parsed.manifest)
    assert.ok(latest.ok)
    const [group] = viewGroups(latest.value.context, latest.value.state)
    assert.deepEqual(
      group?.forks.map(({ astray }) => astray),
      [['n3']],
    )
  })
})
