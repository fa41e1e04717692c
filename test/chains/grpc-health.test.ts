import assert from 'node:assert/strict'
import { ask, askFor, askUntil } from './ask.ts'
import { type GrpcHealth, startGrpcHealth } from './servers/grpc-health.ts'
import { stopServers } from './servers/lifetime.ts'

describe('kind grpc-health, with gRPC for Go', () => {
  let server: GrpcHealth

  const target = (over: object = {}) =>
    ['grpc-health', { host: '127.0.0.1', port: server.port, tls: false, ...over }] as const
  const untilOutcome = (outcome: string, over: object = {}) =>
    askFor(outcome, 30_000, target(over), (result) => {
      return result.status === 'failed' && result.outcome === outcome
    })

  before(async () => {
    server = await startGrpcHealth(2)
  })
  after(stopServers)

  it('sees a server serve, not serve, and serve again', async () => {
    await askUntil('a server that serves', 30_000, target(), () => true)
    await untilOutcome('content')
    await askUntil('a server that serves again', 30_000, target(), () => true)
  })

  it('says content of a service that it does not know', async () => {
    await untilOutcome('content', { service: 'watchfire.Unknown' })
  })

  it('says tls of one that is asked with TLS and speaks none', async () => {
    const result = await ask(...target({ tls: true }))
    assert.ok(result.status === 'failed')
    assert.equal(result.outcome, 'tls')
  })

  it('says timeout of one that is frozen, and refused of one that is gone', async () => {
    server.process.freeze()
    const frozen = await ask(...target())
    server.process.thaw()
    assert.ok(frozen.status === 'failed')
    assert.equal(frozen.outcome, 'timeout')
    await server.process.stop()
    await untilOutcome('refused')
  })
})
