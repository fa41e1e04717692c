import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { getEnding, probeOnce } from '../../src/compliance/harness.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { relayerKind } from '../../src/kinds/relayer.ts'
import { parseParams } from '../../src/params.ts'
import { makeRegistry } from '../../src/registry.ts'
import { expandTarget } from '../../src/target.ts'
import { startTextServer, type TextReply } from '../text-server.ts'

const recorded = readFileSync(
  new URL('../fixtures/hermes-relayer-metrics.txt', import.meta.url),
  'utf8',
)

async function probe(
  reply: TextReply,
  params: object,
  roundStartMs = Date.now(),
): Promise<ProbeResult> {
  const server = await startTextServer(() => reply)
  try {
    return await probeOnce(
      relayerKind,
      { url: `${server.url}/metrics`, ...params },
      { roundStartMs },
    )
  } finally {
    await server.close()
  }
}

function readSignals(result: ProbeResult) {
  assert.ok(result.status === 'reached', getEnding(result))
  const { latency, ...signals } = result.signals
  assert.ok(latency !== undefined && latency > 0n)
  return signals
}

const listThresholds = (params: object) => {
  const draft = {
    id: 'relayer',
    kind: 'relayer',
    timeoutMs: 800,
    params: { url: 'http://relayer.example/metrics', ...params },
  }
  const expanded = expandTarget(draft, makeRegistry([relayerKind]))
  assert.ok(expanded.ok, JSON.stringify(expanded))
  return expanded.target.policy.thresholds
}

