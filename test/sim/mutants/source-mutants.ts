import { agreementMutants } from './agreement-mutants.ts'
import { aggregationMutants } from './aggregation-mutants.ts'
import type { SourceMutant } from './mutant.ts'
import { signatureMutants } from './signature-mutants.ts'

export const sourceMutants: readonly SourceMutant[] = [
  ...signatureMutants,
  ...agreementMutants,
  ...aggregationMutants,
]
