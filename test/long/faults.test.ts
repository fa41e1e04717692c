import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findIsolation } from '../faults/isolation.ts'
import type { FaultsSummary } from '../faults/run.ts'
import { fileSystems, keptThere, type SmallDiskSummary } from '../faults/small-disk.ts'

const MINUTES = 2
const SEED = 20_261_126
const root = fileURLToPath(new URL('../..', import.meta.url))
const isolation = findIsolation()

/** Runs a script of test/faults. @returns what it printed on its last line, and how it ended */
async function runScript(
  prefix: readonly string[],
  script: string,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly last: unknown; readonly said: string }> {
  const path = join(root, 'test/faults', script)
  const argv = [...prefix, process.execPath, '--conditions=watchfire-source', path, ...args]
  const [command = '', ...rest] = argv
  const child = spawn(command, rest, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  await once(child, 'close')
  const last = out.trimEnd().split('\n').at(-1) ?? ''
  assert.notEqual(last, '', `${script} printed nothing:\n${said}`)
  return { code: child.exitCode, last: JSON.parse(last), said }
}

describe('Seven real processes, killed and cut off from each other', () => {
  it(`keep one chain and sign nothing twice, in ${isolation.mode}`, async function () {
    this.timeout((MINUTES + 8) * 60_000)
    const args = ['--minutes', String(MINUTES), '--seed', String(SEED)]
    const { code, last, said } = await runScript([], 'main.ts', ...args)
    const summary = last as FaultsSummary
    console.log(`      ${JSON.stringify({ ...summary, violations: summary.violations.length })}`)
    assert.deepEqual(summary.violations, [], said)
    assert.equal(code, 0, said)
    assert.ok(summary.kills > 5, `${summary.kills} kills`)
    assert.ok(Math.min(...Object.values(summary.heights)) > 10, JSON.stringify(summary.heights))
    assert.ok(summary.goodWeather.certified > 0, JSON.stringify(summary.goodWeather))
  })
})

describe('A node whose small disk fills up', () => {
  if (isolation.mode !== 'namespaces') {
    // Not a pass: what was left out is named.
    it('is LEFT OUT here, where nothing can be mounted', () => {
      console.log(`      small disk: NOT CHECKED: ${isolation.why}`)
      assert.notEqual(isolation.why, '')
    })
    return
  }
  for (const fileSystem of fileSystems) {
    for (const kept of keptThere) {
      const what = kept === 'votes' ? 'its vote log' : 'all it keeps'
      it(`with ${what} on ${fileSystem} stops, says why, and comes back without signing twice`, async function () {
        this.timeout(6 * 60_000)
        const dir = realpathSync(mkdtempSync(join(tmpdir(), 'watchfire-disk-')))
        try {
          const { prefix } = isolation
          const { last } = await runScript(prefix, 'small-disk-inside.ts', dir, fileSystem, kept)
          const { violations, ends } = last as SmallDiskSummary
          assert.deepEqual(violations, [])
          assert.equal(ends.length, 2)
        } finally {
          rmSync(dir, { recursive: true, force: true })
        }
      })
    }
  }
})
