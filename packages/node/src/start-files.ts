import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type EpochContext, type Result, toHex, toText } from '@watchfire/attestation'
import {
  findSecretProblem,
  type KindRegistry,
  makeRegistry,
  type ProbeKind,
  type Secrets,
} from '@watchfire/probes'
import { formatFinding } from './config/config-fault.ts'
import { loadKinds } from './config/load-kinds.ts'
import { loadManifest } from './config/load-manifest.ts'
import type { NodeConfig } from './config/node-config.ts'
import { readSecrets } from './config/read-secrets.ts'
import type { Identity, IdentityFaultCode } from './keys/open-identity.ts'
import type { Log } from './ports.ts'
import { check, makeFieldFault, StartError } from './start-error.ts'

/**
 * The built-in kinds and those of the packages that the configuration names.
 *
 * @throws {StartError} as `loadKinds` fails
 */
export async function readKinds(
  config: NodeConfig,
  builtin: readonly ProbeKind[],
): Promise<KindRegistry> {
  const loaded = await loadKinds(config.probe.kinds, dirname(config.file))
  if (loaded.ok) return makeRegistry([...builtin, ...loaded.value])
  const { code, detail, index } = loaded
  throw new StartError(makeFieldFault(code, config, ['probe', 'kinds', index], detail))
}

/** @throws {StartError} `bad-config`, `missing-manifest` */
export function readManifest(
  config: NodeConfig,
  registry: KindRegistry,
): Extract<ReturnType<typeof loadManifest>, { ok: true }> {
  const loaded = loadManifest(config.manifest, registry)
  if (loaded.ok) return loaded
  const { findings, code } = loaded.fault
  throw new StartError({
    ok: false,
    code: code === 'missing' ? 'missing-manifest' : 'bad-config',
    detail: findings.map(formatFinding).join('\n'),
    findings,
  })
}

/** A file of certificates that probes trust. @throws {StartError} `bad-config` */
export function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const message = `expected a file of certificates (${error instanceof Error ? error.message : String(error)})`
    const finding = { file: path, line: undefined, column: undefined, field: '', message }
    throw new StartError({
      ok: false,
      code: 'bad-config',
      detail: formatFinding(finding),
      findings: [finding],
    })
  }
}

/**
 * What the operator has bound to targets, each to one of the manifest that takes it.
 *
 * @throws {StartError} as `readSecrets` fails; `secret-misbound`
 */
export function bindTargets(
  config: NodeConfig,
  { parameters: { targets } }: EpochContext,
  registry: KindRegistry,
): Secrets {
  const { secrets: bound } = config.probe
  const read = readSecrets(bound, process.env)
  if (!read.ok) throw new StartError(makeFieldFault(read.code, config, read.path, read.detail))
  const byId = new Map(targets.map((target) => [toText(target.id), target]))
  for (const [index, { target: id }] of bound.entries()) {
    const target = byId.get(id)
    const problem =
      target === undefined
        ? `expected a target of the manifest, got ${id}`
        : findSecretProblem(target, registry, read.value)
    if (problem !== undefined) {
      const path = ['probe', 'secrets', index]
      throw new StartError(makeFieldFault('secret-misbound', config, path, problem))
    }
  }
  return read.value
}

/** Says which targets this monitor cannot ask, since they need a secret and none is bound. */
export function warnOfUnbound(
  { parameters: { targets } }: EpochContext,
  registry: KindRegistry,
  secrets: Secrets,
  log: Log,
): void {
  const unbound = targets.filter((each) => findSecretProblem(each, registry, secrets) !== undefined)
  if (unbound.length === 0) return
  const ids = unbound.map(({ id }) => toText(id))
  log.warn(
    { targets: ids },
    `abstaining (no-secret) on targets that need a secret: ${ids.join(', ')}`,
  )
}

/**
 * Makes the data directory, or refuses one that belongs to another network.
 *
 * @throws {StartError} `data-dir-unusable`, `wrong-network`
 */
export function openDataDir(config: NodeConfig, context: EpochContext): void {
  const { dataDir, manifest } = config
  const file = join(dataDir, 'NETWORK')
  const own = toHex(context.networkId)
  let there: string
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    if (!existsSync(file)) writeFileSync(file, `${own}\n`)
    there = readFileSync(file, 'latin1').trim()
  } catch (error) {
    const detail = `${dataDir}: ${error instanceof Error ? error.message : String(error)}`
    throw new StartError({ ok: false, code: 'data-dir-unusable', detail, findings: [] })
  }
  if (there === own) return
  const message = `expected a directory of network ${own}, that of ${manifest}; ${dataDir} belongs to ${there}`
  throw new StartError(makeFieldFault('wrong-network', config, ['dataDir'], message))
}

/**
 * The identity, or where the configuration names a monitor that this one cannot be.
 *
 * @throws {StartError} as `openIdentity` fails
 */
export function checkIdentity(
  opened: Result<Identity, IdentityFaultCode>,
  config: NodeConfig,
): Identity {
  if (opened.ok) return opened.value
  const { code, detail } = opened
  if (code === 'not-a-member' || code === 'wrong-key')
    throw new StartError(makeFieldFault(code, config, ['monitor'], detail))
  return check(opened)
}
