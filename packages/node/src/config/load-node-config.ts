import { dirname, resolve } from 'node:path'
import { isCidr } from '@watchfire/probes'
import { Errors } from 'typebox/value'
import type { ConfigFault, Finding } from './config-fault.ts'
import {
  type NodeConfig,
  type NodeConfigFile,
  nodeConfigDefaults,
  nodeConfigSchema,
} from './node-config.ts'
import { checkSecrets, completeSecret } from './secret-config.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'

/** A configuration, complete, or why it is refused. */
export type LoadedNodeConfig =
  | { readonly ok: true; readonly config: NodeConfig }
  | { readonly ok: false; readonly fault: ConfigFault }

/** Reads a node's configuration: checked, defaults filled in, paths made absolute from the file's place. */
export function loadNodeConfig(file: string): LoadedNodeConfig {
  const read = readYamlFile(file)
  if (!read.ok) return read
  const shape = checkShape(read.value)
  if (shape.length > 0) return refuse(file, shape)
  const given = read.value.value as NodeConfigFile
  const findings = [
    ...checkBlocks(read.value, given.probe?.allow ?? []),
    ...checkSecrets(read.value, given.probe?.secrets ?? []),
  ]
  if (findings.length > 0) return refuse(file, findings)
  return { ok: true, config: complete(file, given) }
}

function refuse(file: string, findings: readonly Finding[]): LoadedNodeConfig {
  return { ok: false, fault: { code: 'malformed', file, findings } }
}

/** What looks like a CIDR block and is none, such as `10.0.0.0/99`: no pattern tells. */
function checkBlocks(yaml: YamlFile, blocks: readonly string[]): Finding[] {
  return blocks.flatMap((text, i) =>
    isCidr(text)
      ? []
      : [yaml.find(['probe', 'allow', i], `expected a CIDR block, got ${JSON.stringify(text)}`)],
  )
}

function complete(file: string, given: NodeConfigFile): NodeConfig {
  const base = dirname(resolve(file))
  const defaults = nodeConfigDefaults
  return {
    file: resolve(file),
    manifest: resolve(base, given.manifest),
    dataDir: resolve(base, given.dataDir),
    monitor: given.monitor,
    p2p: { ...defaults.p2p, ...given.p2p },
    http: { ...defaults.http, ...given.http },
    probe: {
      ...defaults.probe,
      ...given.probe,
      ca: (given.probe?.ca ?? []).map((path) => resolve(base, path)),
      secrets: (given.probe?.secrets ?? []).map((secret) => completeSecret(base, secret)),
    },
    health: { ...defaults.health, ...given.health },
    store: { ...defaults.store, ...given.store },
    log: { ...defaults.log, ...given.log },
  }
}

type SchemaError = ReturnType<typeof Errors>[number]

function checkShape(yaml: YamlFile): Finding[] {
  const { value } = yaml
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [yaml.find([], 'expected the fields manifest, dataDir and others')]
  const findings: Finding[] = []
  for (const error of Errors(nodeConfigSchema, value)) {
    const path = error.instancePath.split('/').slice(1).map(readStep)
    // Said once, at the field, by the keyword that refuses it.
    if (error.keyword === 'boolean') findings.push(yaml.find(path, 'expected no such field here'))
    else if (error.keyword === 'required')
      for (const name of error.params.requiredProperties)
        findings.push(yaml.find([...path, name], 'expected a value; the field is missing'))
    else if (error.keyword !== 'additionalProperties')
      findings.push(yaml.find(path, `expected ${describe(error, value, path)}`))
  }
  // One line a field: a union says the same for each of its members.
  return findings.filter(
    (finding, i) => findings.findIndex(({ field }) => field === finding.field) === i,
  )
}

function readStep(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~')
}

function describe(error: SchemaError, value: object, path: readonly (string | number)[]): string {
  const got = getIn(value, path)
  const expected = getExpected(error, getIn(nodeConfigSchema, toSchemaPath(path)))
  return `${expected}, got ${JSON.stringify(got)?.slice(0, 80) ?? 'nothing'}`
}

function getExpected(error: SchemaError, schema: unknown): string {
  const choices = getIn(schema, ['anyOf'])
  if (Array.isArray(choices))
    return `one of ${choices.map((choice) => String(getIn(choice, ['const']))).join(', ')}`
  const named = getIn(schema, ['description'])
  if (error.keyword === 'pattern' && typeof named === 'string') return named
  return error.message.replace(/^must (be |have )?/, '')
}

function toSchemaPath(path: readonly (string | number)[]): string[] {
  return path.flatMap((step) => (typeof step === 'number' ? ['items'] : ['properties', step]))
}

function getIn(value: unknown, path: readonly (string | number)[]): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<string | number, unknown>)[step]
  }
  return found
}
