import { setTimeout as delay } from 'node:timers/promises'
import type { Prng } from '../sim/world/prng.ts'
import type { Monitor } from './monitors.ts'

/** Milliseconds between kills, and from a kill until the process is started again. */
const BETWEEN_MS = [300, 3000] as const
const DEAD_MS = [50, 5000] as const
/** Per mille of kills that take a process which is still starting, where there is one. */
const STARTING = 300
const ANSWER_MS_MAX = 1000

export interface KillLoopOptions {
  readonly monitors: readonly Monitor[]
  /** How many may be away at any one moment: dead, or started and not answering yet. */
  readonly awayMax: number
  readonly prng: Prng
  readonly signal: AbortSignal
  readonly onKill: () => void
}

/** Kills random nodes with `kill -9` until the signal; all of them run again when it returns. */
export async function runKillLoop(options: KillLoopOptions): Promise<void> {
  const { monitors, awayMax, prng, signal, onKill } = options
  if (awayMax === 0) return pause(Number.POSITIVE_INFINITY, signal)
  const restarts: Promise<void>[] = []
  while (!signal.aborted) {
    await pause(prng.between(...BETWEEN_MS), signal)
    const answers = await Promise.all(monitors.map(isThere))
    if (signal.aborted) break
    const there = monitors.filter((_, index) => answers[index] === true)
    const starting = monitors.filter((each, index) => each.isUp() && answers[index] === false)
    const isFull = monitors.length - there.length >= awayMax
    // One that is starting is away already: killing it costs agreement nothing.
    const candidates = starting.length > 0 && prng.chance(STARTING) ? starting : isFull ? [] : there
    if (candidates.length === 0) continue
    const victim = prng.pick(candidates)
    const deadMs = prng.between(...DEAD_MS)
    onKill()
    await victim.kill()
    restarts.push(pause(deadMs, signal).then(() => victim.start()))
  }
  await Promise.all(restarts)
}

async function isThere({ api }: Monitor): Promise<boolean> {
  try {
    return (await fetch(`${api}/livez`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })).ok
  } catch {
    // Dead, or not there yet.
    return false
  }
}

/**
 * A signal that ends by time or with its parent. (Node may collect an `AbortSignal.timeout` that only
 * `AbortSignal.any` refers to, and then it never ends.)
 */
export function endAfter(ms: number, parent: AbortSignal): AbortSignal {
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), ms)
  const end = () => {
    clearTimeout(timer)
    ending.abort()
  }
  if (parent.aborted) end()
  else parent.addEventListener('abort', end, { once: true })
  return ending.signal
}

/** Waits, or until the signal. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // The longest that a timer takes is 24 days.
  const bounded = Math.min(ms, 2 ** 31 - 1)
  // It rejects only when the signal ends it.
  await delay(bounded, undefined, { signal }).catch(() => undefined)
}
