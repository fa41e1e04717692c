/**
 * Why a file was refused. `missing`: there is no such file; `unreadable`: there is, and it cannot be
 * read; `malformed`: what is in it is wrong, at the places named.
 */
export type ConfigFaultCode = 'missing' | 'unreadable' | 'malformed'

/** One finding in a file; line and column count from 1, and are absent where no place can be named. */
export interface Finding {
  readonly file: string
  readonly line: number | undefined
  readonly column: number | undefined
  /** `p2p.listen[0]`; empty for the file as a whole. */
  readonly field: string
  /** What was expected there, and what was found. */
  readonly message: string
  /** What is wrong, for machines, where that has a code: `credential`. */
  readonly code?: string
}

/** A file's refusal, as a value: whoever shows it chooses the exit code (78, or 2 for a missing argument). */
export interface ConfigFault {
  readonly code: ConfigFaultCode
  readonly file: string
  readonly findings: readonly Finding[]
}

/** One line: `node.yaml:3:11: http.port: expected an integer, got "x"`. */
export function formatFinding({ file, line, column, field, message }: Finding): string {
  const where = line === undefined ? file : `${file}:${line}:${column ?? 1}`
  return field === '' ? `${where}: ${message}` : `${where}: ${field}: ${message}`
}

/** @returns `field[2].name`, as a path into a file is shown */
export function formatPath(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path)
    text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text
}
