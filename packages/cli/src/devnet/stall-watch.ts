/** What a node says when it is asked whether it lives. */
export interface StallReport {
  readonly answering: readonly string[]
  readonly silent: readonly string[]
}

export interface StallOptions {
  /** When what was certified last stops being fresh, in ms since 1970 (SPEC 9.5). */
  readonly nowMs: () => number
  /** Asks every node; resolves soon, whatever they do. */
  readonly ask: () => Promise<StallReport>
  /** Says that nothing is certified: `round` is the last that was. */
  readonly say: (text: string) => void
  /** Members that must sign. */
  readonly quorum: number
  readonly signal: AbortSignal
}

/** How often the nodes are asked while nothing is certified, and how often the same is said again. */
const ASK_MS = 2000
const REPEAT_MS = 20_000

/** Says so when certificates stop coming, and what is known of why. */
export interface StallWatch {
  /** A round was certified; what it says is fresh until `validUntilMs`. */
  onCertified(round: number, validUntilMs: number): void
}

/**
 * @param graceMs - how long the first certificate may take before that is said
 */
export function startStallWatch(options: StallOptions, graceMs: number): StallWatch {
  const { nowMs, ask, say, quorum, signal } = options
  let round: number | undefined
  let dueMs = nowMs() + graceMs
  let saidText: string | undefined
  let saidMs = 0
  let timer: NodeJS.Timeout | undefined
  signal.addEventListener('abort', () => clearTimeout(timer))

  const arm = (delayMs: number) => {
    clearTimeout(timer)
    if (!signal.aborted) timer = setTimeout(() => void check(), Math.max(0, delayMs))
  }
  const check = async () => {
    if (nowMs() < dueMs) return arm(dueMs - nowMs())
    const report = await ask()
    // A certificate may have come while they were asked.
    if (signal.aborted || nowMs() < dueMs) return arm(dueMs - nowMs())
    const text = describeStall(round, report, quorum)
    if (text !== saidText || nowMs() - saidMs >= REPEAT_MS) {
      say(text)
      saidText = text
      saidMs = nowMs()
    }
    return arm(ASK_MS)
  }
  arm(graceMs)
  return {
    onCertified(newRound, validUntilMs) {
      if (saidText !== undefined && nowMs() < validUntilMs) {
        say(`agreement again, since round ${newRound}`)
        saidText = undefined
      }
      round = newRound
      dueMs = validUntilMs
      arm(dueMs - nowMs())
    },
  }
}

/** `no agreement since round 41: 2 of 4 monitors answer and 3 are needed; m3, m4 do not`. */
export function describeStall(
  round: number | undefined,
  { answering, silent }: StallReport,
  quorum: number,
): string {
  const since = round === undefined ? 'no agreement yet' : `no agreement since round ${round}`
  const total = answering.length + silent.length
  const who = silent.length === 0 ? '' : `; not: ${silent.join(', ')}`
  const enough = answering.length >= quorum ? 'enough to agree' : `${quorum} are needed`
  return `${since}: ${answering.length} of ${total} monitors answer, ${enough}${who}`
}