describe('kind relayer', () => {
  it('reads what Hermes says, by the example in its guide', async () => {
    const signals = readSignals(await probe({ body: recorded }, { software: 'hermes' }))
    assert.deepEqual(signals, {
      backlog: 0n,
      'oldest-pending': 0n,
      wallet: 99_969_960n,
      'packet-workers': 2n,
    })
  })

  it('tells how many packets are pending, and for how long the oldest, from the round’s start', async () => {
    const roundStartMs = Date.now()
    const sinceS = Math.floor(roundStartMs / 1000) - 1800
    const body = recorded
      .replace(/(backlog_size\{chain="ibc-0".*\}) 0/, '$1 7')
      .replace(/(backlog_size\{chain="ibc-1".*\}) 0/, '$1 5')
      .replace(/(backlog_oldest_timestamp\{chain="ibc-1".*\}) 0/, `$1 ${sinceS}`)
    const signals = readSignals(await probe({ body }, { software: 'hermes' }, roundStartMs))
    assert.equal(signals['backlog'], 12n)
    assert.equal(signals['oldest-pending'], BigInt(roundStartMs - sinceS * 1000))
    const labels = { chain: 'ibc-0' }
    const one = readSignals(await probe({ body }, { software: 'hermes', labels }, roundStartMs))
    assert.equal(one['backlog'], 7n)
    assert.equal(one['oldest-pending'], 0n)
    assert.equal(one['wallet'], 99_983_143n)
    assert.equal(one['packet-workers'], 2n, 'workers have no chain')
  })

  it('reads what Hermes says, as release 1.10.5 does, without since when packets are pending', async () => {
    const scope = 'otel_scope_name="hermes",otel_scope_version=""'
    const path = (chain: string, counterparty: string) =>
      `{chain="${chain}",channel="channel-0",counterparty="${counterparty}",port="transfer",service_name="unknown_service",${scope}}`
    const body = `
backlog_latest_update_timestamp${path('ibc-0', 'ibc-1')} 1795723258
backlog_latest_update_timestamp${path('ibc-1', 'ibc-0')} 0
backlog_oldest_sequence${path('ibc-0', 'ibc-1')} 4
backlog_oldest_sequence${path('ibc-1', 'ibc-0')} 0
backlog_size${path('ibc-0', 'ibc-1')} 3
backlog_size${path('ibc-1', 'ibc-0')} 0
wallet_balance{account="cosmos1nqj",chain="ibc-0",denom="stake",service_name="unknown_service",${scope}} 999986546
wallet_balance{account="cosmos1qel",chain="ibc-1",denom="stake",service_name="unknown_service",${scope}} 100
workers{service_name="unknown_service",type="client",${scope}} 2
workers{service_name="unknown_service",type="packet",${scope}} 0
`
    const hermes = { software: 'hermes' }
    const all = { backlog: 3n, wallet: 100n, 'packet-workers': 0n }
    assert.deepEqual(readSignals(await probe({ body }, hermes)), all)
    const prefixed = body.replaceAll(/^(?=\w)/gm, 'hermes_')
    const params = { ...hermes, prefix: 'hermes_' }
    assert.deepEqual(readSignals(await probe({ body: prefixed }, params)), all)
  })

  it('reads what the Go relayer says, as release 2.5.2 does, and when its clients expire', async () => {
    const body = `
cosmos_relayer_unrelayed_packets{dest_chain="ibc-1",dest_channel="channel-0",path_name="path",src_chain="ibc-0",src_channel="channel-0"} 3
cosmos_relayer_unrelayed_packets{dest_chain="ibc-0",dest_channel="channel-0",path_name="path",src_chain="ibc-1",src_channel="channel-0"} 4
cosmos_relayer_unrelayed_acks{dest_chain="ibc-1",dest_channel="channel-0",path_name="path",src_chain="ibc-0",src_channel="channel-0"} 1
cosmos_relayer_client_expiration_seconds{chain="ibc-0",client_id="07-tendermint-0",path_name="path",trusting_period="4m0s"} 211.302679191
cosmos_relayer_client_expiration_seconds{chain="ibc-1",client_id="07-tendermint-0",path_name="path",trusting_period="4m0s"} 1.123457e+06
cosmos_relayer_wallet_balance{address="cosmos1evv",chain="ibc-1",denom="stake",gas_price="0.01stake",key="relayer"} 9.99991197e+08
`
    assert.deepEqual(readSignals(await probe({ body }, { software: 'rly' })), {
      backlog: 7n,
      'ack-backlog': 1n,
      'client-expiry': 211n,
      wallet: 999_991_197n,
    })
  })

  it('makes signals of any metrics, by name and labels, in the scale asked for', async () => {
    const body = 'm{a="1"} 1.259\nm{a="2",b="x"} -2\nm{a="2",b="y"} 7e3\nat 1750000000.5\n'
    const metric = (signal: string, more: object) => ({ signal, metric: 'm', ...more })
    const roundStartMs = Date.now()
    const metrics = [
      metric('sum', { scale: 2 }),
      metric('least', { reduce: 'min' }),
      metric('greatest', { reduce: 'max', labels: { a: '2' } }),
      metric('one', { labels: { a: '2', b: 'x' } }),
      metric('none', { labels: { a: '3' } }),
      metric('zero', { labels: { a: '3' }, absent: 0 }),
      { signal: 'since', metric: 'at', take: 'age' },
    ]
    assert.deepEqual(readSignals(await probe({ body }, { metrics }, roundStartMs)), {
      sum: 699_925n,
      least: -2n,
      greatest: 7000n,
      one: -2n,
      zero: 0n,
      since: BigInt(roundStartMs) - 1_750_000_000_500n,
    })
  })

  it('leaves out what is no number, or more than 64 bits hold', async () => {
    const body = 'up 1\nm NaN\nn 1\nn +Inf\no 1e19\n'
    const metrics = ['up', 'm', 'n', 'o'].map((name) => ({ signal: name, metric: name }))
    assert.deepEqual(readSignals(await probe({ body }, { metrics })), { up: 1n })
  })

  it('says content of metrics that are all others’, and what else a faulty reply means', async () => {
    const params = { metrics: [{ signal: 'up', metric: 'up' }] }
    for (const [reply, ending] of [
      [{ body: recorded }, 'content'],
      [{ body: '<html>' }, 'protocol'],
      [{ body: '' }, 'protocol'],
      [{ status: 503, body: '' }, 'status'],
      [{ status: 401, body: '' }, 'auth'],
      [{ status: 302, body: '' }, 'redirect'],
      [{ body: 'up 1\n'.repeat(300_000) }, 'too-large'],
    ] as const) {
      assert.equal(getEnding(await probe(reply, params)), ending, reply.body.slice(0, 40))
    }
  })

  it('refuses to watch nothing, or two things by one name', () => {
    const find = (params: object) => {
      const parsed = parseParams(relayerKind, { url: 'http://relayer.example/', ...params })
      return parsed.ok ? [] : parsed.problems.map(({ code }) => code)
    }
    const backlog = { signal: 'backlog', metric: 'm' }
    assert.deepEqual(find({}), ['no-metrics'])
    assert.deepEqual(find({ software: 'hermes' }), [])
    assert.deepEqual(find({ metrics: [backlog] }), [])
    assert.deepEqual(find({ metrics: [backlog, backlog] }), ['duplicate-signal'])
    assert.deepEqual(find({ software: 'hermes', metrics: [backlog] }), ['duplicate-signal'])
    assert.deepEqual(find({ metrics: [{ signal: 'latency', metric: 'm' }] }), ['duplicate-signal'])
  })

  it('is degraded by default for what its software tells: packets that wait, clients that end; not for being idle', () => {
    const severity = 'degraded'
    assert.deepEqual(listThresholds({ software: 'hermes', walletMin: 5 }).slice(0, -1), [
      { signal: 'oldest-pending', above: 900_000, clear: 450_000, severity },
      { signal: 'backlog', above: 100, clear: 50, severity },
      { signal: 'wallet', below: 5, severity },
    ])
    assert.deepEqual(listThresholds({ software: 'rly' }).slice(0, -1), [
      { signal: 'backlog', above: 100, clear: 50, severity },
      { signal: 'client-expiry', below: 86_400, severity },
    ])
    const metrics = [{ signal: 'backlog', metric: 'm' }]
    assert.deepEqual(listThresholds({ metrics, backlogMax: 3 })[0], {
      signal: 'backlog',
      above: 3,
      clear: 1,
      severity,
    })
  })
})
