import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Line,
  makeProcessNetwork,
  type NodeProcess,
  type ProcessNetwork,
} from './process-network.ts'

// Real processes over real libp2p, for what only shows when everything is joined and devnet cannot
// bring about. Waiting here is for other processes and their clocks.

const roundMs = 1000

function isFinalAbove(height: number): (line: Line) => boolean {
  return ({ type, height: at }) => type === 'final' && at !== undefined && at > height
}
function getHeight(node: NodeProcess): number {
  return node.lines.findLast(({ type }) => type === 'final')?.height ?? 0
}
async function get(api: string, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${api}${path}`)
  return (await response.json()) as Record<string, unknown>
}

describe('four nodes in processes of their own', function () {
  this.timeout(60_000)
  let network: ProcessNetwork
  let nodes: NodeProcess[] = []
  before(async () => {
    network = await makeProcessNetwork(4, roundMs)
    nodes = [0, 1, 2, 3].map((member) => network.start(member))
  })
  after(() => network.close())

  function node(member: number): NodeProcess {
    return nodes[member] ?? assert.fail(`no node ${member}`)
  }
  async function restart(member: number): Promise<void> {
    nodes[member] = network.start(member)
    await node(member).wait(({ type }) => type === 'started')
  }
  async function getApi(member: number): Promise<string> {
    return (await node(member).wait(({ type }) => type === 'started')).api ?? assert.fail()
  }

  it('make the same blocks final', async () => {
    for (const each of nodes) await each.wait(isFinalAbove(2))
    const finals = nodes.map(({ lines }) => lines.filter(isFinalAbove(0)))
    for (const lines of finals)
      for (const { height, digest } of lines) {
        const same = finals.flat().filter((line) => line.height === height)
        assert.ok(same.every((line) => line.digest === digest))
      }
  })

  it('sign nothing after their log is lost until it is safe, and then nothing twice', async () => {
    await node(3).kill('SIGKILL')
    rmSync(join(network.dataOf(3), 'db', 'votes.log'))
    await restart(3)
    const api = await getApi(3)
    const isQuarantined = async (): Promise<unknown> =>
      (await get(api, '/v1/status'))['isQuarantined']
    assert.equal(await isQuarantined(), true)
    const height = getHeight(node(0))
    for (let waits = 0; (await isQuarantined()) === true; waits += 1) {
      assert.ok(waits < 60)
      await sleep(250)
    }
    // With one more gone, nothing is final without the votes of the one that lost its log.
    await node(2).kill('SIGKILL')
    const above = Math.max(height, getHeight(node(0)))
    await node(0).wait(isFinalAbove(above + 2))
    await restart(2)
    for (const member of [0, 1, 2, 3]) {
      const { evidence } = await get(await getApi(member), '/v1/evidence')
      assert.deepEqual(evidence, [])
    }
  })

  it('stop where the disk takes no more, say why, and go on when it does', async () => {
    await node(1).kill('SIGKILL')
    const full = network.start(1, { fileBlocksMax: 64 })
    const end = await full.wait(({ type }) => type === 'end' || type === 'fault')
    assert.match(end.code ?? '', /^(disk-full|write-failed)$/)
    assert.match(end.detail ?? '', /vote log|chain\.db/)
    await restart(1)
    const height = getHeight(node(0))
    await node(1).wait(isFinalAbove(height))
    const { evidence } = await get(await getApi(0), '/v1/evidence')
    assert.deepEqual(evidence, [])
  })

  it('go on with one whose clock is behind, which says so in one line', async () => {
    await node(3).kill('SIGTERM')
    nodes[3] = network.start(3, { clockOffsetMs: -1500 })
    const height = getHeight(node(0))
    await node(0).wait(isFinalAbove(height + 2))
    const api = await getApi(3)
    let notice: string | null = null
    for (let waits = 0; notice === null; waits += 1) {
      assert.ok(waits < 60)
      await sleep(250)
      notice = (await get(api, '/v1/status'))['clockNotice'] as string | null
    }
    assert.match(notice, /^this machine's clock is 1\.\d s behind the committee's: check/)
    await node(3).wait(isFinalAbove(height))
    await node(3).kill('SIGTERM')
    await restart(3)
  })

  it('refuse a second process on the same data, in one line', async () => {
    const second = network.start(0)
    const fault = await second.wait(({ type }) => type === 'fault')
    assert.equal(fault.code, 'data-dir-in-use')
    assert.match(fault.detail ?? '', /in use by another process \(process \d+\)$/)
  })

  it('stop at SIGTERM, each with all it started', async () => {
    const ends = nodes.map((each) => each.wait(({ type }) => type === 'end'))
    for (const { child } of nodes) child.kill('SIGTERM')
    for (const end of await Promise.all(ends)) assert.equal(end.ok, true)
  })
})
