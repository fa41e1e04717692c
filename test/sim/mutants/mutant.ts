import type { CheckerName } from '../checkers/checker.ts'
import type { ScenarioName } from '../scenario.ts'
import type { ViceName } from '../vices/registry.ts'
import type { Seam } from '../world/seam.ts'

/** One change of one source file. */
export interface Edit {
  /** From the repository's root. */
  readonly file: string
  /** Must stand in the file exactly once, so that a mutant cannot rot unseen. */
  readonly find: string
  readonly replace: string
}

interface Plan {
  /** What the broken node does, after "a node that". */
  readonly name: string
  /** The checker that must see it, and in some seed before any other does. */
  readonly caughtBy: CheckerName
  /** `vote-log`: the log on its own, on a disk that loses what was not flushed. */
  readonly scenario: ScenarioName | 'vote-log'
  /** The vices of every faulty member; undefined: the seed says. */
  readonly vices?: readonly ViceName[]
  /** Whether other checkers, which would stop the run sooner, are left out. */
  readonly isAlone?: boolean
  /** The first seed tried, where it takes more than a few to bring the bug about. */
  readonly firstSeed?: number
  /** Whether it is among the few that `npm test` hunts. */
  readonly isQuick?: boolean
}

/** A bug put into the source as it is loaded, in a thread of its own. */
export interface SourceMutant extends Plan {
  readonly edits: readonly Edit[]
}

/** A bug put in where the simulator's node touches what is tested. */
export interface SeamMutant extends Plan {
  /** Called for each run. */
  makeSeam(): Seam
}

export type Mutant = SourceMutant | SeamMutant
