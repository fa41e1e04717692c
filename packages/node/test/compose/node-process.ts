import { loadNodeConfig } from '../../src/config/load-node-config.ts'
import { startNode } from '../../src/compose.ts'
import { toHex, type UnixMs } from '@watchfire/attestation'
import type { Clock } from '../../src/ports.ts'
import { systemClock } from '../../src/system-clock.ts'
import { makeTestLog } from '../fixtures.ts'

// One node in a process of its own, which prints what it sees, a JSON object a line.
const [file = ''] = process.argv.slice(2)
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const loaded = loadNodeConfig(file)
if (!loaded.ok) throw new Error(JSON.stringify(loaded.fault))

process.stdin.once('close', () => process.exit(1))
process.stdin.resume().unref()

const controller = new AbortController()
// A limit on file sizes then shows as a failed write, as a full disk does.
process.on('SIGXFSZ', () => undefined)
process.once('SIGTERM', () => controller.abort())
const log = makeTestLog()
if (process.env['NODE_LOG'] !== undefined) {
  const write = (level: string) => (fields: object, message: string) =>
    void process.stderr.write(`${file} ${level} ${message} ${JSON.stringify(fields)}\n`)
  for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const)
    log[level] = write(level)
}
// A machine whose clock is off, or whose locks are others.
Object.defineProperty(process, 'platform', {
  value: process.env['PLATFORM'] ?? process.platform,
})
const offsetMs = Number(process.env['CLOCK_OFFSET_MS'] ?? 0)
const clock: Clock = { ...systemClock, nowMs: () => (Date.now() + offsetMs) as UnixMs }
const started = await startNode(loaded.config, { signal: controller.signal, log, clock })
if (!started.ok) {
  say({ type: 'fault', code: started.code, detail: started.detail })
  process.exit(1)
}
const { node } = started
say({
  type: 'started',
  api: node.api,
  addresses: node.addresses,
  uptimeMs: Math.round(performance.now()),
})
node.feed.subscribe((record) => {
  say({
    type: 'final',
    height: record.height,
    round: record.round,
    digest: toHex(record.headerDigest),
    signers: record.certificate.signatures.map(({ member }) => member),
    verdicts: record.state.targets.map(({ verdict }) => verdict),
  })
})
const end = await node.finished
say({ type: 'end', ...end })
