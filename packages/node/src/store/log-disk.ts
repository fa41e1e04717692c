import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** An open file of a {@link LogDisk}. Every method may throw what the file system says. */
export interface LogFile {
  size(): number
  /** The bytes from `offset`, fewer where the file ends. */
  read(offset: number, length: number): Uint8Array
  /** Writes all of `bytes` at `offset`; kept for sure only after `flush`. */
  write(offset: number, bytes: Uint8Array): void
  /** Returns once all that was written would outlive a loss of power. */
  flush(): void
  truncate(size: number): void
  close(): void
}

/**
 * The directory the vote log lies in, as narrow as the log needs it, so that a test can put a disk
 * there that loses what was not flushed.
 */
export interface LogDisk {
  exists(name: string): boolean
  /** Opens for reading and writing, made empty if absent. */
  open(name: string): LogFile
  /** Puts `from` in the place of `to`, at once or not at all. */
  replace(from: string, to: string): void
  remove(name: string): void
  /** Returns once names made, replaced or removed would outlive a loss of power. */
  flushNames(): void
}

function openFile(path: string): LogFile {
  // Never 'w': that would empty what is there. 0600: what is in it was not published by itself.
  const file = openSync(path, existsSync(path) ? 'r+' : 'wx+', 0o600)
  return {
    size: () => fstatSync(file).size,
    read(offset, length) {
      const bytes = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const count = readSync(file, bytes, done, length - done, offset + done)
        if (count === 0) return bytes.subarray(0, done)
        done += count
      }
      return bytes
    },
    write(offset, bytes) {
      let done = 0
      while (done < bytes.length)
        done += writeSync(file, bytes, done, bytes.length - done, offset + done)
    },
    flush: () => fdatasyncSync(file),
    truncate: (size) => ftruncateSync(file, size),
    close: () => closeSync(file),
  }
}

/** A real directory, which must exist. */
export function makeLogDisk(directory: string): LogDisk {
  return {
    exists: (name) => existsSync(join(directory, name)),
    open: (name) => openFile(join(directory, name)),
    replace: (from, to) => renameSync(join(directory, from), join(directory, to)),
    remove: (name) => rmSync(join(directory, name), { force: true }),
    flushNames() {
      const handle = openSync(directory, 'r')
      try {
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
    },
  }
}
