import { cleanText } from './text/table.ts'

/**
 * A JSON answer of a node, read without trusting its shape: what is missing or of another type reads
 * as absent, and text is made harmless for a terminal.
 */
export interface Answer {
  /** Undefined where there is no text of this name. */
  text(name: string): string | undefined
  number(name: string): number | undefined
  flag(name: string): boolean | undefined
  /** An empty answer where there is no object of this name. */
  object(name: string): Answer
  /** Objects of a list; empty where there is none. */
  list(name: string): Answer[]
  /** Texts of a list; empty where there is none. */
  texts(name: string): string[]
}

export function readAnswer(value: unknown): Answer {
  const fields = (
    typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  ) as Readonly<Record<string, unknown>>
  const getList = (name: string): readonly unknown[] => {
    const list = fields[name]
    return Array.isArray(list) ? list : []
  }
  return {
    text: (name) => {
      const text = fields[name]
      return typeof text === 'string' ? cleanText(text) : undefined
    },
    number: (name) => {
      const number = fields[name]
      return typeof number === 'number' ? number : undefined
    },
    flag: (name) => {
      const flag = fields[name]
      return typeof flag === 'boolean' ? flag : undefined
    },
    object: (name) => readAnswer(fields[name]),
    list: (name) => getList(name).map(readAnswer),
    texts: (name) =>
      getList(name).flatMap((item) => (typeof item === 'string' ? [cleanText(item)] : [])),
  }
}
