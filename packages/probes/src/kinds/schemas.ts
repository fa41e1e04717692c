import { type TSchema, Type } from 'typebox'
import type { ParamsProblem } from '../kind.ts'

// Pieces of parameter schemas that kinds share.

/** An object that takes no other properties than these: a misspelt one is refused, not ignored. */
export function strictObject<const P extends Record<string, TSchema>>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}

export const hostSchema = Type.String({
  minLength: 1,
  maxLength: 253,
  pattern: '^[A-Za-z0-9._:-]+$',
  description: 'Name or address, without brackets or port.',
})

export const portSchema = Type.Integer({ minimum: 1, maximum: 65_535, description: 'TCP port.' })

export const urlSchema = Type.String({
  minLength: 8,
  maxLength: 2048,
  pattern: '^https?://[!-~]+$',
  description: 'http or https URL, without user, password or fragment.',
})

/** What a pattern cannot say of a URL. */
export function checkUrl(field: string, text: string): readonly ParamsProblem[] {
  const problem = (expected: string) => [{ path: [field], code: 'bad-url', expected, got: text }]
  if (!URL.canParse(text)) return problem('an http or https URL')
  const url = new URL(text)
  // A manifest is public; secrets have no place in it.
  if (url.username !== '' || url.password !== '') return problem('no user or password')
  return url.hash === '' ? [] : problem('no fragment')
}
