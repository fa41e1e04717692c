import { HttpProblem } from './problem.ts'

/**
 * Cursors are opaque to readers: the place after the last item given, as base64url of JSON.
 * They hold small integers only, so that a forged one can ask for nothing that a query could not.
 */
export function makeCursor(place: readonly number[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/**
 * Reads a cursor back.
 *
 * @param length how many numbers this route's cursors hold
 * @throws HttpProblem `bad-cursor` for anything that `makeCursor` did not make
 */
export function readCursor(text: string, length: number): number[] {
  const refuse = () => new HttpProblem('bad-cursor', 'Use `next` of an earlier answer unchanged.')
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch {
    throw refuse()
  }
  if (!Array.isArray(value) || value.length !== length) throw refuse()
  const place: number[] = []
  for (const part of value) {
    if (typeof part !== 'number' || !Number.isSafeInteger(part) || part < 0) throw refuse()
    place.push(part)
  }
  return place
}
