import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

// The sidecar lies beside the monitor key and says which vote log belongs to it and how many entries
// that log held (SPEC 6.9). It is written after the log was flushed, so it never says more than the
// log holds; where it does, the log was rolled back. It is one fixed-width line, written in place.

/** What a sidecar says: no log yet, or a log and how many entries it must have at least. */
export interface LogSidecar {
  readonly logId: string | undefined
  readonly count: number
}

const unusedId = '0'.repeat(32)
/** A log id that no log has: the key's log is in doubt until it is replaced (SPEC 6.9). */
export const doubtfulLogId = 'f'.repeat(32)
const pattern = /^([0-9a-f]{32}) ([0-9]{16})\n$/

function formatLine({ logId, count }: LogSidecar): string {
  return `${logId ?? unusedId} ${String(count).padStart(16, '0')}\n`
}

/** Marks a new key as never used. */
export function createLogSidecar(file: string): void {
  const handle = openSync(file, 'wx', 0o600)
  try {
    writeSync(handle, formatLine({ logId: undefined, count: 0 }), 0)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** @returns what the sidecar says; `undefined` if there is none or it is not legible */
export function readLogSidecar(file: string): LogSidecar | undefined {
  if (!existsSync(file)) return undefined
  const [, logId, count] = pattern.exec(readFileSync(file, 'latin1')) ?? []
  if (logId === undefined || count === undefined) return undefined
  return { logId: logId === unusedId ? undefined : logId, count: Number(count) }
}

/** Says at once what the log now holds; kept open, since it is written at every append. */
export interface LogSidecarWriter {
  write(sidecar: LogSidecar): void
  /** As `write`, and flushed. */
  flush(sidecar: LogSidecar): void
  close(): void
}

export function openLogSidecar(file: string): LogSidecarWriter {
  const handle = openSync(file, existsSync(file) ? 'r+' : 'wx+', 0o600)
  const write = (sidecar: LogSidecar): void => {
    writeSync(handle, formatLine(sidecar), 0)
  }
  return {
    write,
    flush(sidecar) {
      write(sidecar)
      fsyncSync(handle)
    },
    close: () => closeSync(handle),
  }
}

/** Why a key may not sign yet although its log could be opened (SPEC 6.9). */
export type LogDoubt = 'log-missing' | 'log-replaced' | 'log-rolled-back' | 'key-of-unknown-use'

/**
 * Whether a vote log is all that its key signed.
 *
 * @param sidecar what lies beside the key
 * @param log the log as it was opened
 * @returns why not, or `undefined`
 */
export function findLogDoubt(
  sidecar: LogSidecar | undefined,
  log: { readonly logId: string; readonly count: number; readonly isNew: boolean },
): LogDoubt | undefined {
  // A key copied here without its sidecar may have signed elsewhere.
  if (sidecar === undefined) return 'key-of-unknown-use'
  // Made by `init` and never used; a log that a crash left before the sidecar was written is as good.
  if (sidecar.logId === undefined) return undefined
  if (log.isNew) return 'log-missing'
  if (sidecar.logId !== log.logId) return 'log-replaced'
  return log.count < sidecar.count ? 'log-rolled-back' : undefined
}
