/** A link as it is written: its words, and where it leads. */
export interface MarkdownLink {
  readonly words: string
  readonly target: string
}

/** The text without fenced blocks: what looks like a link in code is none. */
function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, '')
}

/** Links to places in the repository, not to the web. */
export function getInternalLinks(text: string): MarkdownLink[] {
  return [...withoutBlocks(text).matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)]
    .map(([, words = '', target = '']) => ({ words, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target))
}

/** What lies between a heading and the next of its level or above. */
export function getSection(text: string, heading: string): string {
  const start = text.indexOf(`${heading}\n`)
  if (start === -1) return ''
  const rest = text.slice(start + heading.length)
  const end = rest.search(new RegExp(`^#{1,${heading.indexOf(' ')}} `, 'm'))
  return end === -1 ? rest : rest.slice(0, end)
}

/** Fenced blocks of a language; of none by default. */
export function getBlocks(text: string, language = ''): string[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .filter(([, own]) => own === language)
    .map(([, , block = '']) => block)
}

/** Anchors that a forge makes of the headings of a text. */
export function getAnchors(text: string): Set<string> {
  return new Set(
    [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
