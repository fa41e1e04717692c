import type { LogDisk, LogFile } from '../../../packages/node/src/store/log-disk.ts'

/** Thrown where the process dies: between two of the operations that it asks of its disk. */
export class Death extends Error {}

/** A disk at which the process dies after some operations. */
export class DyingDisk implements LogDisk {
  readonly #disk: LogDisk
  #opsLeft: number

  constructor(disk: LogDisk, opsLeft: number) {
    this.#disk = disk
    this.#opsLeft = opsLeft
  }

  #op<T>(run: () => T): T {
    if (this.#opsLeft <= 0) throw new Death('the process dies here')
    this.#opsLeft -= 1
    return run()
  }

  exists(name: string): boolean {
    return this.#disk.exists(name)
  }

  open(name: string): LogFile {
    const file = this.#op(() => this.#disk.open(name))
    return {
      size: () => file.size(),
      read: (offset, length) => file.read(offset, length),
      write: (offset, bytes) => this.#op(() => file.write(offset, bytes)),
      flush: () => this.#op(() => file.flush()),
      truncate: (size) => this.#op(() => file.truncate(size)),
      close: () => file.close(),
    }
  }

  replace(from: string, to: string): void {
    this.#op(() => this.#disk.replace(from, to))
  }

  remove(name: string): void {
    this.#op(() => this.#disk.remove(name))
  }

  flushNames(): void {
    this.#op(() => this.#disk.flushNames())
  }
}
