import { dirname } from 'node:path'
import { type KindFault, loadKinds, loadNodeConfig, type NodeConfig } from '@watchfire/node'
import { builtinKinds, type KindRegistry, makeRegistry, type ProbeKind } from '@watchfire/probes'
import { CommandFault, exitCodes } from './command-fault.ts'
import { makeConfigFault } from './manifest-file.ts'

/** Where kinds come from besides this release. */
export interface KindSources {
  /** Packages, found from here. */
  readonly kinds?: readonly string[]
  /** A node's configuration: the packages that it names, found from where it lies. */
  readonly config?: string
}

/**
 * The built-in kinds, those of a node's configuration, and those of the packages that `--kinds` names.
 *
 * @throws CommandFault with the code of why a package is refused, 78 where a configuration names it,
 *   else 2
 */
export async function readKinds({ kinds = [], config }: KindSources): Promise<KindRegistry> {
  const own = config === undefined ? undefined : readNodeConfig(config)
  const configured =
    own === undefined ? [] : unwrap(await loadKinds(own.probe.kinds, dirname(own.file)), own.file)
  const named = unwrap(await loadKinds(kinds, process.cwd()))
  const known = new Set(configured.map(({ kind }) => kind))
  // One package may well be named in both.
  const added = named.filter(({ kind }) => !known.has(kind))
  return makeRegistry([...builtinKinds, ...configured, ...added])
}

/** @throws CommandFault (2, 78) on what is no configuration */
export function readNodeConfig(file: string): NodeConfig {
  const loaded = loadNodeConfig(file)
  if (loaded.ok) return loaded.config
  throw makeConfigFault(loaded.fault)
}

function unwrap(
  loaded: { readonly ok: true; readonly value: readonly ProbeKind[] } | KindFault,
  file?: string,
): readonly ProbeKind[] {
  if (loaded.ok) return loaded.value
  const { code, detail, index } = loaded
  throw file === undefined
    ? new CommandFault(exitCodes.usage, `--kinds: ${code}: ${detail}`)
    : new CommandFault(exitCodes.badConfig, `${file}: probe.kinds[${index}]: ${code}: ${detail}`)
}
