import type { KindSignal } from '../kind.ts'
import type { PhaseTimer } from '../phase-timer.ts'

// Where the time of `latency` went.

const phases = [
  { name: 'connect-time', phase: 'connect', urls: /^/, meaning: 'To open the connection.' },
  { name: 'tls-time', phase: 'tls', urls: /^(https|wss):/, meaning: 'For the TLS handshake.' },
  {
    name: 'wait-time',
    phase: 'first-byte',
    urls: /^/,
    meaning: 'From what was sent to its answer’s first byte; a WebSocket’s handshake included.',
  },
  // The messages of a WebSocket come whole.
  { name: 'transfer-time', phase: 'transfer', urls: /^https?:/, meaning: 'To read the answer.' },
] as const

/** The parts of `latency` that there are for a URL. */
export function phaseSignals(url: string): readonly KindSignal[] {
  return listPhases(url).map(({ name, meaning }) => ({
    name,
    unit: 'us',
    scale: 0,
    aggregate: 'median',
    meaning,
  }))
}

/** Values of `latency` and of {@link phaseSignals}, from what was timed so far. */
export function getPhaseSignals(timer: PhaseTimer, url: string): Record<string, bigint> {
  const list = timer.list()
  const times: Record<string, bigint> = { latency: timer.latencyUs() }
  for (const { name, phase } of listPhases(url)) {
    const own = list.filter((each) => each.name === phase)
    times[name] = BigInt(own.reduce((sum, { us }) => sum + us, 0))
  }
  return times
}

function listPhases(url: string) {
  return phases.filter(({ urls }) => urls.test(url))
}
