import { stripVTControlCharacters } from 'node:util'
import { paint, type Terminal } from './terminal.ts'

export interface Column {
  readonly title: string
  /** Numbers stand to the right, so that their digits line up. */
  readonly isRight?: boolean
}

/**
 * Aligns rows in columns under a heading. Cells may hold colour; it takes no room.
 *
 * @returns lines, the heading first; no line ends in blanks
 */
export function renderTable(
  terminal: Pick<Terminal, 'isColored'>,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const heading = columns.map((column) => paint(terminal, 'dim', column.title))
  return alignRows([heading, ...rows], columns)
}

/** Aligns rows in columns, without a heading. */
export function alignRows(
  rows: readonly (readonly string[])[],
  columns: readonly Pick<Column, 'isRight'>[] = [],
): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, getWidth(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const blanks = ' '.repeat((widths[at] ?? 0) - getWidth(cell))
        return columns[at]?.isRight === true ? blanks + cell : cell + blanks
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Facts with their labels in a column of their own. */
export function formatFacts(
  terminal: Pick<Terminal, 'isColored'>,
  facts: readonly (readonly [label: string, text: string])[],
): string[] {
  const width = Math.max(...facts.map(([label]) => label.length))
  return facts.map(([label, text]) => `${paint(terminal, 'dim', label.padEnd(width))}  ${text}`)
}

function getWidth(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/**
 * Makes text from elsewhere (a node's answer, a manifest's label) harmless on a terminal: control
 * characters, escape sequences among them, become `?`.
 */
export function cleanText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}
