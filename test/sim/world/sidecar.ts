import type { LogSidecar, LogSidecarWriter } from '../../../packages/node/src/keys/log-sidecar.ts'
import type { Prng } from './prng.ts'

/** The line beside a key that says what its log held at least, on a disk that loses what was not flushed. */
export class SimSidecar implements LogSidecarWriter {
  /** As `init` leaves it. */
  #durable: LogSidecar = { logId: undefined, count: 0 }
  #now: LogSidecar = this.#durable

  read(): LogSidecar {
    return this.#now
  }

  write(sidecar: LogSidecar): void {
    this.#now = sidecar
  }

  flush(sidecar: LogSidecar): void {
    this.#now = sidecar
    this.#durable = sidecar
  }

  close(): void {
    // Nothing is open.
  }

  /** One line within one sector: it is there as it was written last, or as it was flushed. */
  losePower(prng: Prng): void {
    if (prng.chance(500)) this.#durable = this.#now
    this.#now = this.#durable
  }
}
