import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome, Variant } from './variants.ts'

// Runs Spin: a model becomes C, the C a checker, and the checker is run to its end.

const MODEL_DIR = dirname(fileURLToPath(import.meta.url))
/** Memory that one run may use, MB. What needs more is not exhaustive and fails. */
const MEMORY_MB_MAX = 5500
const DEPTH_MAX = 1_000_000
/** Counterexamples are looked for no deeper than this, so that they are worth reading. */
const DEPTH_OF_REFUTATIONS = 160

export interface Tools {
  readonly spin: string
  readonly compiler: string
}

/** @returns the tools, or the name of what is missing */
export function findTools(): Tools | { readonly missing: string } {
  const works = (command: string, ...args: string[]) =>
    spawnSync(command, args, { stdio: 'ignore' }).status === 0
  if (!works('spin', '-V')) return { missing: 'spin' }
  const compiler = ['gcc', 'cc', 'clang'].find((name) => works(name, '--version'))
  return compiler === undefined ? { missing: 'a C compiler' } : { spin: 'spin', compiler }
}

export interface Result {
  /** `incomplete`: not every state was looked at, which proves nothing. */
  readonly outcome: Outcome | 'incomplete'
  readonly states: number
  readonly seconds: number
  /** What happened on the way to the counterexample, one line an event. */
  readonly trace: readonly string[]
  /** What the checker said, for when it is not what was expected. */
  readonly output: string
}

/** A directory of its own for the files that Spin and the compiler leave. */
export function withModel<T>(run: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'watchfire-model-'))
  try {
    for (const file of readdirSync(MODEL_DIR)) {
      if (file.endsWith('.pml')) copyFileSync(join(MODEL_DIR, file), join(dir, file))
    }
    return run(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function toFlags(settings: Variant['settings']): string[] {
  return Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
}

/**
 * Calls a program.
 *
 * @throws Error when it fails to run or exits with another code than 0
 */
export function call(dir: string, command: string, args: readonly string[]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (error !== undefined) throw error
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  }
  return stdout
}

/** Checks one variant; a process at a time, and at low priority. */
export function check(tools: Tools, variant: Variant): Result {
  return withModel((dir) => {
    const flags = toFlags(variant.settings)
    call(dir, tools.spin, [...flags, '-a', 'voting.pml'])
    const compile = ['-O2', '-w', '-DSAFETY', '-DNOREDUCE', `-DMEMLIM=${MEMORY_MB_MAX}`]
    call(dir, tools.compiler, [...compile, '-o', 'pan', 'pan.c'])
    const depth = variant.expected === 'holds' ? DEPTH_MAX : DEPTH_OF_REFUTATIONS
    const output = call(dir, 'nice', ['-n', '10', './pan', '-E', `-m${depth}`, '-w25'])
    const trace = existsSync(join(dir, 'voting.pml.trail'))
      ? readTrace(call(dir, tools.spin, [...flags, '-t', '-T', 'voting.pml']))
      : []
    return {
      outcome: readOutcome(output),
      states: Number(/^ *(\d+(?:\.\d+e\+\d+)?) states, stored/m.exec(output)?.[1] ?? 0),
      seconds: Number(/elapsed time ([\d.e+]+) seconds/.exec(output)?.[1] ?? 0),
      trace,
      output,
    }
  })
}

/** One random run of the rules as they are, of as many steps, most of which do nothing. */
export function simulate(tools: Tools, seed: number, views: number): readonly string[] {
  const flags = [`-DV=${views}`, '-DUNSORTED', `-n${seed}`, '-T', '-u3000']
  return withModel((dir) => readTrace(call(dir, tools.spin, [...flags, 'voting.pml'])))
}

/** The lines that the model prints: each begins with a word in capitals. */
export function readTrace(output: string): string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[A-Z]{4,} /.test(line))
}

/** The checker stops at the first violation; `(x==y)` is agreement's assertion, `0` progress'. */
function readOutcome(output: string): Result['outcome'] {
  if (output.includes('assertion violated (x==y)')) return 'agreement refuted'
  if (output.includes('assertion violated 0')) return 'progress refuted'
  const isWhole = !/Search not completed|max search depth too small|memory exhausted/i.test(output)
  return isWhole && /errors: 0\b/.test(output) ? 'holds' : 'incomplete'
}
