import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { createLibp2p } from 'libp2p'
import { getEnding, type ProbeOptions, probeOnce } from '../../src/compliance/harness.ts'
import { describeKind } from '../../src/compliance/suite.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { libp2pKind } from '../../src/kinds/libp2p.ts'

/** A real peer on loopback. */
async function start(services: object = { identify: identify(), ping: ping() }) {
  const node: Libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    nodeInfo: { name: 'peer', version: '7', userAgent: 'peer/7' },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: services as never,
  })
  const [address] = node.getMultiaddrs()
  assert.ok(address !== undefined)
  return { node, multiaddr: address.toString() }
}

async function probe(
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions = {},
  services?: object,
): Promise<{ result: ProbeResult; peerId: string }> {
  const { node, multiaddr } = await start(services)
  try {
    const result = await probeOnce(libp2pKind, { multiaddr, ...params }, options)
    return { result, peerId: node.peerId.toString() }
  } finally {
    await node.stop()
  }
}

const hash = (text: string) => createHash('sha256').update(text).digest()

describeKind(
  {
    kind: libp2pKind,
    transport: 'tcp',
    getParams: (host, port) => ({
      multiaddr: `/${/[a-z]/.test(host) ? 'dns4' : 'ip4'}/${host}/tcp/${port}`,
    }),
    async setup() {
      const { node, multiaddr } = await start()
      return { params: { multiaddr }, teardown: async () => node.stop() }
    },
  },
  { describe, it },
)

describe('kind libp2p', () => {
  it('shakes hands with the peer it is told, pings it, and reads who it says it is', async () => {
    const { result, peerId } = await probe()
    assert.ok(result.status === 'reached', getEnding(result))
    assert.deepEqual(result.identities['peer'], hash(peerId))
    assert.deepEqual(result.identities['agent'], hash('peer/7'))
    assert.ok((result.signals['protocols'] ?? 0n) >= 2n)
    assert.ok((result.signals['round-trip'] ?? 0n) > 0n)
    assert.deepEqual(
      result.phases.map(({ name }) => name),
      ['connect', 'tls', 'first-byte', 'transfer'],
    )
  })

  it('says certificate of a peer that is another, and takes any where none is named', async () => {
    const { node, multiaddr } = await start()
    const other = await start()
    try {
      const place = multiaddr.replace(/\/p2p\/.*/, '')
      const another = `${place}/p2p/${other.node.peerId.toString()}`
      const result = await probeOnce(libp2pKind, { multiaddr: another })
      assert.equal(getEnding(result), 'certificate', getEnding(result))
      assert.equal(getEnding(await probeOnce(libp2pKind, { multiaddr: place })), 'reached')
    } finally {
      await node.stop()
      await other.node.stop()
    }
  })

  it('wants the protocols it is told', async () => {
    const { result } = await probe({ protocols: ['/ipfs/ping/1.0.0'] })
    assert.equal(getEnding(result), 'reached')
    const without = await probe({ protocols: ['/meshsub/1.2.0'] })
    assert.equal(getEnding(without.result), 'content')
  })

  it('says protocol of a peer that does not speak ping', async () => {
    const { result } = await probe({}, {}, { identify: identify() })
    assert.equal(getEnding(result), 'protocol', getEnding(result))
  })

  it('abstains as overloaded when the round’s bytes are used up', async () => {
    const { result } = await probe({}, { bytesPerRoundMax: 200 })
    assert.equal(getEnding(result), 'overloaded', getEnding(result))
  })
})
