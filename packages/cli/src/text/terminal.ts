import { styleText } from 'node:util'

/** Where a command speaks: data on `out`, talk on `err`. Tests put their own in its place. */
export interface Terminal {
  /** Writes data, with a line break after it. */
  readonly out: (text: string) => void
  /** Writes talk, with a line break after it. */
  readonly err: (text: string) => void
  /** Whether data may be coloured. */
  readonly isColored: boolean
}

export type Style = Parameters<typeof styleText>[0]

/** Colours text where the terminal wants it. */
export function paint(terminal: Pick<Terminal, 'isColored'>, style: Style, text: string): string {
  return terminal.isColored ? styleText(style, text, { validateStream: false }) : text
}

/**
 * The terminal of this process. Colour only on a TTY, and not with NO_COLOR. A reader that went away
 * (`watchfire feed | head -1`) ends the process quietly, as it does for any tool.
 */
export function makeTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(0)
    })
  }
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    isColored: process.stdout.isTTY && process.stdout.hasColors(),
  }
}
