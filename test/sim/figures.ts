import type { ScenarioName } from './scenario.ts'
import type { SeedRun } from './seed-run.ts'

/** How agreement went on in one scenario, over all its seeds. */
export interface ScenarioFigures {
  readonly seeds: number
  /** Rounds in good weather with a certificate, and those that had to have one by the end. */
  readonly certified: number
  readonly due: number
  readonly certifiedShare: number
  /** Of the rounds in bad weather. */
  readonly certifiedShareInBad: number
  /** From the last attestation at the leader to the certificate at each honest node, in good weather; ms of virtual time. */
  readonly delayMs: { readonly median: number; readonly p99: number; readonly max: number }
}

/** What seeds came to, together. */
export interface Figures {
  readonly seeds: number
  /** Of them, those that ran twice, to leave the same trace. */
  readonly seedsTwice: number
  /** Final rounds that checkers watched: of one run of each seed. */
  readonly rounds: number
  readonly cpuMs: number
  readonly faults: Readonly<Record<string, number>>
  /** Of the seeds with faulty members: what share of the weight those have, and of the most that SPEC 1 allows. */
  readonly byzantine: {
    readonly seeds: number
    readonly weightShareMean: number
    readonly weightShareMax: number
    readonly ofAllowedMean: number
  }
  readonly scenarios: Readonly<Partial<Record<ScenarioName, ScenarioFigures>>>
}

interface Sums {
  seeds: number
  certified: number
  due: number
  certifiedInBad: number
  dueInBad: number
  /** How often each delay came, by ms. */
  readonly delays: Map<number, number>
}

/** Adds up what seeds came to; the order does not matter. */
export class FigureSums {
  #seeds = 0
  #seedsTwice = 0
  #rounds = 0
  #cpuMs = 0
  readonly #faults: Record<string, number> = {}
  readonly #shares: number[] = []
  readonly #ofAllowed: number[] = []
  readonly #scenarios = new Map<ScenarioName, Sums>()

  add({ scenario, rounds, isTwice, faults, liveness, faultyWeight, cpuMs }: SeedRun): void {
    this.#seeds += 1
    if (isTwice) this.#seedsTwice += 1
    this.#rounds += rounds
    this.#cpuMs += cpuMs
    for (const [name, count] of Object.entries(faults)) {
      this.#faults[name] = (this.#faults[name] ?? 0) + count
    }
    if (faultyWeight !== undefined) {
      this.#shares.push(faultyWeight.faulty / faultyWeight.whole)
      this.#ofAllowed.push(faultyWeight.faulty / faultyWeight.faultyMax)
    }
    const sums = this.#scenarios.get(scenario.name) ?? {
      seeds: 0,
      certified: 0,
      due: 0,
      certifiedInBad: 0,
      dueInBad: 0,
      delays: new Map<number, number>(),
    }
    this.#scenarios.set(scenario.name, sums)
    sums.seeds += 1
    sums.certified += liveness.certified
    sums.due += liveness.due
    sums.certifiedInBad += liveness.certifiedInBad
    sums.dueInBad += liveness.dueInBad
    for (const delay of liveness.delaysMs) {
      sums.delays.set(delay, (sums.delays.get(delay) ?? 0) + 1)
    }
  }

  get seeds(): number {
    return this.#seeds
  }

  get rounds(): number {
    return this.#rounds
  }

  read(): Figures {
    const names = [...this.#scenarios.keys()].toSorted()
    return {
      seeds: this.#seeds,
      seedsTwice: this.#seedsTwice,
      rounds: this.#rounds,
      cpuMs: Math.round(this.#cpuMs),
      faults: Object.fromEntries(
        Object.entries(this.#faults).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ),
      byzantine: {
        seeds: this.#shares.length,
        weightShareMean: round(getMean(this.#shares)),
        weightShareMax: round(Math.max(0, ...this.#shares)),
        ofAllowedMean: round(getMean(this.#ofAllowed)),
      },
      scenarios: Object.fromEntries(
        names.flatMap((name) => {
          const sums = this.#scenarios.get(name)
          return sums === undefined ? [] : [[name, toFigures(sums)]]
        }),
      ),
    }
  }
}

function toFigures({ seeds, certified, due, certifiedInBad, dueInBad, delays }: Sums) {
  const delayMs = {
    median: getQuantile(delays, 0.5),
    p99: getQuantile(delays, 0.99),
    max: getQuantile(delays, 1),
  }
  return {
    seeds,
    certified,
    due,
    certifiedShare: round(certified / Math.max(1, due)),
    certifiedShareInBad: round(certifiedInBad / Math.max(1, dueInBad)),
    delayMs,
  }
}

/** The smallest value that at least this share of all does not exceed; 0 of nothing. */
function getQuantile(counts: ReadonlyMap<number, number>, share: number): number {
  const whole = [...counts.values()].reduce((total, count) => total + count, 0)
  let below = 0
  for (const [value, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    below += count
    if (below >= share * whole) return value
  }
  return 0
}

function getMean(values: readonly number[]): number {
  if (values.length === 0) return 0
  return values.reduce((total, value) => total + value, 0) / values.length
}

/** Four digits after the point say enough of a share. */
function round(share: number): number {
  return Math.round(share * 10_000) / 10_000
}
