import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyFile } from '../../src/keys/key-file.ts'

const flags = ['--conditions=watchfire-source', '--expose-gc']
const holder = join(import.meta.dirname, 'holder.ts')

describe('lock', () => {
  let directory = ''
  const children: ChildProcess[] = []

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watchfire-lock-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child)
    rmSync(directory, { recursive: true })
  })

  async function hold(...args: string[]): Promise<{ child: ChildProcess; said: string }> {
    const child = spawn(process.execPath, [...flags, holder, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, said: said.toString().trim() }
  }
  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  it('is refused to a second process, in one line that names the first', async () => {
    const path = join(directory, 'LOCK')
    const first = await hold('data', path)
    assert.equal(first.said, 'held')
    const second = await hold('data', path)
    assert.equal(
      second.said,
      `data-dir-in-use the data directory is in use by another process (process ${first.child.pid})`,
    )
  })

  it('is free at once after kill -9 of its holder', async () => {
    const path = join(directory, 'LOCK')
    const first = await hold('data', path)
    assert.equal(first.said, 'held')
    await end(first.child)
    assert.equal((await hold('data', path)).said, 'held')
  })

  it('holds the key through a link to it and through a copy of its data directory', async () => {
    const key = createKeyFile(join(directory, 'one', 'keys', 'monitor.key'))
    assert.ok(key.ok)
    const publicKey = Buffer.from(key.value.publicKey).toString('hex')
    const first = await hold('key', key.value.file, publicKey)
    assert.equal(first.said, 'held')
    symlinkSync(join(directory, 'one'), join(directory, 'linked'))
    const linked = await hold('key', join(directory, 'linked', 'keys', 'monitor.key'), publicKey)
    assert.match(linked.said, /^key-in-use /)
    cpSync(join(directory, 'one'), join(directory, 'copied'), { recursive: true })
    const copied = await hold('key', join(directory, 'copied', 'keys', 'monitor.key'), publicKey)
    assert.match(copied.said, /^key-in-use /)
    await end(first.child)
    assert.equal(
      (await hold('key', join(directory, 'copied', 'keys', 'monitor.key'), publicKey)).said,
      'held',
    )
  })
})
