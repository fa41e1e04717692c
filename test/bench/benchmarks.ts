import { admissionBenchmark } from './admission.ts'
import { agreementBenchmark } from './agreement.ts'
import { certificatesBenchmark } from './certificates.ts'
import { devnetBenchmark } from './devnet-cost.ts'
import { devnetStartBenchmark } from './devnet-start.ts'
import type { Benchmark } from './measurement.ts'
import { simulationBenchmark } from './simulation.ts'
import { probesBenchmark } from './probes.ts'
import { startupBenchmark } from './startup.ts'

/** All of them, in the order in which they run; docs/bench.md says what each measures. */
export const benchmarks: readonly Benchmark[] = [
  admissionBenchmark,
  certificatesBenchmark,
  agreementBenchmark,
  simulationBenchmark,
  probesBenchmark,
  devnetBenchmark,
  startupBenchmark,
  devnetStartBenchmark,
]

/** The names of all measurements. */
export const measurementNames: readonly string[] = benchmarks.flatMap(({ names }) => names)
