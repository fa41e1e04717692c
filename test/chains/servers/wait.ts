import { setTimeout as delay } from 'node:timers/promises'
import type { ServerProcess } from './server-process.ts'

/** Longer than any of these servers takes to start on a busy machine. */
const START_MS_MAX = 120_000

/**
 * Tries until it succeeds.
 *
 * @throws with what the server said, when it takes too long or the server has ended
 */
export async function waitForStart<T>(
  server: ServerProcess,
  attempt: () => Promise<T> | T,
): Promise<T> {
  const endMs = performance.now() + START_MS_MAX
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const ending =
        performance.now() > endMs ? `not there after ${START_MS_MAX} ms` : server.ending()
      if (ending !== undefined) {
        throw new Error(`${ending}; it said:\n${server.log()}`, { cause: error })
      }
      await delay(200)
    }
  }
}
