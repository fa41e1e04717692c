import type { LogDisk, LogFile } from '../../src/store/log-disk.ts'

interface Inode {
  durable: Uint8Array
  /** Writes and truncations since the last flush, in order. */
  pending: ({ offset: number; bytes: Uint8Array } | { size: number })[]
}

function apply(bytes: Uint8Array, change: Inode['pending'][number]): Uint8Array {
  if ('size' in change) {
    const out = new Uint8Array(change.size)
    out.set(bytes.subarray(0, change.size))
    return out
  }
  const out = new Uint8Array(Math.max(bytes.length, change.offset + change.bytes.length))
  out.set(bytes)
  out.set(change.bytes, change.offset)
  return out
}

/** What is left of a write: its beginning, and perhaps nothing but zeros where the rest should be. */
function tear(
  change: { offset: number; bytes: Uint8Array },
  random: () => number,
): { offset: number; bytes: Uint8Array } {
  const kept = change.bytes.slice(0, Math.floor(random() * change.bytes.length))
  if (random() < 1 / 2) return { ...change, bytes: kept }
  const bytes = new Uint8Array(change.bytes.length)
  bytes.set(kept)
  return { ...change, bytes }
}

/**
 * A disk that keeps for sure only what was flushed: on `losePower` every unflushed write is kept,
 * dropped or torn as `random` says, and names fall back to those last flushed.
 */
export class LosingDisk implements LogDisk {
  capacity = Number.POSITIVE_INFINITY
  failFlush = false
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()

  exists(name: string): boolean {
    return this.#names.has(name)
  }

  open(name: string): LogFile {
    const inode = this.#names.get(name) ?? { durable: new Uint8Array(), pending: [] }
    this.#names.set(name, inode)
    const look = (): Uint8Array => inode.pending.reduce(apply, inode.durable)
    return {
      size: () => look().length,
      read: (offset, length) => look().slice(offset, offset + length),
      write: (offset, bytes) => {
        if (offset + bytes.length > this.capacity) {
          const room = Math.max(0, this.capacity - offset)
          inode.pending.push({ offset, bytes: bytes.slice(0, room) })
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        }
        inode.pending.push({ offset, bytes: bytes.slice() })
      },
      flush: () => {
        if (this.failFlush) throw Object.assign(new Error('input/output error'), { code: 'EIO' })
        inode.durable = look()
        inode.pending = []
      },
      truncate: (size) => {
        inode.pending.push({ size })
      },
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

  losePower(random: () => number): void {
    this.#names = new Map(this.#durableNames)
    for (const inode of this.#names.values()) {
      for (const change of inode.pending) {
        const luck = random()
        if (luck < 1 / 3) continue
        const isTorn = 'bytes' in change && luck < 2 / 3
        inode.durable = apply(inode.durable, isTorn ? tear(change, random) : change)
      }
      inode.pending = []
    }
  }

  /** Cuts bytes off what is on the disk, as no honest disk would. */
  cut(name: string, bytes: number): void {
    const inode = this.#names.get(name)
    if (inode === undefined) throw new Error(`no file ${name}`)
    inode.durable = inode.durable.slice(0, inode.durable.length - bytes)
  }

  sizeOf(name: string): number {
    return this.open(name).size()
  }
}
