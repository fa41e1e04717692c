import { StorageFault } from '../ports.ts'

/** SQLite's result codes, low byte: sqlite.org/rescode.html */
const sqliteFull = 13
const sqliteCorrupt = [11, 26]
/** No room on the disk, in the quota, or under the limit of a file's size. */
const fullCodes = ['ENOSPC', 'EDQUOT', 'EFBIG']

function getField(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Record<string, unknown>)[name]
    : undefined
}

/** What a file system's or SQLite's error means to the node. A {@link StorageFault} stays itself. */
export function makeStorageFault(error: unknown, what: string): StorageFault {
  if (error instanceof StorageFault) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = getField(error, 'code')
  const sqlite = getField(error, 'errcode')
  const result = typeof sqlite === 'number' ? sqlite & 0xff : undefined
  if (fullCodes.includes(String(code)) || result === sqliteFull)
    return new StorageFault('disk-full', `${what}: the disk is full (${message})`, error)
  if (result !== undefined && sqliteCorrupt.includes(result))
    return new StorageFault('corrupt', `${what}: ${message}`, error)
  return new StorageFault('write-failed', `${what}: ${message}`, error)
}
