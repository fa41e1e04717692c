import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '@watchfire/attestation'
import { startNode } from '../../src/compose.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import type { NodeConfig } from '../../src/config/node-config.ts'
import { getDataPaths } from '../../src/keys/node-keys.ts'
import { makeFullLog, makeTestLog } from '../fixtures.ts'
import { makeProcessNetwork, type ProcessNetwork } from './process-network.ts'

/** Every way in which bytes turn into text on their way to a log or an answer. */
function getSpellings(key: Uint8Array): string[] {
  const bytes = Buffer.from(key)
  return [
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.join(','),
    JSON.stringify(Object.fromEntries(bytes.entries())).slice(1, -1),
  ]
}

describe('a node', function () {
  this.timeout(30_000)
  let network: ProcessNetwork
  beforeEach(async () => {
    network = await makeProcessNetwork(1, 1000)
  })
  afterEach(() => network.close())

  function getConfig(): NodeConfig {
    const loaded = loadNodeConfig(network.configOf(0))
    assert.ok(loaded.ok)
    return loaded.config
  }

  function readSecrets(): string[] {
    const { monitorKey, peerKey } = getDataPaths(network.dataOf(0))
    return [monitorKey, peerKey].flatMap((file) =>
      getSpellings(fromHex(readFileSync(file, 'latin1').trim())),
    )
  }

  it('shows its keys neither in its log, at any level, nor in what it serves', async () => {
    const log = makeFullLog()
    const started = await startNode(getConfig(), { signal: new AbortController().signal, log })
    assert.ok(started.ok)
    const { node } = started
    // Alone it is a quorum: it signs, and agrees with itself.
    await new Promise<void>((resolve) => {
      node.feed.subscribe(() => resolve())
    })
    const answers: string[] = []
    const paths = ['network', 'state', 'targets', 'monitors', 'attestations', 'peers', 'status']
    for (const path of [...paths.map((name) => `/v1/${name}`), '/metrics', '/readyz']) {
      answers.push(await (await fetch(`${node.api}${path}`)).text())
    }
    await node.stop()
    assert.ok(log.texts.length > 0 && answers.every((text) => text !== ''))
    const said = [...log.texts, ...answers, JSON.stringify(node.addresses)].join('\n')
    for (const secret of readSecrets()) assert.ok(!said.includes(secret), 'a key is told')
    assert.ok(said.includes(node.peerId))
  })

  it('would be caught telling a key, in whatever way', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => (index * 37) % 256)
    const buffer = Buffer.from(key)
    const slips = [
      key,
      { deep: [key] },
      [...key],
      buffer.toString('hex'),
      buffer.toString('base64'),
    ]
    for (const slip of slips) {
      const log = makeFullLog()
      log.debug({ slip }, 'said')
      const [text = ''] = log.texts
      assert.ok(
        getSpellings(key).some((spelling) => text.includes(spelling)),
        text,
      )
    }
    const log = makeFullLog()
    log.error({ error: new Error(buffer.toString('hex')) }, 'said')
    assert.ok(getSpellings(key).some((spelling) => log.texts[0]?.includes(spelling)))
  })

  it('of a malformed key file says nothing of what is in it', async () => {
    const { monitorKey } = getDataPaths(network.dataOf(0))
    const secret = readFileSync(monitorKey, 'latin1').trim()
    writeFileSync(monitorKey, `${secret}0\n`)
    chmodSync(monitorKey, 0o600)
    const log = makeTestLog()
    const started = await startNode(getConfig(), { signal: new AbortController().signal, log })
    assert.ok(!started.ok)
    assert.equal(started.code, 'key-malformed')
    const said = JSON.stringify([started, log.lines])
    assert.ok(!said.includes(secret.slice(0, 16)), said)
  })

  it('writes nothing outside its data directory', async () => {
    // Where a process writes that has not been told where: its directory, its user's, the temporary.
    const { directory } = network
    const env = { ...process.env, HOME: directory, TMPDIR: directory }
    const list = () => readdirSync(directory).toSorted()
    const before = list()
    const inside = join(directory, 'm0')
    const insideBefore = readdirSync(inside)
    const script = join(import.meta.dirname, 'node-process.ts')
    const child = execFile(
      process.execPath,
      ['--conditions=watchfire-source', script, network.configOf(0)],
      { cwd: directory, env },
    )
    await new Promise<void>((resolve, reject) => {
      let out = ''
      child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${out}`)))
      child.stdout?.on('data', (text: string) => {
        out += text
        if (out.includes('"type":"final"')) resolve()
      })
    }).finally(() => child.kill('SIGKILL'))
    assert.deepEqual(list(), before)
    assert.ok(readdirSync(inside).length > insideBefore.length)
    for (const name of readdirSync(inside)) {
      const { mode } = statSync(join(inside, name))
      if (['keys', 'db'].includes(name)) assert.equal(mode & 0o077, 0, `others may enter ${name}`)
    }
  })
})
