import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'

// What tests start ends with their suite; and with their process, however that ends: by SIGINT or
// SIGTERM, by its parent's end, which mocha's child is not told of, or by a start that failed.

/** What was started, and ends. */
export interface Started {
  /** It may have ended before. */
  stop(): Promise<void>
  /** Ends it at once: this process does. */
  kill?(): void
}

const started: Started[] = []
const dirs: string[] = []
const PARENT_MS = 500
let isWatching = false

/** Has it end with the suite that is under way. @returns the same */
export function keep<T extends Started>(server: T): T {
  watchEnd()
  started.push(server)
  return server
}

/** A directory for a server's files, gone with the suite that is under way. */
export function makeServerDir(name: string): string {
  watchEnd()
  const dir = mkdtempSync(join(tmpdir(), `watchfire-${name}-`))
  dirs.push(dir)
  return dir
}

/**
 * Ends all that the suite has started, the newest first, and removes its directories: for `after`,
 * which is run though a start has failed.
 */
export async function stopServers(): Promise<void> {
  const failures: unknown[] = []
  for (let server = started.pop(); server !== undefined; server = started.pop()) {
    await server.stop().catch((error: unknown) => failures.push(error))
  }
  removeDirs()
  if (failures.length === 0) return
  throw new AggregateError(failures, `not all has ended: ${failures.map(String).join('; ')}`)
}

function watchEnd(): void {
  if (isWatching) return
  isWatching = true
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.exit(128 + constants.signals.SIGTERM)
  }, PARENT_MS).unref()
  process.once('exit', () => {
    for (const server of started.toReversed()) server.kill?.()
    removeDirs()
  })
}

function removeDirs(): void {
  // What was killed a moment ago may write there once more.
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
}
