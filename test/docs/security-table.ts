// The tables of SECURITY.md: threat, answer, and the tests that show it.

/** A test as SECURITY.md names it: a link whose words are the test's title and whose place is its file. */
export interface NamedTest {
  readonly title: string
  /** From the root of the repository. */
  readonly path: string
}

/** One line of a table. */
export interface Threat {
  readonly attack: string
  readonly answer: string
  readonly tests: readonly NamedTest[]
}

const HEADING = '| attack | answer | shown by |'

/** Every line of every table with that heading. */
export function readThreats(text: string): Threat[] {
  return text.split(`${HEADING}\n`).slice(1).flatMap(readTable)
}

function readTable(text: string): Threat[] {
  const lines = text.split('\n').slice(1)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end === -1 ? lines.length : end).map((line) => {
    const [, attack = '', answer = '', shown = ''] = line.split('|').map((cell) => cell.trim())
    const tests = [...shown.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(
      ([, title = '', path = '']) => ({ title, path }),
    )
    return { attack, answer, tests }
  })
}

/** Whether a source has a string that is this title, from quote to quote. */
export function hasTitle(source: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => {
    const escaped = quote === "'" ? title.replaceAll("'", "\\'") : title
    return source.includes(`${quote}${escaped}${quote}`)
  })
}
