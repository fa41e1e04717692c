import { parseArgs } from 'node:util'
import { Keeper, readCorpus, toInputs } from './corpus.ts'
import { type FuzzSummary, fuzzTarget, runOnce } from './run-target.ts'
import type { FuzzTarget } from './target.ts'
import { fuzzTargets, getPart } from './targets.ts'

const names = fuzzTargets.map(({ name }) => name)
const usage = `usage: npm run fuzz -- [--inputs N] [--seed S] [--only NAME[,NAME]] [--keep] [--input HEX]
  --inputs  inputs in all, parted among the targets (default 100000); with --only: of each
  --keep    adds the shortest input of each code that is new to test/fuzz/corpus
  --input   runs this one input of the target that --only names, and prints what comes of it
targets: ${names.join(', ')}`

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
})
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const wanted = values.only?.split(',') ?? names
const targets = fuzzTargets.filter(({ name }) => wanted.includes(name))
const isUsable =
  Number.isSafeInteger(inputs) &&
  inputs > 0 &&
  Number.isSafeInteger(seed) &&
  wanted.every((name) => names.includes(name)) &&
  (values.input === undefined || targets.length === 1)

if (!isUsable) {
  console.error(usage)
  process.exitCode = 2
} else if (values.input !== undefined) {
  for (const target of targets) await replay(target, values.input)
} else {
  for (const target of targets) {
    const summary = await run(target, values.only === undefined ? getPart(target, inputs) : inputs)
    console.log(JSON.stringify(summary))
    if (summary.violations.length > 0) process.exitCode = 1
  }
}

async function run(target: FuzzTarget, count: number): Promise<FuzzSummary> {
  const keeper = new Keeper()
  const summary = await fuzzTarget(target, {
    seed,
    inputs: count,
    corpus: toInputs(readCorpus(target.name)),
    onInput: (done) => {
      if (done % 20_000 === 0 || done === count) console.error(`${target.name}: ${done}/${count}`)
    },
    onOutcome: (input, { code }) => keeper.take(input, code),
  })
  if (values.keep) keeper.write(target.name)
  for (const { what, input } of summary.violations) {
    console.error(`${target.name}: ${what}`)
    if (input !== '') console.error(`again: npm run fuzz -- --only ${target.name} --input ${input}`)
  }
  return summary
}

async function replay(target: FuzzTarget, hex: string): Promise<void> {
  const open = await target.open()
  try {
    const outcome = await runOnce(open, Uint8Array.from(Buffer.from(hex, 'hex')))
    console.log(JSON.stringify(outcome))
  } finally {
    await open.close?.()
  }
}
