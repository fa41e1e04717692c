import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toHex } from '@watchfire/attestation'
import { Prng } from '../sim/world/prng.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { type FuzzTarget, type OpenTarget, type Outcome, Violation } from './target.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/**
 * An input whose subject takes longer, twice in a row, hangs as far as a peer can make it. Counted is
 * what this thread computed: by the wall, other processes of the machine would count too.
 */
const INPUT_MS_MAX = 1000
/** An answer that is not there by then never comes. */
const ANSWER_MS_MAX = 10_000
/** Heap and buffers that a run may leave behind after its first inputs: caches, compiled code. */
const GROWTH_BYTES_MAX = 24 * 1_048_576
/** Inputs after which memory is first looked at, as a part of all. */
const WARM_PART = 10
/** Turns of the event loop between inputs, and before memory is measured. */
const INPUTS_PER_TURN = 16
const SETTLE_TURNS = 50
const VIOLATIONS_MAX = 5
/** Per mille of inputs run twice, and of inputs that come of a kept one. */
const TWICE = 125
const FROM_CORPUS = 100

export interface FuzzOptions {
  readonly seed: number
  readonly inputs: number
  /** Ends the run early. */
  readonly budgetMs?: number | undefined
  /** Kept inputs of this target: some inputs are made of them. */
  readonly corpus?: readonly Uint8Array[] | undefined
  /** Whether memory is measured, which takes longer than a few hundred inputs; default: it is. */
  readonly isMeasured?: boolean | undefined
  readonly onInput?: ((done: number) => void) | undefined
  /** Sees every input that held, with what came of it. */
  readonly onOutcome?: ((input: Uint8Array, outcome: Outcome) => void) | undefined
}

export interface FoundViolation {
  readonly what: string
  /** The whole input, in hex; empty where no single one is to blame. */
  readonly input: string
}

/** What a run of one target came to. */
export interface FuzzSummary {
  readonly target: string
  readonly seed: number
  readonly inputs: number
  readonly accepted: number
  readonly refused: Readonly<Record<string, number>>
  readonly inputsPerSecond: number
  readonly inputMsMax: number
  readonly growthBytes: number
  readonly violations: readonly FoundViolation[]
}

/** Feeds a target drawn inputs; the same ones for the same seed, corpus and count. */
export async function fuzzTarget(target: FuzzTarget, options: FuzzOptions): Promise<FuzzSummary> {
  const { seed, inputs, corpus = [], isMeasured = true } = options
  const budgetMs = options.budgetMs ?? Number.POSITIVE_INFINITY
  const prng = new Prng(seed, target.name)
  const codes = new Map<string, number>()
  const violations: FoundViolation[] = []
  const open = await target.open()
  const startedMs = performance.now()
  let inputMsMax = 0
  let warmBytes: number | undefined
  let done = 0
  try {
    while (done < inputs && violations.length < VIOLATIONS_MAX) {
      const input = drawInput(prng, open, corpus)
      const judged = await judge(target, open, input, prng.chance(TWICE))
      done++
      inputMsMax = Math.max(inputMsMax, judged.ms)
      if (judged.outcome === undefined) violations.push({ what: judged.what, input: toHex(input) })
      else {
        codes.set(judged.outcome.code, (codes.get(judged.outcome.code) ?? 0) + 1)
        options.onOutcome?.(input, judged.outcome)
      }
      options.onInput?.(done)
      // A node's loop turns between messages; what waits for a turn must not pile up here.
      if (done % INPUTS_PER_TURN === 0) await turn()
      const isWarm = done >= inputs / WARM_PART || performance.now() - startedMs > budgetMs / 5
      if (isMeasured && warmBytes === undefined && isWarm) warmBytes = await measureBytes()
      if (performance.now() - startedMs > budgetMs) break
    }
    const growthBytes = warmBytes === undefined ? 0 : (await measureBytes()) - warmBytes
    if (growthBytes > GROWTH_BYTES_MAX) {
      violations.push({ what: `memory grew by ${growthBytes} bytes`, input: '' })
    }
    const accepted = codes.get('accepted') ?? 0
    codes.delete('accepted')
    return {
      target: target.name,
      seed,
      inputs: done,
      accepted,
      refused: Object.fromEntries([...codes].toSorted((a, b) => b[1] - a[1])),
      inputsPerSecond: Math.round((done * 1000) / (performance.now() - startedMs)),
      inputMsMax: Math.round(inputMsMax),
      growthBytes,
      violations,
    }
  } finally {
    await open.close?.()
  }
}

function drawInput(prng: Prng, open: OpenTarget, corpus: readonly Uint8Array[]): Uint8Array {
  if (corpus.length === 0 || !prng.chance(FROM_CORPUS)) return open.draw(prng)
  return mutateBytes(prng, prng.pick(corpus), corpus)
}

type Judged =
  | { readonly outcome: Outcome; readonly ms: number }
  | { readonly outcome: undefined; readonly what: string; readonly ms: number }

/** One input through every property: no throw, in time, a known code, the same twice, input untouched. */
async function judge(
  target: FuzzTarget,
  open: OpenTarget,
  input: Uint8Array,
  isTwice: boolean,
): Promise<Judged> {
  const given = Uint8Array.from(input)
  const startedMs = getComputedMs()
  const getMs = () => getComputedMs() - startedMs
  try {
    const outcome = await runOnce(open, given)
    const ms = getMs()
    if (outcome.code !== 'accepted' && !target.codes.includes(outcome.code)) {
      throw new Violation(`the code ${outcome.code} is of no closed set`)
    }
    const isSlow = ms > INPUT_MS_MAX
    if (isTwice || isSlow) {
      const againMs = getComputedMs()
      const again = await runOnce(open, Uint8Array.from(input))
      if (again.code !== outcome.code || again.trace !== outcome.trace) {
        throw new Violation(`${outcome.code} at first, then ${again.code}: ${again.trace ?? ''}`)
      }
      if (isSlow && getComputedMs() - againMs > INPUT_MS_MAX) {
        throw new Violation(`took ${Math.round(ms)} ms, and as long again`)
      }
    }
    return { outcome, ms: isSlow ? 0 : ms }
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { outcome: undefined, what, ms: getMs() }
  }
}

function getComputedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** @returns what came of one input, as in a run, and throws what a run counts as a violation */
export async function runOnce(open: OpenTarget, input: Uint8Array): Promise<Outcome> {
  const result = open.run(input)
  if (!(result instanceof Promise)) return result
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Violation(`no outcome after ${ANSWER_MS_MAX} ms`)),
    ANSWER_MS_MAX,
  )
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

async function measureBytes(): Promise<number> {
  // What waits for a turn of the event loop to be let go is not kept.
  for (let left = SETTLE_TURNS; left > 0; left--) await turn()
  collectGarbage()
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
