import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { DevnetRun, NodeLine } from '../e2e/devnet-run.ts'
import { poll } from '../e2e/devnet-run.ts'

/** What a storm did. */
export interface StormCount {
  /** Kills at a moment drawn. */
  readonly atRandom: number
  /** Kills as soon as something new was seen that the victim had signed. */
  readonly onSigning: number
}

/** Longest wait for a victim to sign something before it is killed all the same. */
const SIGNING_MS_MAX = 1500

/** A number from 0 up to 1, the same for the same seed: mulberry32. */
export function makeRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * `kill -9` of monitors of a devnet, one or two at once, at moments drawn or right as one of them has
 * signed, each started again by its own command line soon after. In the end all are up.
 *
 * @param onceSigned resolves when something new signed by a member was seen
 */
export async function runStorm(
  run: DevnetRun,
  durationMs: number,
  random: () => number,
  onceSigned: (monitor: string) => Promise<void>,
): Promise<StormCount> {
  const children = new Map<string, ChildProcess>()
  const pids = new Map(run.network.nodes.map(({ monitor, pid }) => [monitor, pid]))
  const count = { atRandom: 0, onSigning: 0 }

  const kill = async ({ monitor, start }: NodeLine): Promise<void> => {
    if (random() < 0.5) {
      await Promise.race([onceSigned(monitor), wait(SIGNING_MS_MAX)])
      count.onSigning += 1
    } else count.atRandom += 1
    const pid = pids.get(monitor)
    if (pid === undefined) throw new Error(`${monitor} has no process`)
    process.kill(pid, 'SIGKILL')
    const child = children.get(monitor)
    if (child !== undefined && child.exitCode === null && child.signalCode === null)
      await once(child, 'exit')
    await wait(random() * 600)
    const started = run.restart(start)
    if (started.pid === undefined) throw new Error(`${monitor} did not start`)
    children.set(monitor, started)
    pids.set(monitor, started.pid)
    await isUp(monitor)
  }
  const isUp = async (monitor: string): Promise<void> => {
    const child = children.get(monitor)
    if (child?.exitCode !== null)
      throw new Error(`${monitor} ended by itself with code ${child?.exitCode}`)
    const node = run.network.nodes.find((each) => each.monitor === monitor)
    // Up, or killed while it starts: now and then at once.
    if (random() < 0.3) await wait(random() * 1000)
    else
      await poll(
        `${monitor} to answer`,
        60_000,
        () =>
          fetch(`${node?.api}/livez`).then(
            ({ ok }) => ok,
            () => false,
          ),
        (ok) => ok,
      )
  }

  const endMs = performance.now() + durationMs
  while (performance.now() < endMs) {
    await wait(random() * 1500)
    const nodes = run.network.nodes.toSorted(() => random() - 0.5)
    await Promise.all(nodes.slice(0, random() < 0.35 ? 2 : 1).map(kill))
  }
  return count
}
