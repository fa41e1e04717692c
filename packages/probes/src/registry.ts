import type { ProbeKind } from './kind.ts'

/** The kinds a monitor knows, by name. */
export type KindRegistry = ReadonlyMap<string, ProbeKind>

/** An identifier (SPEC 1). */
export const IDENTIFIER = /^[a-z0-9][a-z0-9._-]{0,31}$/

/**
 * @param kinds - the built-in kinds, and those of an operator's plug-ins
 * @throws TypeError on a name that is no identifier, or two kinds of one name: an installation error
 */
export function makeRegistry(kinds: readonly ProbeKind[]): KindRegistry {
  const registry = new Map<string, ProbeKind>()
  for (const kind of kinds) {
    if (!IDENTIFIER.test(kind.kind)) throw new TypeError(`"${kind.kind}" is no name for a kind`)
    if (registry.has(kind.kind)) throw new TypeError(`two kinds are named "${kind.kind}"`)
    registry.set(kind.kind, kind)
  }
  return registry
}
