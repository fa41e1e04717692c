/**
 * About how many instructions a regular expression (RE2's syntax) is compiled to, never fewer: told
 * from its text alone, since compiling is what a large one makes slow.
 *
 * @returns undefined of what the text alone does not tell: quoting by `\Q`
 */
export function estimatePatternSize(pattern: string): number | undefined {
  /** Sizes of what is open: the whole, and each group within. */
  const open = [3]
  let last = 0
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] ?? ''
    const counts = char === '{' ? COUNTS.exec(pattern.slice(at)) : null
    if (char === '\\' && pattern[at + 1] === 'Q') return undefined
    if (counts !== null) {
      const [text, least = '0', most] = counts
      // It is counted once already; what may go on for ever takes one more.
      const copies = most === '' ? Number(least) + 1 : Math.max(Number(least), Number(most ?? 0))
      add(open, last * Math.max(0, copies - 1))
      at += text.length
    } else if (char === '(') {
      open.push(3)
      at++
    } else if (char === ')' && open.length > 1) {
      last = open.pop() ?? 0
      add(open, last)
      at++
    } else {
      last = 2
      add(open, last)
      at = char === '[' ? findClassEnd(pattern, at) : at + (char === '\\' ? 2 : 1)
    }
  }
  return open.reduce((sum, size) => sum + size, 0)
}

/** How often something is repeated: `{2}`, `{2,}`, `{2,3}`. */
const COUNTS = /^\{(\d{1,9})(?:,(\d{0,9}))?\}/

function add(open: number[], size: number): void {
  open.push((open.pop() ?? 0) + size)
}

/** The place after a class such as `[^]a-z[:digit:]]`; the end where it has none. */
function findClassEnd(pattern: string, start: number): number {
  let at = start + 1
  if (pattern[at] === '^') at++
  // A bracket in the first place stands for itself.
  if (pattern[at] === ']') at++
  while (at < pattern.length && pattern[at] !== ']') {
    const named = pattern.startsWith('[:', at) ? pattern.indexOf(':]', at + 2) : -1
    if (named >= 0) at = named + 2
    else at += pattern[at] === '\\' ? 2 : 1
  }
  return at + 1
}
