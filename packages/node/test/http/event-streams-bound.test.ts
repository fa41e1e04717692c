import assert from 'node:assert/strict'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventStreamDefaults, makeEventStreams } from '../../src/http/event-stream.ts'
import { makeMetrics } from '../../src/metrics/metrics.ts'
import { makeFakeSource, makeManualClock } from './feed-source-fixture.ts'
import { EventReader, getChain } from './server-fixture.ts'

describe('the bound on event streams of one address', () => {
  it('holds for addresses of others, is given back, and exempts this machine', async () => {
    const clock = makeManualClock(0)
    const quiet = () => undefined
    const streams = makeEventStreams({
      source: makeFakeSource(getChain(), clock),
      clock,
      counters: makeMetrics({ processMetrics: false }),
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
      limits: { ...eventStreamDefaults, subscribersPerAddressMax: 1 },
    })
    // Loopback is all a test can connect from, so the address is what the path says.
    const server = createServer((request, response) =>
      streams.serve(response, {}, request.url?.slice(1) ?? '', undefined),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const open = (address: string) =>
      new Promise<EventReader>((resolve, reject) => {
        const url = `http://127.0.0.1:${port}/${address}`
        get(url, { agent: false }, (response) => resolve(new EventReader(response))).on(
          'error',
          reject,
        )
      })
    try {
      const reader = await open('192.0.2.1')
      await open('127.0.0.1')
      assert.equal(streams.count, 2)
      assert.match(streams.refuse('192.0.2.1') ?? '', /One address may hold 1/)
      assert.equal(streams.refuse('192.0.2.2'), undefined)
      assert.equal(streams.refuse('127.0.0.1'), undefined)
      reader.close()
      while (streams.count > 1) await new Promise((resolve) => setImmediate(resolve))
      assert.equal(streams.refuse('192.0.2.1'), undefined)
    } finally {
      streams.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
