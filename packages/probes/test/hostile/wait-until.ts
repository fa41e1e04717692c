import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

const WAIT_MS_MAX = 5000

/** Waits until it is so: of another process, and of what a probe left behind, nothing can be awaited. */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  otherwise: string,
): Promise<void> {
  for (const endMs = performance.now() + WAIT_MS_MAX; performance.now() < endMs; ) {
    if (await isSo()) return
    await delay(10)
  }
  assert.fail(otherwise)
}
