import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { startServer } from '../../src/compliance/server.ts'
import { describeKind } from '../../src/compliance/suite.ts'
import { contractKind } from '../../src/kinds/contract.ts'
import { evmRpcKind } from '../../src/kinds/evm-rpc.ts'
import { httpKind } from '../../src/kinds/http.ts'
import { priceFeedKind } from '../../src/kinds/price-feed.ts'
import { priceReferenceKind } from '../../src/kinds/price-reference.ts'
import { relayerKind } from '../../src/kinds/relayer.ts'
import { tcpKind } from '../../src/kinds/tcp.ts'
import { tlsKind } from '../../src/kinds/tls.ts'
import { startAnvil } from '../anvil.ts'
import { makeAuthority } from '../authority.ts'
import { deployFeed } from '../feed-contract.ts'
import { startTextServer } from '../text-server.ts'

const runner = { describe, it }

describeKind(
  {
    kind: tcpKind,
    transport: 'tcp',
    getParams: (host, port) => ({
      host,
      port,
      dialogue: [{ send: 'hi\n' }, { expect: '^welcome$', lines: 1 }],
    }),
    getSecureParams: (host, port) => ({ host, port, tls: true }),
    async setup() {
      const server = await startServer((socket) => socket.resume().write('welcome\n'))
      return {
        params: { host: '127.0.0.1', port: server.port, dialogue: [{ expect: '^welcome$' }] },
        teardown: () => server.close(),
      }
    },
  },
  runner,
)

describeKind(
  {
    kind: httpKind,
    transport: 'http',
    getParams: (host, port) => ({ url: `http://${host}:${port}/` }),
    getSecureParams: (host, port) => ({ url: `https://${host}:${port}/` }),
    async setup() {
      const server = createHttpServer((_request, response) => response.end('fine'))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      return {
        params: { url: `http://127.0.0.1:${port}/` },
        teardown: () => new Promise((resolve) => server.close(() => resolve())),
      }
    },
  },
  runner,
)

describeKind(
  {
    kind: tlsKind,
    transport: 'tls',
    getParams: (host, port) => ({ host, port }),
    async setup() {
      const authority = await makeAuthority()
      const server = createTlsServer(await authority.issue(['127.0.0.1']), (socket) => socket.end())
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      return {
        params: { host: '127.0.0.1', port },
        ca: [authority.pem],
        teardown: () => new Promise((resolve) => server.close(() => resolve())),
      }
    },
  },
  runner,
)

const CHAIN_ID = 31_337
const getUrlParams = (scheme: string) => (host: string, port: number) => ({
  url: `${scheme}://${host}:${port}/`,
  chainId: CHAIN_ID,
})

describeKind(
  {
    kind: evmRpcKind,
    transport: 'http',
    getParams: getUrlParams('http'),
    getSecureParams: getUrlParams('https'),
    async setup() {
      const anvil = await startAnvil(CHAIN_ID)
      return { params: { url: anvil.url, chainId: CHAIN_ID }, teardown: () => anvil.stop() }
    },
  },
  runner,
)

const feed = { decimals: 8, heartbeatMs: 60_000 }
const address = `0x${'11'.repeat(20)}`

describeKind(
  {
    kind: priceFeedKind,
    transport: 'http',
    getParams: (host, port) => ({ ...getUrlParams('http')(host, port), ...feed, address }),
    getSecureParams: (host, port) => ({ ...getUrlParams('https')(host, port), ...feed, address }),
    async setup() {
      // Its blocks are all of the past, so that the latest is what is read.
      const anvil = await startAnvil(CHAIN_ID, Date.now() - 3_600_000)
      const contract = await deployFeed(anvil, 8)
      await contract.set(1n, 100_000_000n, 1_700_000_000n, 1n)
      return {
        params: { url: anvil.url, chainId: CHAIN_ID, ...feed, address: contract.address },
        teardown: () => anvil.stop(),
      }
    },
  },
  runner,
)

const getCallParams = (scheme: string) => (host: string, port: number) => ({
  ...getUrlParams(scheme)(host, port),
  calls: [{ signal: 'value', address, data: '0x313ce567' }],
})

describeKind(
  {
    kind: contractKind,
    transport: 'http',
    getParams: getCallParams('http'),
    getSecureParams: getCallParams('https'),
    async setup() {
      const anvil = await startAnvil(CHAIN_ID, Date.now() - 3_600_000)
      const { address: deployed } = await deployFeed(anvil, 8)
      const calls = [{ signal: 'value', address: deployed, data: '0x313ce567' }]
      return {
        params: { url: anvil.url, chainId: CHAIN_ID, calls },
        teardown: () => anvil.stop(),
      }
    },
  },
  runner,
)

const metricsPath = new URL('../fixtures/hermes-relayer-metrics.txt', import.meta.url)
const getMetricsParams = (scheme: string) => (host: string, port: number) => ({
  url: `${scheme}://${host}:${port}/metrics`,
  software: 'hermes',
})

describeKind(
  {
    kind: relayerKind,
    transport: 'http',
    getParams: getMetricsParams('http'),
    getSecureParams: getMetricsParams('https'),
    async setup() {
      const body = readFileSync(metricsPath, 'utf8')
      const server = await startTextServer(() => ({ body }))
      return {
        params: { url: `${server.url}/metrics`, software: 'hermes' },
        teardown: () => server.close(),
      }
    },
  },
  runner,
)

const getSourceParams = (scheme: string) => (host: string, port: number) => ({
  sources: ['a', 'b', 'c'].map((path) => ({
    url: `${scheme}://${host}:${port}/${path}`,
    price: '/price',
  })),
})

describeKind(
  {
    kind: priceReferenceKind,
    transport: 'http',
    getParams: getSourceParams('http'),
    getSecureParams: getSourceParams('https'),
    async setup() {
      const server = await startTextServer(() => ({ body: '{"price":3000.25}' }))
      const { port } = new URL(server.url)
      return {
        params: getSourceParams('http')('127.0.0.1', Number(port)),
        teardown: () => server.close(),
      }
    },
  },
  runner,
)
