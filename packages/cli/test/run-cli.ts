import { CommanderError } from 'commander'
import { CommandFault } from '../src/command-fault.ts'
import { createProgram } from '../src/program.ts'

/** What a command said, and how it ended. */
export interface Ran {
  readonly out: string
  readonly err: string
  readonly exitCode: number
}

/** Runs a command in this process, as `main.ts` would in its own. */
export async function runCli(...argv: readonly string[]): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const before = process.exitCode
  process.exitCode = undefined
  let exitCode: number
  try {
    const terminal = {
      out: (text: string) => void out.push(`${text}\n`),
      err: (text: string) => void err.push(`${text}\n`),
      isColored: false,
    }
    await createProgram(terminal).parseAsync(argv, { from: 'user' })
    exitCode = getExitCode()
  } catch (error) {
    if (error instanceof CommandFault) {
      for (const line of error.lines) err.push(`${line}\n`)
      exitCode = error.exitCode
    } else if (error instanceof CommanderError) {
      exitCode = error.exitCode === 0 ? 0 : 2
    } else {
      throw error
    }
  } finally {
    process.exitCode = before
  }
  return { out: out.join(''), err: err.join(''), exitCode }
}

/** What the command has set, which the compiler cannot see. */
function getExitCode(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : 0
}
