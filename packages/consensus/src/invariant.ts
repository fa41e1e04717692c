/** A rule of our own that was broken: a bug, never a peer's doing. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * Asserts what must hold whatever peers send.
 *
 * @throws InvariantError
 */
export function invariant(condition: boolean, rule: string): asserts condition {
  if (!condition) throw new InvariantError(rule)
}
