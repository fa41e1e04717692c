import { setTimeout as delay } from 'node:timers/promises'
import { pause } from './killer.ts'
import type { Monitor } from './monitors.ts'
import type { Reader, Told } from './reader.ts'

/** After the first certificate of a whole network, until every round is expected to have one. */
const SETTLE_MS = 6000
/**
 * Longest that the network may take to agree again once it is whole. Seven processes that start at once
 * on a busy machine take longest; what it took is in the summary.
 */
const RECOVERY_MS_MAX = 120_000
/** From when no quorum is together until what was under way has come through, or never will. */
const IN_FLIGHT_MS = 2000
/** Heights more that every node must reach, at the end. */
const LAST_HEIGHTS = 3
const ANSWER_MS_MAX = 3000

type Latest = Extract<Told, { type: 'state' }>

/** Whether agreement runs when it should, and stops when it must, as a light client has it. */
export interface Liveness {
  readonly good: { due: number; certified: number }
  /** Slowest, from a whole network to the next certificate that the light client had. */
  recoveryMsMax: number
  readonly violations: string[]
  getHeight(): number
  /** Waits until agreement runs, then counts rounds due and certified for so long. */
  countGood(lengthMs: number): Promise<void>
  /**
   * Looks, once no quorum is together, how far the chain has come.
   *
   * @returns tells at the end of that time whether it went on, which nothing can have allowed
   */
  beginStop(): Promise<() => Promise<void>>
  /** Waits until every node has the same chain, some heights further on. */
  awaitEven(): Promise<void>
}

export function makeLiveness(
  reader: Reader,
  monitors: readonly Monitor[],
  times: { readonly originMs: number; readonly roundMs: number },
  signal: AbortSignal,
): Liveness {
  const isState = (each: Told): each is Latest => each.type === 'state'
  const getHeight = () => reader.told.findLast(isState)?.height ?? 0
  const getRound = () => Math.floor((Date.now() - times.originMs) / times.roundMs)
  const getHeights = () => Promise.all(monitors.map(({ api }) => readHeight(api)))

  async function awaitRecovery(): Promise<void> {
    const fromMs = performance.now()
    const before = getHeight()
    while (getHeight() <= before && !signal.aborted) {
      if (performance.now() - fromMs > RECOVERY_MS_MAX) {
        liveness.violations.push(`no certificate in ${RECOVERY_MS_MAX} ms of a whole network`)
        return
      }
      await delay(50)
    }
    const tookMs = Math.round(performance.now() - fromMs)
    liveness.recoveryMsMax = Math.max(liveness.recoveryMsMax, tookMs)
  }

  const liveness: Liveness = {
    good: { due: 0, certified: 0 },
    recoveryMsMax: 0,
    violations: [],
    getHeight,
    async countGood(lengthMs) {
      await awaitRecovery()
      await pause(SETTLE_MS, signal)
      const from = getRound() + 1
      await pause(lengthMs, signal)
      // One round is under way, and the one before it may be.
      const to = getRound() - 2
      const rounds = new Set(reader.told.filter(isState).map(({ round }) => round))
      for (let round = from; round <= to; round++) {
        liveness.good.due += 1
        if (rounds.has(round)) liveness.good.certified += 1
      }
    },
    async beginStop() {
      await pause(IN_FLIGHT_MS, signal)
      const before = Math.max(getHeight(), ...(await getHeights()))
      return async () => {
        const after = Math.max(getHeight(), ...(await getHeights()))
        // The newest certificate may have been with a node that did not answer then.
        if (after <= before + 1) return
        liveness.violations.push(`from height ${before} to ${after} without a quorum together`)
      }
    },
    async awaitEven() {
      const goal = Math.max(...(await getHeights())) + LAST_HEIGHTS
      const fromMs = performance.now()
      for (;;) {
        const heights = await getHeights()
        if (Math.min(...heights) >= goal || signal.aborted) return
        if (performance.now() - fromMs > RECOVERY_MS_MAX) {
          liveness.violations.push(`not all nodes came to height ${goal}: ${heights.join(', ')}`)
          return
        }
        await delay(200)
      }
    },
  }
  return liveness
}

/** The height of a node's newest certificate; 0: it has none, or does not answer. */
async function readHeight(api: string): Promise<number> {
  try {
    const response = await fetch(`${api}/v1/state`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })
    const body = (await response.json()) as { readonly height?: number }
    return body.height ?? 0
  } catch {
    // Starting, or away: asked again.
    return 0
  }
}
