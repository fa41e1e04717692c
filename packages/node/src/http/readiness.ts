import type { FeedSource } from '../feed-source.ts'
import { readinessCodes, type ReadinessCode } from './schemas.ts'

export interface ReadinessReason {
  readonly code: ReadinessCode
  readonly words: string
}

/** Why the node does not do its work now; empty: it does. */
export function getReadiness(source: FeedSource): ReadinessReason[] {
  const status = source.status()
  const reasons: ReadinessReason[] = []
  const add = (code: ReadinessCode, words: string) => {
    if (!reasons.some((reason) => reason.code === code)) reasons.push({ code, words })
  }
  if (status.agreement === 'halted') add('halted', status.reason)
  else if (status.agreement !== 'ok') add('no-agreement', status.reason)
  if (source.latest() === undefined) add('starting', 'It holds no certificate yet.')
  if (status.isQuarantined) add('muted', 'It signs nothing until it is safe (SPEC 6.9).')
  for (const words of status.notReady) {
    const code = readinessCodes.find((each) => words.startsWith(each))
    // The node says them as `code: words`.
    add(code ?? 'syncing', code === undefined ? words : words.slice(code.length).replace(/^: /, ''))
  }
  return reasons
}
