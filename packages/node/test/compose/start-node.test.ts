import assert from 'node:assert/strict'
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { startNode } from '../../src/compose.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import type { NodeConfig } from '../../src/config/node-config.ts'
import type { StartFault } from '../../src/running-node.ts'
import { makeTestLog } from '../fixtures.ts'
import { makeProcessNetwork, type ProcessNetwork } from './process-network.ts'

describe('starting a node', function () {
  this.timeout(30_000)
  let network: ProcessNetwork
  beforeEach(async () => {
    network = await makeProcessNetwork(4, 1000)
  })
  afterEach(() => network.close())

  function getConfig(member = 0): NodeConfig {
    const loaded = loadNodeConfig(network.configOf(member))
    assert.ok(loaded.ok)
    return loaded.config
  }
  async function refuse(config: NodeConfig): Promise<StartFault> {
    const controller = new AbortController()
    const started = await startNode(config, { signal: controller.signal, log: makeTestLog() })
    if (!started.ok) return started
    await started.node.stop()
    return assert.fail('it started')
  }

  it('gives the feed and ends with its signal, free to start again', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      const controller = new AbortController()
      const log = makeTestLog()
      const started = await startNode(getConfig(), { signal: controller.signal, log })
      assert.ok(started.ok)
      const { node } = started
      assert.equal(node.monitor, 'm0')
      const answer = await fetch(`${node.api}/livez`)
      assert.equal(answer.status, 200)
      controller.abort()
      assert.deepEqual(await node.finished, { ok: true })
      await assert.rejects(fetch(`${node.api}/livez`))
      assert.deepEqual(
        log.lines.filter(({ message }) => message.startsWith('stopping')),
        [],
      )
    }
  })

  it('needs no monitor key to observe', async () => {
    const config = { ...getConfig(), monitor: undefined }
    rmSync(join(config.dataDir, 'keys', 'monitor.key'))
    const controller = new AbortController()
    const started = await startNode(config, { signal: controller.signal, log: makeTestLog() })
    assert.ok(started.ok)
    assert.equal(started.node.monitor, undefined)
    assert.deepEqual(await started.node.stop(), { ok: true })
  })

  it('is refused in one line when a port is taken, for the feed and for peers', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    const config = getConfig()
    const feed = await refuse({ ...config, http: { ...config.http, port: address.port } })
    assert.equal(feed.code, 'port-in-use')
    assert.doesNotMatch(feed.detail, /\n/)
    const listen = [`/ip4/127.0.0.1/tcp/${address.port}`]
    const peers = await refuse({ ...config, p2p: { ...config.p2p, listen } })
    assert.equal(peers.code, 'port-in-use')
    assert.doesNotMatch(peers.detail, /\n/)
    server.close()
  })

  it('is refused with a key that the manifest does not name for the monitor', async () => {
    const fault = await refuse({ ...getConfig(), monitor: 'm1' })
    assert.equal(fault.code, 'wrong-key')
    const { file } = getConfig()
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((text) => text.startsWith('monitor:'))
    const at = `${file}:${line + 1}:1: monitor: expected`
    assert.ok(fault.detail.startsWith(at), fault.detail)
    assert.match(
      fault.detail,
      /the manifest names key [0-9a-f]{64} for m1, but .*monitor\.key holds/,
    )
    const unknown = await refuse({ ...getConfig(), monitor: 'm9' })
    assert.equal(unknown.code, 'not-a-member')
    assert.equal(unknown.detail, `${at} a member that the manifest has, got m9`)
    assert.equal(unknown.findings.length, 1)
  })

  it('is refused with an address that is none, by file, line and field', async () => {
    const config = getConfig()
    const { file } = config
    const refuseWith = async (p2p: Partial<NodeConfig['p2p']>, text: string) => {
      writeFileSync(file, text)
      const fault = await refuse({ ...config, p2p: { ...config.p2p, ...p2p } })
      assert.equal(fault.code, 'bad-address')
      return fault.detail
    }
    const own = '/ip4/127.0.0.1/tcp/0'
    assert.equal(
      await refuseWith(
        { listen: [own, '/ip4/1.2.3/tcp/1'] },
        `p2p:\n  listen:\n  - ${own}\n  - /ip4`,
      ),
      `${file}:4:5: p2p.listen[1]: expected a multiaddr, got /ip4/1.2.3/tcp/1`,
    )
    assert.equal(
      await refuseWith({ bootstrap: [own] }, `{"p2p": {"bootstrap": ["${own}"]}}`),
      `${file}:1:24: p2p.bootstrap[0]: expected a multiaddr that ends in /p2p/<peer id>, got ${own}`,
    )
  })

  it('is refused with a key file that others can read, or none', async () => {
    const config = getConfig()
    const file = join(config.dataDir, 'keys', 'monitor.key')
    chmodSync(file, 0o644)
    assert.equal((await refuse(config)).code, 'key-readable-by-others')
    rmSync(file)
    assert.equal((await refuse(config)).code, 'key-missing')
  })

  it('is refused while another node uses the key from a copy of the data', async () => {
    const config = getConfig()
    const controller = new AbortController()
    const started = await startNode(config, { signal: controller.signal, log: makeTestLog() })
    assert.ok(started.ok)
    const dataDir = `${config.dataDir}-copy`
    cpSync(config.dataDir, dataDir, {
      recursive: true,
      filter: (path) => !path.includes('/db'),
    })
    const p2p = { ...config.p2p, listen: ['/ip4/127.0.0.1/tcp/0'] }
    const fault = await refuse({ ...config, dataDir, p2p })
    assert.equal(fault.code, 'key-in-use')
    assert.match(fault.detail, /is in use by another process/)
    await started.node.stop()
  })

  it('is refused on the data of another network', async () => {
    const config = getConfig()
    const controller = new AbortController()
    const started = await startNode(config, { signal: controller.signal, log: makeTestLog() })
    assert.ok(started.ok)
    await started.node.stop()
    const text = readFileSync(config.manifest, 'utf8')
    writeFileSync(config.manifest, text.replace('name: processes', 'name: another'))
    const fault = await refuse(config)
    assert.equal(fault.code, 'wrong-network')
    assert.match(
      fault.detail,
      /\.yaml:\d+:1: dataDir: expected a directory of network [0-9a-f]{64}/,
    )
    assert.doesNotMatch(fault.detail, /\n/)
  })

  it('is refused with a malformed manifest, by file and line, and apart when there is none', async () => {
    const config = getConfig()
    const text = readFileSync(config.manifest, 'utf8')
    writeFileSync(config.manifest, text.replace('weight: 1', 'weight: 0'))
    const fault = await refuse(config)
    assert.equal(fault.code, 'bad-config')
    assert.equal(fault.findings.length, 1)
    assert.match(fault.detail, /network\.yaml:5:\d+: committee\[0\]\.weight: expected/)
    rmSync(config.manifest)
    assert.equal((await refuse(config)).code, 'missing-manifest')
  })
})
