import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Failure, fail, type Result, succeed } from '@watchfire/attestation'
import * as probes from '@watchfire/probes'
import { Type } from 'typebox'

const { builtinKinds, findKindFault, KIND_INTERFACE } = probes

/** Why a package of kinds was refused. */
export type KindFaultCode =
  | 'kind-not-found'
  | 'kind-wrong-interface'
  | 'kind-malformed'
  | 'kind-throws'
  | 'kind-name-clash'

/** A refusal, with the place of the package in the list. */
export interface KindFault extends Failure<KindFaultCode> {
  readonly index: number
}

/** What a package's `makeKinds` is given: all that `@watchfire/probes` exports, and typebox's `Type`. */
export type KindApi = typeof probes & { readonly Type: typeof Type }

/** A package that is not loaded after so long never will be. */
const LOAD_MS_MAX = 10_000

/**
 * Loads kinds from npm packages, by name or path, as they are found from a directory.
 *
 * @param names - packages in the order in which their kinds are added to the built-in ones
 * @param from - directory whose `node_modules` is looked into, and then those above it
 * @returns the kinds of all of them, without the built-in ones
 */
export async function loadKinds(
  names: readonly string[],
  from: string,
): Promise<{ readonly ok: true; readonly value: readonly probes.ProbeKind[] } | KindFault> {
  const owners = new Map(builtinKinds.map(({ kind }) => [kind, 'this release']))
  const kinds: probes.ProbeKind[] = []
  for (const [index, name] of names.entries()) {
    const loaded = await loadPackage(name, from)
    if (!loaded.ok) return { ...loaded, index }
    for (const kind of loaded.value) {
      const owner = owners.get(kind.kind)
      if (owner !== undefined) {
        const detail = `${name}: kind ${kind.kind} is one of ${owner} already`
        return { ...fail('kind-name-clash', detail), index }
      }
      owners.set(kind.kind, name)
      kinds.push(kind)
    }
  }
  return succeed(kinds)
}

async function loadPackage(
  name: string,
  from: string,
): Promise<Result<readonly probes.ProbeKind[], KindFaultCode>> {
  const found = findPackage(name, from)
  if (!found.ok) return found
  const throws = (error: unknown) => fail('kind-throws', `${name}: ${describe(error)}`)
  let module: { readonly interfaceVersion?: unknown; readonly makeKinds?: unknown }
  try {
    module = await within(import(pathToFileURL(found.value).href) as Promise<typeof module>)
  } catch (error) {
    return throws(error)
  }
  const { interfaceVersion, makeKinds } = module
  if (interfaceVersion !== KIND_INTERFACE) {
    const got = JSON.stringify(interfaceVersion) ?? 'none'
    const detail = `${name}: expected interfaceVersion ${KIND_INTERFACE}, got ${got}`
    return fail('kind-wrong-interface', detail)
  }
  if (typeof makeKinds !== 'function') {
    return fail('kind-malformed', `${name}: expected a function makeKinds`)
  }
  let made: unknown
  try {
    made = (makeKinds as (api: KindApi) => unknown)({ ...probes, Type })
  } catch (error) {
    return throws(error)
  }
  if (!Array.isArray(made)) return fail('kind-malformed', `${name}: expected a list of kinds`)
  const [fault] = made.flatMap((kind) => findKindFault(kind) ?? [])
  return fault === undefined
    ? succeed(made as probes.ProbeKind[])
    : fail('kind-malformed', `${name}: ${fault}`)
}

function findPackage(name: string, from: string): Result<string, KindFaultCode> {
  try {
    const path = createRequire(join(from, 'watchfire')).resolve(name)
    // A module of Node's own is no file.
    if (isAbsolute(path)) return succeed(path)
    return fail('kind-not-found', `${name}: expected a package, got a module of Node's own`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
      ? fail('kind-not-found', `${name}: its package.json exports no "default"`)
      : fail('kind-not-found', `${name}: no such package in ${from} or above it`)
  }
}

async function within<T>(loading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = new Error(`it was not loaded in ${LOAD_MS_MAX / 1000} s`)
    timer = setTimeout(() => reject(error), LOAD_MS_MAX)
  })
  return Promise.race([loading, late]).finally(() => clearTimeout(timer))
}

function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, 300)
}
