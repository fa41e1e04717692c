import { CommanderError } from 'commander'
import { CommandFault, exitCodes } from './command-fault.ts'
import { createProgram } from './program.ts'
import { makeTerminal } from './text/terminal.ts'

const terminal = makeTerminal()
try {
  await createProgram(terminal).parseAsync()
} catch (error) {
  if (error instanceof CommandFault) {
    for (const line of error.lines) terminal.err(line)
    process.exitCode = error.exitCode
  } else if (error instanceof CommanderError) {
    // commander has said what is wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  } else {
    throw error
  }
}
