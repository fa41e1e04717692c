/** Exit codes of every command: 0 well, 1 failure, 2 wrong use or no such file, 78 bad configuration. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  badConfig: 78,
  sigint: 130,
  sigterm: 143,
} as const

/**
 * A command that cannot do its work: each line goes to stderr as it stands, without a stack, and the
 * process ends with `exitCode`. Anything else that is thrown is a bug, and keeps its stack.
 */
export class CommandFault extends Error {
  readonly exitCode: number
  readonly lines: readonly string[]

  /**
   * @param exitCode - one of {@link exitCodes}
   * @param lines - what is wrong, one finding a line
   */
  constructor(exitCode: number, ...lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'CommandFault'
    this.exitCode = exitCode
    this.lines = lines
  }
}

/** The message of anything thrown. */
export function getMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  // fetch says only "fetch failed"; why lies in its cause.
  const cause =
    thrown.cause instanceof Error && thrown.cause.message !== '' ? thrown.cause : undefined
  return cause === undefined ? thrown.message : `${thrown.message}: ${cause.message}`
}

/** The `code` of a system error (`ENOENT`), else undefined. */
export function getErrorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}
