import type { LogDisk, LogFile } from '../../src/store/log-disk.ts'

type Change = { readonly offset: number; readonly bytes: Uint8Array } | { readonly size: number }

/** Bytes that grow in place. */
class Content {
  #bytes: Uint8Array = new Uint8Array(4096)
  size = 0

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(offset, this.size), Math.min(offset + length, this.size))
  }

  apply(change: Change): void {
    if ('size' in change) {
      this.#reserve(change.size)
      this.#bytes.fill(0, Math.min(change.size, this.size), Math.max(change.size, this.size))
      this.size = change.size
      return
    }
    const end = change.offset + change.bytes.length
    this.#reserve(end)
    this.#bytes.set(change.bytes, change.offset)
    this.size = Math.max(this.size, end)
  }

  /** A look at all of it, not a copy. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.size)
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(size, 4 * this.#bytes.length))
    larger.set(this.view())
    this.#bytes = larger
  }
}

class Inode {
  /** What a process reads. */
  now = new Content()
  /** What outlives a loss of power. */
  readonly durable = new Content()
  /** Writes and truncations since the last flush, in order. */
  pending: Change[] = []

  change(change: Change): void {
    this.now.apply(change)
    this.pending.push(change)
  }

  flush(): void {
    for (const change of this.pending) this.durable.apply(change)
    this.pending = []
  }
}

/**
 * What is left of a write: its beginning, and then what was there before, which past the file's end is
 * nothing, or nothing but zeros.
 */
function tear(
  change: { readonly offset: number; readonly bytes: Uint8Array },
  durable: Content,
  random: () => number,
): Change {
  const length = Math.floor(random() * change.bytes.length)
  if (random() < 1 / 2) return { ...change, bytes: change.bytes.slice(0, length) }
  const bytes = new Uint8Array(change.bytes.length)
  bytes.set(durable.read(change.offset, bytes.length))
  bytes.set(change.bytes.subarray(0, length))
  return { ...change, bytes }
}

/**
 * A disk that keeps for sure only what was flushed: on `losePower` every unflushed write is kept,
 * dropped or torn as `random` says, and names fall back to those last flushed.
 *
 * After a flush that failed, what was written is still read, but no later flush brings it to the disk
 * any more unless it is written again: so Linux does it.
 */
export class LosingDisk implements LogDisk {
  capacity = Number.POSITIVE_INFINITY
  failWrite = false
  failFlush = false
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()

  exists(name: string): boolean {
    return this.#names.has(name)
  }

  open(name: string): LogFile {
    const inode = this.#names.get(name) ?? new Inode()
    this.#names.set(name, inode)
    return {
      size: () => inode.now.size,
      read: (offset, length) => inode.now.read(offset, length),
      write: (offset, bytes) => {
        if (this.failWrite) throw makeError('EIO')
        if (offset + bytes.length > this.capacity) {
          const room = Math.max(0, this.capacity - offset)
          inode.change({ offset, bytes: bytes.slice(0, room) })
          throw makeError('ENOSPC')
        }
        inode.change({ offset, bytes: bytes.slice() })
      },
      flush: () => {
        if (this.failFlush) {
          inode.pending = inode.pending.filter((change) => 'size' in change)
          throw makeError('EIO')
        }
        inode.flush()
      },
      truncate: (size) => inode.change({ size }),
      close: () => undefined,
    }
  }

  replace(from: string, to: string): void {
    const inode = this.#names.get(from)
    if (inode === undefined) throw new Error(`no file ${from}`)
    this.#names.set(to, inode)
    this.#names.delete(from)
  }

  remove(name: string): void {
    this.#names.delete(name)
  }

  flushNames(): void {
    this.#durableNames = new Map(this.#names)
  }

  /** @returns how many writes had not been flushed */
  losePower(random: () => number): number {
    this.#names = new Map(this.#durableNames)
    let unflushed = 0
    for (const inode of this.#names.values()) {
      unflushed += inode.pending.length
      for (const change of inode.pending) {
        const luck = random()
        if (luck < 1 / 3) continue
        const isTorn = 'bytes' in change && luck < 2 / 3
        inode.durable.apply(isTorn ? tear(change, inode.durable, random) : change)
      }
      inode.pending = []
      inode.now = new Content()
      inode.now.apply({ offset: 0, bytes: inode.durable.view() })
    }
    return unflushed
  }

  /** What of a file would outlive a loss of power: a look at it, not a copy. */
  getDurable(name: string): Uint8Array {
    return this.#durableNames.get(name)?.durable.view() ?? new Uint8Array()
  }

  /** All files are gone. */
  wipe(): void {
    this.#names.clear()
    this.#durableNames.clear()
  }

  /** Cuts bytes off what is on the disk, as no honest disk would. */
  cut(name: string, bytes: number): void {
    const inode = this.#names.get(name)
    if (inode === undefined) throw new Error(`no file ${name}`)
    inode.change({ size: inode.now.size - bytes })
    inode.flush()
  }

  sizeOf(name: string): number {
    return this.#names.get(name)?.now.size ?? 0
  }
}

function makeError(code: 'EIO' | 'ENOSPC'): Error {
  const message = code === 'EIO' ? 'input/output error' : 'no space left on device'
  return Object.assign(new Error(message), { code })
}
