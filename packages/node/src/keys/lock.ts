import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fail, type Result, succeed, toHex } from '@watchfire/attestation'

export type LockFaultCode = 'data-dir-in-use' | 'key-in-use' | 'lock-failed'

/** Held until released or the process ends, however it ends: the kernel drops it. */
export interface Lock {
  release(): void
}

// A transaction that SQLite holds exclusively is a lock of the kernel on the file. It needs no entry of
// ours, so that nothing stale is left by kill -9, and no process id that another process may have.
const sqliteBusy = 5

// A handle nobody refers to is closed by the garbage collector, and the lock with it: what is held is
// referred to from here, whatever the caller does with its answer.
const held = new Set<DatabaseSync>()

function getOwner(path: string): string {
  const file = `${path}.pid`
  return existsSync(file) ? ` (process ${readFileSync(file, 'latin1').trim()})` : ''
}

/** Takes a lock file, made if absent; one line says who holds it. */
export function lockFile(
  path: string,
  what: string,
  code: Exclude<LockFaultCode, 'lock-failed'>,
): Result<Lock, LockFaultCode> {
  let database: DatabaseSync | undefined
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
    writeFileSync(`${path}.pid`, `${process.pid}\n`, { mode: 0o600 })
    const handle = database
    held.add(handle)
    return succeed({
      release() {
        if (held.delete(handle)) handle.close()
      },
    })
  } catch (error) {
    database?.close()
    const result = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
    if ((result & 0xff) === sqliteBusy)
      return fail(code, `${what} is in use by another process${getOwner(path)}`)
    return fail('lock-failed', `${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/**
 * Takes the key itself, wherever its copies lie on this machine: by the real place of its file, and
 * on Linux by its public key in the kernel's abstract socket names, which a copied data directory
 * does not escape.
 */
export async function lockKey(
  keyFile: string,
  publicKey: Uint8Array,
): Promise<Result<Lock, LockFaultCode>> {
  const directory = dirname(realpathSync(keyFile))
  const what = `the monitor key ${toHex(publicKey).slice(0, 16)}…`
  const file = lockFile(join(directory, 'monitor.lock'), what, 'key-in-use')
  if (!file.ok || process.platform !== 'linux') return file
  const server = createServer((socket) => socket.destroy())
  const name = await listen(server, `\0watchfire/${toHex(publicKey)}`)
  if (name !== undefined) {
    file.value.release()
    return name === 'EADDRINUSE'
      ? fail('key-in-use', `${what} is in use by another process on this machine`)
      : fail('lock-failed', `${what} cannot be locked (${name})`)
  }
  server.unref()
  return succeed({
    release() {
      server.close()
      file.value.release()
    },
  })
}

/** @returns the error's code, or `undefined` once listening */
function listen(server: Server, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ path }, () => resolve(undefined))
  })
}
