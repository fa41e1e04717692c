import { type Manifest, parseManifest, type Problem } from '@watchfire/attestation'
import { type ConfigFault, formatFinding } from '@watchfire/node/config-fault'
import { readYamlFile, type YamlFile } from '@watchfire/node/yaml-file'
import { CommandFault, exitCodes } from './command-fault.ts'

/** A manifest that was read and admitted (SPEC 4). */
export interface ManifestFile {
  readonly manifest: Manifest
  /** What its reader should know, one line each, with its place in the file. */
  readonly warnings: readonly string[]
}

/**
 * Reads and admits a manifest, YAML or JSON. Targets of any kind are admitted: whoever verifies a
 * certificate need not be able to probe.
 *
 * @throws CommandFault: 2 where there is no such file; 78 where it is not admitted, each reason as
 *   `file:line:column: field: expected …, got …`
 */
export function readManifestFile(path: string): ManifestFile {
  const yaml = readYaml(path)
  const parsed = parseManifest(yaml.value)
  if (!parsed.ok) throw makeProblemsFault(yaml, parsed.problems)
  const warnings = parsed.warnings.map((problem) => describeProblem(yaml, problem))
  return { manifest: parsed.manifest, warnings }
}

/** Reads a YAML or JSON file. @throws CommandFault: 2, 78 or 1, as the file is */
export function readYaml(path: string): YamlFile {
  const read = readYamlFile(path)
  if (read.ok) return read.value
  throw makeConfigFault(read.fault)
}

/** A refusal by the node's readers, with its exit code. */
export function makeConfigFault(fault: ConfigFault): CommandFault {
  const codes = {
    missing: exitCodes.usage,
    unreadable: exitCodes.failure,
    malformed: exitCodes.badConfig,
  }
  return new CommandFault(codes[fault.code], ...fault.findings.map(formatFinding))
}

/** A refusal (78) for what is wrong in a file, a line each. */
export function makeProblemsFault(
  yaml: YamlFile,
  problems: readonly PlacedProblem[],
): CommandFault {
  const lines = problems.map((problem) => describeProblem(yaml, problem))
  return new CommandFault(exitCodes.badConfig, ...lines)
}

type PlacedProblem = Pick<Problem, 'path' | 'expected' | 'got'>

/** `file:line:column: field: expected …, got …`. */
export function describeProblem(yaml: YamlFile, { path, expected, got }: PlacedProblem): string {
  const message = `expected ${expected}${got === undefined ? '' : `, got ${got}`}`
  return formatFinding(yaml.find(path, message))
}
