import { loadKinds } from '@watchfire/node'
import { builtinKinds, type KindRegistry, makeRegistry } from '@watchfire/probes'
import { CommandFault, exitCodes } from './command-fault.ts'

/**
 * The built-in kinds and those of the packages that `--kinds` names, found from here.
 *
 * @throws CommandFault (2), with the code of why a package is refused
 */
export async function readKinds(names: readonly string[] = []): Promise<KindRegistry> {
  const loaded = await loadKinds(names, process.cwd())
  if (loaded.ok) return makeRegistry([...builtinKinds, ...loaded.value])
  throw new CommandFault(exitCodes.usage, `--kinds: ${loaded.code}: ${loaded.detail}`)
}
