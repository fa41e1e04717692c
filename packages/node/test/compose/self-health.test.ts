import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { appendFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { startNode } from '../../src/compose.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import type { RunningNode } from '../../src/running-node.ts'
import { makeFullLog } from '../fixtures.ts'
import { makeProcessNetwork, type ProcessNetwork } from './process-network.ts'

const EPOCH_S = 2_208_988_800

interface StatusBody {
  readonly ready: boolean
  readonly selfHealth: {
    readonly healthy: boolean
    readonly cause: string | null
    readonly canaries: { readonly total: number; readonly failed: number } | null
  }
  readonly timeServer: { readonly offsetMs: number; readonly errorMs: number } | null
  readonly clockNotice: string | null
}

describe('a node that is cut off, by its operator’s own canaries', function () {
  this.timeout(60_000)
  let network: ProcessNetwork
  let node: RunningNode
  let canary: Server
  const time = createSocket('udp4')
  const log = makeFullLog()
  let port: number

  before(async () => {
    canary = createServer((socket) => socket.end())
    port = await listen(0)
    // A time server whose clock is ahead of this machine's by a minute and a half.
    time.on('message', (request, from) => {
      const reply = Buffer.alloc(48)
      reply.set([0x24, 2])
      reply.set(request.subarray(40), 24)
      const seconds = (Date.now() + 90_000) / 1000 + EPOCH_S
      for (const at of [32, 40]) {
        reply.writeUInt32BE(Math.floor(seconds) % 2 ** 32, at)
        reply.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), at + 4)
      }
      time.send(reply, from.port, from.address)
    })
    await new Promise<void>((resolve) => time.bind(0, '127.0.0.1', resolve))
    network = await makeProcessNetwork(1, 1000)
    const servers = `[127.0.0.1:${time.address().port}]`
    appendFileSync(
      network.configOf(0),
      `health: { canaries: [127.0.0.1:${port}], timeServers: ${servers} }\n`,
    )
    const loaded = loadNodeConfig(network.configOf(0))
    assert.ok(loaded.ok)
    const signal = new AbortController().signal
    const started = await startNode(loaded.config, { signal, log })
    assert.ok(started.ok)
    node = started.node
  })
  after(async () => {
    await node.stop()
    await network.close()
    canary.close()
    time.close()
  })

  async function listen(at: number): Promise<number> {
    await new Promise<void>((resolve) => canary.listen(at, '127.0.0.1', resolve))
    const address = canary.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return address.port
  }

  const getStatus = async () =>
    (await (await fetch(`${node.api}/v1/status`)).json()) as unknown as StatusBody
  const getMetrics = async () => (await fetch(`${node.api}/metrics`)).text()

  async function until(what: string, test: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await test()) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.fail(what)
  }

  it('says what it sees of its target while they answer', async () => {
    await until('a verdict', async () => {
      const [target] = node.feed.latest()?.state.targets ?? []
      return target !== undefined && target.reached > 0
    })
    const { selfHealth } = await getStatus()
    assert.deepEqual(selfHealth.canaries, { total: 1, failed: 0 })
    assert.equal(selfHealth.healthy, true)
    assert.match(await getMetrics(), /^watchfire_canaries\{state="open"\} 1$/m)
  })

  it('abstains while they do not, and says so on every surface', async () => {
    await new Promise((resolve) => canary.close(resolve))
    await until('an abstention', async () => {
      const [target] = node.feed.latest()?.state.targets ?? []
      return target !== undefined && target.abstained > 0
    })
    const status = await getStatus()
    assert.equal(status.ready, false)
    assert.equal(status.selfHealth.cause, 'canaries')
    assert.deepEqual(status.selfHealth.canaries, { total: 1, failed: 1 })
    const told = await (await fetch(`${node.api}/v1/attestations?limit=1`)).text()
    assert.match(told, /"code":"self-unhealthy"/)
    const metrics = await getMetrics()
    assert.match(metrics, /^watchfire_unwell\{cause="canaries"\} 1$/m)
    assert.match(metrics, /^watchfire_unwell\{cause="clock"\} 0$/m)
    assert.match(metrics, /^watchfire_canaries\{state="failed"\} 1$/m)
    assert.match(metrics, /^watchfire_rounds_abstained_total\{cause="canaries"\} [1-9]/m)
    assert.ok(log.texts.some((text) => /round \d+: abstaining from all targets: 1 of 1/.test(text)))
    // Which they are is the operator's own.
    for (const text of [JSON.stringify(status), metrics, told])
      assert.ok(!text.includes(`127.0.0.1:${port}`))
    await until('a line in the log', async () =>
      log.texts.some((text) => text.includes(`not answer: 127.0.0.1:${port}`)),
    )
    const [target] = node.feed.latest()?.state.targets ?? []
    assert.equal(target?.failed, 0)
  })

  it('speaks of its target again once they answer', async () => {
    await listen(port)
    await until('an observation', async () => {
      const [target] = node.feed.latest()?.state.targets ?? []
      return target !== undefined && target.reached > 0
    })
    assert.equal((await getStatus()).selfHealth.healthy, true)
  })

  it('says how far its clock is from its time servers’, alarms, and goes on', async () => {
    const { timeServer, clockNotice, selfHealth } = await getStatus()
    assert.ok(timeServer !== null)
    assert.ok(Math.abs(timeServer.offsetMs + 90_000) <= timeServer.errorMs + 5)
    // A busy process is late to send or to hear, and says how unsure that makes it.
    const seconds = /^this machine's clock is (\d+\.\d) s behind the time servers'/.exec(
      clockNotice ?? '',
    )?.[1]
    assert.equal(seconds, (-timeServer.offsetMs / 1000).toFixed(1))
    assert.equal(selfHealth.healthy, true)
    assert.match(
      await getMetrics(),
      /^watchfire_clock_offset_seconds\{against="time-servers"\} -(89|9\d)/m,
    )
    assert.ok(log.texts.some((text) => text.includes('behind the time servers')))
  })
})
