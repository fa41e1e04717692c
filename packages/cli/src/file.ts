import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { CommandFault, exitCodes, getErrorCode, getMessage } from './command-fault.ts'

/**
 * Reads a file that the caller named.
 *
 * @param bytesMax - a larger one is not read
 * @throws CommandFault: 2 where there is no such file, 1 where it cannot be read or is too large
 */
export function readNamedFile(path: string, bytesMax: number): Uint8Array {
  try {
    const { size } = statSync(path)
    if (size > bytesMax) {
      throw new CommandFault(exitCodes.failure, `${path}: ${size} bytes; at most ${bytesMax}`)
    }
    return readFileSync(path)
  } catch (error) {
    if (error instanceof CommandFault) throw error
    const code = getErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new CommandFault(exitCodes.usage, `${path}: no such file`)
    }
    throw new CommandFault(exitCodes.failure, `${path}: cannot be read: ${getMessage(error)}`)
  }
}

/** Writes a file that the caller named. @throws CommandFault (1) where it cannot be written */
export function writeNamedFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes)
  } catch (error) {
    throw new CommandFault(exitCodes.failure, `${path}: ${getMessage(error)}`)
  }
}
