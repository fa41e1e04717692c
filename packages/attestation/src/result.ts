/** What an operation that may fail on a peer's or operator's input gives: a value, or a code of a closed set and words. */
export type Result<T, Code extends string> =
  | { readonly ok: true; readonly value: T }
  | Failure<Code>

/** A refusal: `code` is for machines, `detail` for people. */
export interface Failure<Code extends string> {
  readonly ok: false
  readonly code: Code
  readonly detail: string
}

/** @returns a success that carries `value` */
export function succeed<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** @returns a refusal with its code and an explanation for people */
export function fail<Code extends string>(code: Code, detail: string): Failure<Code> {
  return { ok: false, code, detail }
}
