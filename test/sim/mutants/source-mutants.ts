import { admissionMutants } from './admission-mutants.ts'
import { aggregationMutants } from './aggregation-mutants.ts'
import { agreementMutants } from './agreement-mutants.ts'
import { blockMutants } from './block-mutants.ts'
import { evidenceMutants } from './evidence-mutants.ts'
import { logMutants } from './log-mutants.ts'
import type { SourceMutant } from './mutant.ts'
import { signatureMutants } from './signature-mutants.ts'

export const sourceMutants: readonly SourceMutant[] = [
  ...signatureMutants,
  ...agreementMutants,
  ...blockMutants,
  ...admissionMutants,
  ...evidenceMutants,
  ...aggregationMutants,
  ...logMutants,
]
