import { committeeType, encode, parametersType, toHex } from '@watchfire/attestation'
import { listHandoverEdges } from './handover-edges.ts'
import type { VectorFile, VectorValue } from './vector-values.ts'

/** Thousands of targets or members are left to who can make them: a vector is to be read. */
const BYTES_MAX = 4096

/** What SPEC 4.3 and 4.4 let a hand-over install, encoded, at the edge of each rule. */
export const handoverVectors: VectorFile = {
  name: 'handovers',
  make: () =>
    listHandoverEdges().flatMap(({ name, committee, parameters, changes, isAdmitted }) => {
      const ssz =
        changes === 'Committee'
          ? encode(committeeType, committee)
          : encode(parametersType, parameters)
      if (ssz.length > BYTES_MAX) return []
      return [{ name, type: changes, ssz: toHex(ssz), admitted: isAdmitted }] as VectorValue[]
    }),
}
