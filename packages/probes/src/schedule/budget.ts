/** What the probes of a round may use up together. */
export interface RoundBudget {
  /** Of all connections, in bytes. @returns false once the bound is passed */
  takeBytes(bytes: number): boolean
  /** Of this machine, for what manifests have it compute, in ms. @returns false once the bound is passed */
  takeComputeMs(ms: number): boolean
}

const BYTES_MAX = 67_108_864
/** So that a round's patterns cost the rest of the node a second, whatever a manifest asks for. */
const COMPUTE_MS_MAX = 1000

/** Begins a round's budget. @param bytesMax - where it is another than that of nodes */
export function makeBudget(bytesMax = BYTES_MAX): RoundBudget {
  let bytesLeft = bytesMax
  let computeMsLeft = COMPUTE_MS_MAX
  return {
    takeBytes(bytes) {
      bytesLeft -= bytes
      return bytesLeft >= 0
    },
    takeComputeMs(ms) {
      computeMsLeft -= ms
      return computeMsLeft >= 0
    },
  }
}
