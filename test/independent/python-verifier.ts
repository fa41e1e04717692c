import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('./verify.py', import.meta.url))
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

/**
 * Runs the verifier in Python.
 *
 * @param input its standard input
 * @throws naming python3 where there is none: a check that cannot be made has not passed
 */
export function runPython(args: readonly string[], input = ''): SpawnSyncReturns<string> {
  const ran = spawnSync('python3', ['-B', SCRIPT, ...args], {
    encoding: 'utf8',
    input,
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  if (ran.error !== undefined) {
    throw new Error('python3 (3.11 or later) is needed on PATH for the independent verifier', {
      cause: ran.error,
    })
  }
  return ran
}

/** Answers of `verify.py lines`, one for each question that has one. */
export function askPython(questions: readonly unknown[]): unknown[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('')
  const { status, stdout, stderr } = runPython(['lines'], input)
  if (status !== 0) throw new Error(`verify.py lines: exit ${status}\n${stderr}`)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
}
