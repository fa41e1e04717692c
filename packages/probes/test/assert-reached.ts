import assert from 'node:assert/strict'
import { getEnding } from '../src/compliance/harness.ts'
import type { ProbeResult, Reached } from '../src/kind.ts'

/** What a probe read. @throws with how it ended, if it read nothing */
export function assertReached(result: ProbeResult): Reached {
  const detail = 'detail' in result ? result.detail : ''
  assert.ok(result.status === 'reached', `${getEnding(result)}: ${detail}`)
  return result
}
