import type { Prng } from '../sim/world/prng.ts'

/** What came of one input: a code of a closed set, and more that must be the same the second time. */
export interface Outcome {
  /** `accepted`, or why it was refused. */
  readonly code: string
  /** Whatever else the subject said; compared between two runs of one input. */
  readonly trace?: string
}

/** A target set up for a run. */
export interface OpenTarget {
  /** Makes an input: a valid one, changed where its structure is weak. */
  draw(prng: Prng): Uint8Array
  /** Feeds it to the subject. Whatever this throws is a violation. */
  run(input: Uint8Array): Outcome | Promise<Outcome>
  close?(): void | Promise<void>
}

/** One boundary that strangers' bytes reach. Every input is bytes, so that it can be kept and run again. */
export interface FuzzTarget {
  readonly name: string
  /** Codes besides `accepted`: another is a violation. */
  readonly codes: readonly string[]
  /** Share of a run's inputs; slow targets take less. */
  readonly share: number
  open(): OpenTarget | Promise<OpenTarget>
}

/** A property that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** Fails the input unless `holds`. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what)
}

/** The names of a closed set, in one list that the compiler holds complete: a new code must be added. */
export function listCodes<Code extends string>(codes: Readonly<Record<Code, true>>): Code[] {
  return Object.keys(codes) as Code[]
}
