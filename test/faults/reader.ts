import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EpochContext } from '@watchfire/attestation'
import { follow } from '@watchfire/light-client'

/** What a light client was told, and when. */
export type Told =
  | {
      readonly type: 'state'
      readonly atMs: number
      readonly height: number
      readonly round: number
      readonly missed: number
      readonly verdicts: readonly string[]
    }
  | { readonly type: 'stale'; readonly atMs: number; readonly code: string }
  | { readonly type: 'fault'; readonly atMs: number; readonly code: string }
  | { readonly type: 'conflict'; readonly atMs: number }

/** A light client that follows throughout, from outside. */
export interface Reader {
  readonly name: string
  /** Its certificate files, one a height. */
  readonly dir: string
  readonly startedAtMs: number
  readonly told: readonly Told[]
  /** Why it ended before it was stopped, if it did. */
  readonly failure: () => string | undefined
  stop(): Promise<void>
}

export interface ReaderOptions {
  readonly name: string
  readonly dir: string
  readonly urls: readonly string[]
  readonly context: EpochContext
  readonly onTold?: (told: Told) => void
}

export function startReader(options: ReaderOptions): Reader {
  const { name, urls, context } = options
  const dir = join(options.dir, name)
  mkdirSync(dir)
  const stopping = new AbortController()
  const startedAtMs = Date.now()
  const told: Told[] = []
  let failure: string | undefined
  const take = (each: Told) => {
    told.push(each)
    options.onTold?.(each)
  }
  const run = async () => {
    for await (const event of follow(urls, context, { signal: stopping.signal })) {
      const atMs = Date.now()
      switch (event.type) {
        case 'state': {
          const { height, round, missed, bytes } = event
          writeFileSync(join(dir, `${height}.wfcert`), bytes)
          const count = missed === undefined ? 0 : missed.to - missed.from + 1
          const verdicts = [...event.verdicts.values()]
          take({ type: 'state', atMs, height, round, missed: count, verdicts })
          break
        }
        case 'conflict':
          take({ type: 'conflict', atMs })
          break
        default:
          take({ type: event.type, atMs, code: event.code })
      }
    }
    if (!stopping.signal.aborted) failure = 'it ended before it was stopped'
  }
  const done = run().catch((error: unknown) => {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  })
  return {
    name,
    dir,
    startedAtMs,
    told,
    failure: () => failure,
    async stop() {
      stopping.abort()
      await done
    },
  }
}
