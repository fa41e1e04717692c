import { runPython } from '../independent/python-verifier.ts'
import type { Monitor } from './monitors.ts'
import type { Reader } from './reader.ts'

/** What the second reader in Python found in what the nodes left, and how much it looked at. */
export interface Judged {
  /** What is wrong. */
  readonly found: readonly string[]
  /** Of each node's newest certificate. */
  readonly heights: Readonly<Record<string, number>>
  /** Certificates read, signatures verified, entries of vote logs, and so on. */
  readonly [count: string]: unknown
}

/**
 * Puts the stopped nodes' databases and vote logs side by side, by the verifier in Python, which shares
 * no code with what wrote them.
 */
export function judgeRun(
  manifest: unknown,
  monitors: readonly Pick<Monitor, 'id' | 'dataDir'>[],
  readers: readonly Pick<Reader, 'dir'>[],
): Judged {
  const asked = {
    manifest,
    nodes: Object.fromEntries(monitors.map(({ id, dataDir }) => [id, dataDir])),
    readers: readers.map(({ dir }) => dir),
  }
  const { stdout, stderr } = runPython(['nodes'], JSON.stringify(asked))
  if (stdout === '') throw new Error(`the verifier in Python failed:\n${stderr}`)
  return JSON.parse(stdout) as Judged
}

/** How late a light client may say that what it holds is stale: its timer, and a busy machine's. */
const SAID_MS_MAX = 3000

/** The times of a manifest, as it has them. */
export interface RoundTimes {
  readonly originMs: number
  readonly roundMs: number
  readonly proposeAtMs: number
  readonly viewTimeoutMs: number
}

/**
 * Whether a light client's story holds: heights and rounds only rise, it was never cut off by an error,
 * never shown a conflict, and it called what it held stale once that was past its time, by the formula
 * of SPEC 9.5 worked out here.
 */
export function judgeReader(reader: Omit<Reader, 'dir' | 'stop'>, times: RoundTimes): string[] {
  const wrong: string[] = []
  const say = (text: string) => wrong.push(`${reader.name}: ${text}`)
  const failure = reader.failure()
  if (failure !== undefined) say(failure)
  let height = 0
  let round = -1
  const { originMs, roundMs, proposeAtMs, viewTimeoutMs } = times
  // Of the first, it may say so once a state that was fresh at the start would be past its time.
  let validUntilMs = reader.startedAtMs + 2 * roundMs + proposeAtMs + viewTimeoutMs
  let isSaid = false
  for (const each of reader.told) {
    const lateMs = each.atMs - validUntilMs
    switch (each.type) {
      case 'conflict':
        say('was shown two valid certificates that contradict each other')
        break
      case 'stale':
        if (lateMs < 0 && !isSaid) say(`called height ${height} stale ${-lateMs} ms too early`)
        isSaid = true
        break
      case 'state': {
        if (lateMs > SAID_MS_MAX && !isSaid) {
          say(`said nothing for ${lateMs} ms after height ${height} was stale`)
        }
        if (each.height <= height || each.round <= round) {
          say(`height ${each.height}, round ${each.round} after ${height}, ${round}`)
        }
        height = each.height
        round = each.round
        validUntilMs = originMs + (round + 2) * roundMs + proposeAtMs + viewTimeoutMs
        if (each.atMs <= validUntilMs) isSaid = false
        break
      }
      default:
        // A server that was killed: the next is asked.
        break
    }
  }
  return wrong
}
