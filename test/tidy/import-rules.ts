import { type Finding, getImports, type SourceFile } from './source-file.ts'

/**
 * Which package may import which, as the design lists them. `types` means types only.
 */
const ALLOWED: Readonly<Record<string, Readonly<Record<string, 'all' | 'types'>>>> = {
  attestation: {},
  consensus: { attestation: 'all' },
  probes: { attestation: 'types' },
  'light-client': { attestation: 'all' },
  node: { attestation: 'all', consensus: 'all', probes: 'all' },
  cli: { attestation: 'all', 'light-client': 'all', node: 'all', probes: 'all' },
}

/**
 * Doors beside a package's index, for those who want one small file and not all that a node is made
 * of: verifying a certificate offline needs a reader of YAML, and loads no network stack; running one
 * probe by hand loads no libp2p.
 */
const SIDE_DOORS = new Set([
  '@watchfire/node/config-fault',
  '@watchfire/node/yaml-file',
  '@watchfire/probes/muxer',
])

/** Packages that run without Node: in a browser, or in the simulator's virtual time. */
const WITHOUT_NODE = new Set(['attestation', 'consensus', 'light-client'])

/** The folder of the package a file belongs to, if it belongs to one. */
export function getPackage(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

export function isPackageSource(path: string): boolean {
  return /^packages\/[^/]+\/src\/.*\.ts$/.test(path)
}

/** Imports of a package's sources that run the wrong way, or out of its `src`. */
export function findWrongImports(file: SourceFile): Finding[] {
  const own = getPackage(file.path)
  if (own === undefined || !isPackageSource(file.path)) return []
  return getImports(file).flatMap(({ specifier, typeOnly, line }) => {
    const message = judgeImport(file.path, own, specifier, typeOnly)
    return message === undefined ? [] : [{ path: file.path, line, message }]
  })
}

function judgeImport(
  path: string,
  own: string,
  specifier: string,
  typeOnly: boolean,
): string | undefined {
  if (specifier.startsWith('node:')) {
    return WITHOUT_NODE.has(own)
      ? `${own} imports ${specifier}, and must run without Node`
      : undefined
  }
  if (specifier.startsWith('.')) {
    const base = `https://repository.invalid/${path}`
    const target = new URL(specifier, base).pathname
    return target.startsWith(`/packages/${own}/src/`)
      ? undefined
      : `${specifier} leads out of ${own}'s src`
  }
  const imported = getOwnPackage(specifier)
  if (imported === undefined) return undefined
  const isDeep = specifier.split('/').length > (specifier.startsWith('@') ? 2 : 1)
  if (isDeep && !SIDE_DOORS.has(specifier)) {
    return `${specifier} reaches into ${imported}; its index lists what it exports`
  }
  const allowed = ALLOWED[own]?.[imported]
  if (allowed === undefined) return `${own} may not import ${imported}`
  return allowed === 'types' && !typeOnly
    ? `${own} may import only types of ${imported}`
    : undefined
}

/** The folder of a package of ours from a specifier or dependency name, else undefined. */
function getOwnPackage(specifier: string): string | undefined {
  if (/^watchfire(\/|$)/.test(specifier)) return 'cli'
  return /^@watchfire\/([^/]+)/.exec(specifier)?.[1]
}

/** Dependencies in a package.json, and references in a tsconfig.json, that run the wrong way. */
export function findWrongReferences(file: SourceFile): Finding[] {
  const own = getPackage(file.path)
  if (own === undefined) return []
  const allowed = ALLOWED[own]
  if (allowed === undefined)
    return [{ path: file.path, line: 1, message: `${own} is not in the design` }]
  return listReferences(file, own)
    .filter((name) => allowed[name] === undefined)
    .map((name) => ({ path: file.path, line: 1, message: `${own} may not depend on ${name}` }))
}

function listReferences(file: SourceFile, own: string): string[] {
  if (file.path === `packages/${own}/package.json`) {
    return listDependencies(file).flatMap((name) => getOwnPackage(name) ?? [])
  }
  if (file.path === `packages/${own}/tsconfig.json`) {
    const config = JSON.parse(file.text) as { references?: { path: string }[] }
    return (config.references ?? []).map(({ path }) => path.replace(/^\.\.\//, ''))
  }
  return []
}

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const

/** Every dependency a package.json names, of every sort, as `[name, range]`. */
export function getDependencies(file: SourceFile): [name: string, range: string][] {
  const manifest = JSON.parse(file.text) as Partial<
    Record<(typeof DEPENDENCY_FIELDS)[number], Record<string, string>>
  >
  return DEPENDENCY_FIELDS.flatMap((field) => Object.entries(manifest[field] ?? {}))
}

function listDependencies(file: SourceFile): string[] {
  return getDependencies(file).map(([name]) => name)
}

/** Dependencies that are not pinned to one version. */
export function findLooseVersions(file: SourceFile): Finding[] {
  return getDependencies(file)
    .filter(([, range]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
    .map(([name, range]) => ({
      path: file.path,
      line: 1,
      message: `${name} is ${range}, not one version`,
    }))
}

/**
 * Dependencies without a reason.
 *
 * @param reasons - docs/dependencies.md: one table row each, its first cell the name in backticks
 */
export function findUnexplainedDependencies(file: SourceFile, reasons: SourceFile): Finding[] {
  const explained = new Set(
    [...reasons.text.matchAll(/^\| `([^`]+)` \| [^|\s]/gm)].map((match) => match[1]),
  )
  return listDependencies(file)
    .filter((name) => getOwnPackage(name) === undefined && !explained.has(name))
    .map((name) => ({
      path: file.path,
      line: 1,
      message: `${name} has no line in ${reasons.path}`,
    }))
}
