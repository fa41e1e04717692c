import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import { icmpKind } from '../../src/kinds/icmp.ts'
import { pingPrograms } from '../../src/net/ping.ts'
import { assertReached } from '../assert-reached.ts'

const hasPing = pingPrograms.some((program) => existsSync(program))

describe('kind icmp', () => {
  // test/long/icmp.test.ts pings more than loopback.
  if (hasPing) {
    it('reaches a host that answers, with the time that ping measured', async () => {
      const { signals } = assertReached(await probeOnce(icmpKind, { host: '127.0.0.1' }))
      assert.equal(signals['hop-limit'], 64n)
      const latency = signals['latency'] ?? -1n
      assert.ok(latency > 0n && latency < 5_000_000n, String(latency))
    })
  } else {
    it('abstains on this machine, which has no ping', async () => {
      assert.equal(getEnding(await probeOnce(icmpKind, { host: '127.0.0.1' })), 'unsupported-kind')
    })
  }

  it('asks no address that the operator has not allowed, whatever name leads there', async () => {
    const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.1'] })
    for (const host of ['127.0.0.1', 'rebound.example'])
      assert.equal(
        getEnding(await probeOnce(icmpKind, { host }, { allow: [], resolve })),
        'forbidden-address',
      )
  })

  it('says dns of a name that does not exist, and stops with the node', async () => {
    assert.equal(getEnding(await probeOnce(icmpKind, { host: 'nobody.example' })), 'dns')
    const stopped = AbortSignal.abort()
    const result = await probeOnce(icmpKind, { host: '127.0.0.1' }, { signal: stopped })
    assert.equal(getEnding(result), 'stopping')
  })

  it('counts what it asks to be sent back against the round’s bytes', async () => {
    const params = { host: '127.0.0.1', payloadBytes: 1000 }
    const result = await probeOnce(icmpKind, params, { bytesPerRoundMax: 999 })
    assert.equal(getEnding(result), 'overloaded')
  })
})
