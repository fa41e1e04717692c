import { parseArgs } from 'node:util'
import { admissionBenchmark } from './admission.ts'
import { agreementBenchmark } from './agreement.ts'
import { certificatesBenchmark } from './certificates.ts'
import { devnetBenchmark } from './devnet-cost.ts'
import type { Benchmark } from './measurement.ts'

// `npm run bench [-- --only NAME]...`: one JSON object a line on stdout, progress on stderr.

const benchmarks: readonly Benchmark[] = [
  admissionBenchmark,
  certificatesBenchmark,
  agreementBenchmark,
  devnetBenchmark,
]
const names = benchmarks.flatMap((benchmark) => benchmark.names)

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
const wanted = new Set(values.only ?? names)
const unknown = [...wanted].filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`no measurement is named ${unknown.join(', ')}; there are ${names.join(', ')}`)
  process.exitCode = 2
} else {
  await main()
}

async function main(): Promise<void> {
  for (const benchmark of benchmarks) {
    if (!benchmark.names.some((name) => wanted.has(name))) continue
    for (const measurement of await benchmark.run((text) => console.error(text))) {
      if (!wanted.has(measurement.name)) continue
      console.log(JSON.stringify(measurement))
      if (measurement.met !== false) continue
      console.error(`${measurement.name} misses its aim: ${JSON.stringify(measurement.aim)}`)
      process.exitCode = 1
    }
  }
}
