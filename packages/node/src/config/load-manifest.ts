import { type Manifest, parseManifest } from '@watchfire/attestation'
import {
  checkTargetParams,
  type KindRegistry,
  type ParamsProblem,
  type TargetFile,
} from '@watchfire/probes'
import type { ConfigFault, Finding } from './config-fault.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'

/** A manifest with what its founders should know, or why it is refused. */
export type LoadedManifest =
  | { readonly ok: true; readonly manifest: Manifest; readonly warnings: readonly Finding[] }
  | { readonly ok: false; readonly fault: ConfigFault }

/**
 * Protocol features that this release knows: none yet. A feature changes rules, so who does not know
 * one must not take part.
 */
const knownFeatures: ReadonlySet<string> = new Set()

/** Findings about kinds in a manifest that is otherwise admitted. */
interface KindFindings {
  readonly problems: readonly Finding[]
  readonly warnings: readonly Finding[]
}

/**
 * Reads a network manifest (SPEC 4). Every finding names file, line and field, and what was expected.
 * A feature that is unknown here is refused. Parameters
 * are checked by their kind (SPEC 13); a kind that is unknown here is a warning only,
 * since a monitor without it abstains.
 */
export function loadManifest(file: string, registry: KindRegistry): LoadedManifest {
  const read = readYamlFile(file)
  if (!read.ok) return read
  const parsed = parseManifest(read.value.value)
  if (!parsed.ok) {
    const findings = parsed.problems.map((problem) => toFinding(read.value, problem))
    return { ok: false, fault: { code: 'malformed', file, findings } }
  }
  const { problems, warnings } = checkKinds(read.value, registry)
  const findings = [...checkFeatures(read.value), ...problems]
  if (findings.length > 0) return { ok: false, fault: { code: 'malformed', file, findings } }
  const own = parsed.warnings.map((problem) => toFinding(read.value, problem))
  return { ok: true, manifest: parsed.manifest, warnings: [...own, ...warnings] }
}

function toFinding(
  yaml: YamlFile,
  { path, code, expected, got }: Pick<ParamsProblem, 'path' | 'code' | 'expected' | 'got'>,
): Finding {
  const message = `expected ${expected}${got === undefined ? '' : `, got ${got}`}`
  return { ...yaml.find(path, message), code }
}

/** SPEC 4.4: a network whose features are not all known cannot be joined. */
function checkFeatures(yaml: YamlFile): Finding[] {
  const { features = [] } = yaml.value as { readonly features?: readonly string[] }
  return features.flatMap((feature, index) =>
    knownFeatures.has(feature)
      ? []
      : [
          toFinding(yaml, {
            path: ['features', index],
            code: 'unknown-name',
            expected: 'a feature that this release knows (it knows none)',
            got: feature,
          }),
        ],
  )
}

/** Checks the targets as the file has them; `parseManifest` has admitted their shape. */
function checkKinds(yaml: YamlFile, registry: KindRegistry): KindFindings {
  const file = yaml.value as {
    parameters: { targets: readonly (Omit<TargetFile, 'identities'> & Partial<TargetFile>)[] }
  }
  const problems: Finding[] = []
  const warnings: Finding[] = []
  for (const [index, target] of file.parameters.targets.entries())
    for (const problem of checkTargetParams({ identities: [], ...target }, registry)) {
      const path = ['parameters', 'targets', index, ...problem.path]
      // This monitor will abstain on it, and the others may know better.
      const isOurs = problem.code === 'unknown-kind' || problem.code === 'kind-throws'
      const list = isOurs ? warnings : problems
      list.push(toFinding(yaml, { ...problem, path }))
    }
  return { problems, warnings }
}
