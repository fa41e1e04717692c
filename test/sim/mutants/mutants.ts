import type { Mutant } from './mutant.ts'
import { seamMutants } from './seam-mutants.ts'
import { sourceMutants } from './source-mutants.ts'

export const mutants: readonly Mutant[] = [...sourceMutants, ...seamMutants]
