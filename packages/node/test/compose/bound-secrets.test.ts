import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startNode } from '../../src/compose.ts'
import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import type { NodeConfig } from '../../src/config/node-config.ts'
import type { RunningNode } from '../../src/running-node.ts'
import { makeFullLog } from '../fixtures.ts'
import { makeProcessNetwork, type ProcessNetwork } from './process-network.ts'

/** What must be nowhere but in its file and in what the target is sent. */
const CANARY = 'canary-b7c1e09a44'

interface Attestations {
  readonly attestations: readonly {
    readonly monitor: string
    readonly observations: readonly {
      readonly target: string
      readonly status: string
      readonly code: string | null
    }[]
  }[]
}

describe('a node', function () {
  this.timeout(30_000)
  let network: ProcessNetwork
  let server: Server
  let seen: IncomingMessage[]
  let origin: string

  beforeEach(async () => {
    seen = []
    // It lets nobody in without the secret, and repeats it in every way that a server can.
    server = createServer((request, response) => {
      seen.push(request)
      const { authorization = '' } = request.headers
      const isKnown = authorization === `Bearer ${CANARY}`
      response.setHeader('x-echo', authorization)
      if (!isKnown) response.writeHead(401)
      else if (request.url === '/loud') {
        response.writeHead(302, { location: `gopher://${authorization}:x` })
      }
      response.end(authorization)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const target = (id: string, path: string) => [
      `    - id: ${id}`,
      '      kind: http',
      '      timeoutMs: 300',
      `      params: { url: "${origin}${path}", secret: required }`,
      '      signals: []',
      '      policy: { reachedMin: 667, failedMin: 667, fallRounds: 2, riseRounds: 2, thresholds: [] }',
    ]
    const targets = [...target('closed', '/'), ...target('loud', '/loud')]
    network = await makeProcessNetwork(2, 1000, { targets })
    const secrets = ['closed', 'loud'].map(
      (id) => `{ target: ${id}, origin: "${origin}", bearer: { file: secret } }`,
    )
    const file = network.configOf(0)
    const text = readFileSync(file, 'utf8').replace(
      'probe: { ',
      `probe: { secrets: [${secrets.join(', ')}], `,
    )
    writeFileSync(file, text)
    writeFileSync(join(network.directory, 'secret'), `${CANARY}\n`, { mode: 0o600 })
  })
  afterEach(async () => {
    await network.close()
    await new Promise((resolve) => server.close(resolve))
  })

  function load(member: number): NodeConfig {
    const loaded = loadNodeConfig(network.configOf(member))
    assert.ok(loaded.ok, JSON.stringify(loaded))
    return loaded.config
  }

  it('shows what is bound to its targets to nobody but them', async () => {
    const log = makeFullLog()
    const nodes: RunningNode[] = []
    for (const member of [0, 1]) {
      const signal = new AbortController().signal
      const started = await startNode(load(member), { signal, log })
      assert.ok(started.ok, JSON.stringify(started))
      nodes.push(started.node)
    }
    const [, other] = nodes
    assert.ok(other !== undefined)
    await until(async () => {
      const told = await readCodes(other)
      return [
        'm0 closed reached',
        'm0 loud failed redirect',
        'm1 closed abstained no-secret',
      ].every((each) => told.has(each))
    })
    const codes = await readCodes(other)
    assert.ok(!JSON.stringify([...codes]).includes('m1 closed failed'))
    assert.ok(log.texts.some((text) => /\(no-secret\).*closed, loud/.test(text)))

    const answers: string[] = []
    const names = ['network', 'state', 'targets', 'targets/closed', 'targets/loud', 'monitors']
    const paths = [...names, 'attestations', 'peers', 'status', 'groups', 'providers']
    for (const { api } of nodes)
      for (const path of [...paths.map((name) => `/v1/${name}`), '/metrics', '/readyz'])
        answers.push(await (await fetch(`${api}${path}`)).text())
    for (const node of nodes) await node.stop()

    assert.ok(seen.some(({ headers }) => headers.authorization === `Bearer ${CANARY}`))
    const said = [...log.texts, ...answers, JSON.stringify(load(0))]
    // What is signed and what peers hold is there, too.
    for (const member of [0, 1]) said.push(...readAll(network.dataOf(member)))
    assert.ok(said.some((text) => text.includes('closed')))
    for (const spelling of [CANARY, Buffer.from(CANARY).toString('base64').replace(/=+$/, '')])
      for (const text of said) assert.ok(!text.includes(spelling), 'a secret is told')
  })

  it('does not start with a secret that others can read, or that fits no target of its manifest', async () => {
    const log = makeFullLog()
    const signal = new AbortController().signal
    chmodSync(join(network.directory, 'secret'), 0o644)
    const loose = await startNode(load(0), { signal, log })
    assert.ok(!loose.ok)
    assert.equal(loose.code, 'secret-readable-by-others')
    assert.equal(loose.findings[0]?.field, 'probe.secrets[0].bearer')
    chmodSync(join(network.directory, 'secret'), 0o600)
    for (const [target, at, message] of [
      ['nobody', origin, 'expected a target of the manifest, got nobody'],
      ['shop', origin, 'kind tcp takes no secrets'],
      ['closed', 'https://a.example', `expected a secret for ${origin}, got one for https://a.e`],
    ] as const) {
      const file = join(network.directory, 'other.yaml')
      writeFileSync(file, 'manifest: network.yaml\ndataDir: m0\nprobe:\n  secrets:\n')
      const secret = `{ target: ${target}, origin: "${at}", bearer: { file: secret } }`
      appendFileSync(file, `    - ${secret}\n`)
      const loaded = loadNodeConfig(file)
      assert.ok(loaded.ok)
      const started = await startNode(loaded.config, { signal, log })
      assert.ok(!started.ok)
      assert.equal(started.code, 'secret-misbound')
      assert.ok(started.detail.includes(message), started.detail)
      assert.equal(started.findings[0]?.line, 5)
    }
    assert.equal(seen.length, 0)
  })
})

/** What members said of targets, as a node serves it. */
async function readCodes({ api }: RunningNode): Promise<ReadonlySet<string>> {
  const response = await fetch(`${api}/v1/attestations?limit=50`)
  const { attestations } = (await response.json()) as Attestations
  return new Set(
    attestations.flatMap(({ monitor, observations }) =>
      observations.map(({ target, status, code }) =>
        [monitor, target, status, code ?? ''].join(' ').trim(),
      ),
    ),
  )
}

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((resolve) => setTimeout(resolve, 100))
}

function readAll(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
}
