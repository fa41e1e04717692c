import type { UnixMs } from '@watchfire/attestation'
import { admit, makeAdmission } from '@watchfire/consensus'
import { makeFastVerify, makeSignatureCheck } from '../../packages/node/src/loop/fast-verify.ts'
import {
  attest,
  foundBenchNetwork,
  ORIGIN_MS,
  ROUND_MS,
  type SignedBytes,
} from './bench-network.ts'
import { type Benchmark, type Measurement, makeMeasurement } from './measurement.ts'
import { compare, type PairedOptions } from './paired.ts'

const MEMBERS = 4
const TARGETS = 10
const ROUNDS_A_BATCH = 50
/** Batches of different attestations, so that no cache holds what comes next. */
const SETS = 8

const name = 'attestation-admission'

/**
 * Bytes of an attestation in, verdict out, through the admission that a node uses, with its fast
 * verifier; against that verifier alone, given signature, digest and key.
 */
export const admissionBenchmark: Benchmark = {
  names: [name],
  run: () => [measureAdmission()],
}

export function measureAdmission(options: PairedOptions = {}): Measurement {
  const network = foundBenchNetwork(MEMBERS, TARGETS)
  const { context } = network
  const sets = Array.from({ length: SETS }, (_, set) =>
    Array.from({ length: ROUNDS_A_BATCH * MEMBERS }, (__, index) => {
      const round = set * ROUNDS_A_BATCH + Math.floor(index / MEMBERS)
      return { round, signed: attest(network, round, index % MEMBERS) }
    }),
  )
  const getSet = (batch: number) => sets[batch % SETS] ?? []
  const fast = makeFastVerify()
  const check = makeSignatureCheck(fast, () => {
    throw new Error('an honest signature asks for no slow check')
  })

  const comparison = compare(
    {
      operations: ROUNDS_A_BATCH * MEMBERS,
      run(batch) {
        const admission = makeAdmission({ networkId: context.networkId, epochs: [context] })
        for (const { round, signed } of getSet(batch)) {
          const nowMs = (ORIGIN_MS + round * ROUND_MS + 900) as UnixMs
          const { action } = admit(admission, 'attestation', 0, signed.bytes, nowMs, check)
          if (action !== 'accept') throw new Error(`not admitted: ${action}`)
        }
      },
    },
    {
      operations: ROUNDS_A_BATCH * MEMBERS,
      run(batch) {
        for (const { signed } of getSet(batch)) verifyBare(fast, signed)
      },
    },
    options,
  )
  return makeMeasurement({
    name,
    unit: `attestations of ${TARGETS} targets per second of one core`,
    against: 'bare verification of their signatures by the same verifier',
    aim: { atLeast: 0.5 },
    ...comparison,
  })
}

function verifyBare(
  verify: ReturnType<typeof makeFastVerify>,
  { signature, digest, publicKey }: SignedBytes,
): void {
  if (!verify(signature, digest, publicKey)) throw new Error('a signature does not verify')
}
