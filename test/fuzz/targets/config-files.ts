import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { builtinKinds, makeRegistry } from '@watchfire/probes'
import { stringify } from 'yaml'
import {
  type ConfigFault,
  type ConfigFaultCode,
  formatFinding,
} from '../../../packages/node/src/config/config-fault.ts'
import { loadManifest } from '../../../packages/node/src/config/load-manifest.ts'
import { loadNodeConfig } from '../../../packages/node/src/config/load-node-config.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { type JsonValue, mutateJson } from '../mutate-json.ts'
import { check, type FuzzTarget, listCodes, type OpenTarget, type Outcome } from '../target.ts'
import { toUtf8 } from '../text.ts'
import { checkParsed, drawManifest } from './manifests.ts'

const codes = listCodes<ConfigFaultCode>({ missing: true, unreadable: true, malformed: true })

/** What YAML has beyond JSON, each in a place where a value stands. */
const YAML_PIECES = [
  '&a [*a]',
  '&a { b: *a }',
  '*missing',
  '!!binary aGVsbG8=',
  '!!set { a, b }',
  '!!timestamp 2001-12-14',
  '!own x',
  '? [a, b]\n: c',
  '<<: { a: 1 }',
  '0x10',
  '0o17',
  '1_000',
  '.inf',
  '.nan',
  '~',
  '| \n  text\n',
  '%YAML 1.1\n---\nyes',
  '---\na\n---\nb',
  '"\\u0000\\uD800"',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]',
  '\t',
  '12345678901234567890123',
]
// Deeper ones end the parser's stack, by way of as many errors: a process that maps sources, as that
// of the tests, takes seconds for it, and a node some 60 ms. The loader's own tests go there once.
const DEPTHS = [50, 70, 300]

const nodeConfig: JsonValue = {
  manifest: 'manifest.yaml',
  dataDir: 'data',
  monitor: 'm1',
  p2p: {
    listen: ['/ip4/0.0.0.0/tcp/7801'],
    announce: ['/ip4/192.0.2.1/tcp/7801'],
    bootstrap: ['/dns4/m2.example/tcp/7801/p2p/12D3KooWexample'],
    connectionsMax: 64,
  },
  http: { host: '127.0.0.1', port: 7802, allowedHosts: ['feed.example'], subscribersMax: 10 },
  probe: {
    allow: ['127.0.0.0/8'],
    ca: ['ca.pem'],
    concurrency: 8,
    kinds: ['watchfire-kind-own', './kinds/own'],
    secrets: [
      { target: 'rpc', origin: 'https://rpc.example', basic: { file: 'secret' } },
      { target: 'rpc', origin: 'wss://rpc.example:8443', headers: { 'x-key': { env: 'KEY' } } },
      { target: 'api', origin: 'https://api.example', url: { env: 'URL' }, bearer: { env: 'B' } },
    ],
  },
  health: { canaries: ['example.org:443'], timeServers: ['ntp.example:123'] },
  store: { attestationRounds: 3600, stateHeights: 20_000 },
  log: { level: 'info' },
}

/** A file's text: YAML or JSON of a value, with YAML's own pieces put in, or with its bytes changed. */
function drawText(prng: Prng, value: JsonValue): Uint8Array {
  let text = prng.chance(600)
    ? stringify(value, { aliasDuplicateObjects: true })
    : JSON.stringify(value)
  if (prng.chance(350)) {
    const places = [...text.matchAll(/: ?[^\s{[][^\n,}]*/g)]
    const place = places.length === 0 ? undefined : prng.pick(places)
    const at = place?.index ?? 0
    const piece = prng.chance(15) ? '['.repeat(prng.pick(DEPTHS)) : prng.pick(YAML_PIECES)
    text = `${text.slice(0, at)}: ${piece}${text.slice(at + (place?.[0].length ?? 0))}`
  }
  const bytes = toUtf8(text)
  return prng.chance(250) ? mutateBytes(prng, bytes) : bytes
}

function checkFault({ code, findings }: ConfigFault): Outcome {
  check(findings.length > 0, 'refused without a finding')
  for (const finding of findings) {
    const { line, column, message } = finding
    check(line === undefined || (Number.isInteger(line) && line >= 1), `line ${line}`)
    check(column === undefined || (Number.isInteger(column) && column >= 1), `column ${column}`)
    check(message.length < 2000, `a finding of ${message.length} characters`)
    formatFinding(finding)
  }
  return { code, trace: findings.map((each) => formatFinding(each)).join('; ') }
}

/** A target whose input is the text of a file on disk. */
function openFile(draw: OpenTarget['draw'], load: (file: string) => Outcome): OpenTarget {
  const folder = mkdtempSync(joinPath(tmpdir(), 'watchfire-fuzz-'))
  // One name for every input, so that findings are the same the second time.
  const file = joinPath(folder, 'file.yaml')
  return {
    draw,
    run(input) {
      writeFileSync(file, input)
      return load(file)
    },
    close: () => rmSync(folder, { recursive: true }),
  }
}

/** Manifests as files (SPEC 4): YAML or JSON text through the node's loader. */
export const manifestFiles: FuzzTarget = {
  name: 'manifest-files',
  codes,
  share: 0.6,
  open() {
    const registry = makeRegistry(builtinKinds)
    return openFile(
      (prng) => drawText(prng, drawManifest(prng)),
      (file) => {
        const loaded = loadManifest(file, registry)
        if (!loaded.ok) return checkFault(loaded.fault)
        loaded.warnings.forEach(formatFinding)
        return checkParsed({ ok: true, manifest: loaded.manifest, warnings: [] })
      },
    )
  },
}

/** A node's configuration file. */
export const nodeConfigs: FuzzTarget = {
  name: 'node-configs',
  codes,
  share: 0.6,
  open: () =>
    openFile(
      (prng) => drawText(prng, prng.chance(100) ? nodeConfig : mutateJson(prng, nodeConfig)),
      (file) => {
        const loaded = loadNodeConfig(file)
        if (!loaded.ok) return checkFault(loaded.fault)
        const { config } = loaded
        check(config.manifest.startsWith('/') && config.dataDir.startsWith('/'), 'a relative path')
        check(config.http.port >= 0 && config.http.port <= 65_535, 'a port that is none')
        return { code: 'accepted' }
      },
    ),
}
