/** What a probe is busy with. `request`: handing it over; `first-byte`: waiting; `transfer`: reading. */
export type PhaseName = 'dns' | 'connect' | 'tls' | 'request' | 'first-byte' | 'transfer'

/** A stretch of a probe, in the order in which it came. Redirects and further calls repeat names. */
export interface Phase {
  readonly name: PhaseName
  /** How long it lasted, in microseconds. */
  readonly us: number
}

/** Phases kept of one probe; what comes after is added to the last. */
const PHASES_MAX = 64

/** Times what a probe does. One phase is open at a time; opening the next ends it. */
export interface PhaseTimer {
  begin(name: PhaseName): void
  /** Ends the open phase, if any. */
  end(): void
  /** Takes over phases that were timed elsewhere. Of parts asked at once: the one that was waited for. */
  append(phases: readonly Phase[]): void
  /** The phase that is open. */
  current(): PhaseName | undefined
  /** Phases so far, the open one up to now. */
  list(): readonly Phase[]
  /**
   * Microseconds of all phases so far, `dns` left out: resolving a name measures the monitor's
   * resolver and its cache rather than the target.
   */
  latencyUs(): bigint
}

/** @param nowUs - a clock that never jumps, in microseconds; only differences are used */
export function makePhaseTimer(nowUs: () => number): PhaseTimer {
  const phases: { name: PhaseName; us: number }[] = []
  let open: { name: PhaseName; fromUs: number } | undefined

  function getOpen(): Phase[] {
    if (open === undefined) return []
    return [{ name: open.name, us: Math.max(0, Math.round(nowUs() - open.fromUs)) }]
  }

  function append(list: readonly Phase[]): void {
    for (const phase of list) {
      const last = phases.at(-1)
      if (phases.length === PHASES_MAX && last !== undefined) last.us += phase.us
      else phases.push({ ...phase })
    }
  }

  function end(): void {
    const ended = getOpen()
    open = undefined
    append(ended)
  }

  return {
    begin(name) {
      end()
      open = { name, fromUs: nowUs() }
    },
    end,
    append(list) {
      end()
      append(list)
    },
    current: () => open?.name,
    list: () => [...phases.map((phase) => ({ ...phase })), ...getOpen()],
    latencyUs() {
      let totalUs = 0
      for (const phase of [...phases, ...getOpen()]) if (phase.name !== 'dns') totalUs += phase.us
      return BigInt(totalUs)
    },
  }
}
