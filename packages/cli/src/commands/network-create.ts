import { writeFileSync } from 'node:fs'
import { getNetworkId, manifestToJson, toHex, toText } from '@watchfire/attestation'
import { CommandFault, exitCodes, getErrorCode, getMessage } from '../command-fault.ts'
import { makeProblemsFault, readYaml } from '../manifest-file.ts'
import { formatManifest } from '../manifest-text.ts'
import { completeDraft } from '../network-draft.ts'
import type { Terminal } from '../text/terminal.ts'
import { parseDuration } from '../text/units.ts'
import { formatFindings, listFindings } from './network-inspect.ts'

export interface CreateOptions {
  readonly out?: string
  readonly name?: string
  readonly member?: readonly string[]
  readonly round?: string
  readonly origin?: string
  readonly kinds?: readonly string[]
  readonly json?: boolean
}

/** Rounds until the first, where nobody says otherwise: time to hand the manifest to the members. */
const ORIGIN_STEP_MS = 60_000

/**
 * `watchfire network create DRAFT`: the manifest of a new network, every field explicit, and what
 * its founders should know about it.
 */
export async function createNetworkCommand(
  terminal: Terminal,
  draftPath: string,
  options: CreateOptions,
  nowMs: number,
): Promise<void> {
  const yaml = readYaml(draftPath)
  const roundMs = options.round === undefined ? undefined : readDuration('--round', options.round)
  const completed = await completeDraft(yaml.value, {
    ...(options.name === undefined ? {} : { name: options.name }),
    members: (options.member ?? []).map(readMember),
    ...(roundMs === undefined ? {} : { roundMs }),
    originMs: readOrigin(options.origin, nowMs),
    ...(options.kinds === undefined ? {} : { kinds: options.kinds }),
  })
  if (!completed.ok) throw makeProblemsFault(yaml, completed.problems)
  const { manifest } = completed
  const id = toHex(getNetworkId(manifest))
  const text = formatManifest(manifest)
  if (options.out !== undefined) write(options.out, text)
  const findings = listFindings(manifest, completed.warnings)
  if (options.json === true) {
    const { warnings, manipulability } = findings
    const file = options.out ?? null
    const json = manifestToJson(manifest)
    terminal.out(JSON.stringify({ id, file, warnings, manipulability, manifest: json }))
    return
  }
  if (options.out === undefined) terminal.out(text.trimEnd())
  for (const line of formatFindings(findings)) terminal.err(line)
  terminal.err(`network ${toText(manifest.name)}: ${id}`)
  if (options.out !== undefined) terminal.err(`written to ${options.out}`)
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o644 })
  } catch (error) {
    const isThere = getErrorCode(error) === 'EEXIST'
    const why = isThere ? 'exists already; a manifest is not written over' : getMessage(error)
    throw new CommandFault(exitCodes.failure, `${path}: ${why}`)
  }
}

/** `m1=<public key>[,weight=2][,region=eu][,network=as64500][,operator=alice]`. */
function readMember(text: string): Record<string, unknown> {
  const [first = '', ...rest] = text.split(',')
  const [id, publicKey] = first.split('=')
  const refuse = () =>
    new CommandFault(
      exitCodes.usage,
      `--member: expected ID=PUBLICKEY[,weight=N][,region=R][,network=N][,operator=O], got ${text}`,
    )
  if (id === undefined || id === '' || publicKey === undefined) throw refuse()
  const member: Record<string, unknown> = { id, publicKey, weight: 1 }
  for (const part of rest) {
    const match = /^(weight|region|network|operator)=(.+)$/.exec(part)
    if (match?.[1] === undefined || match[2] === undefined) throw refuse()
    member[match[1]] = match[1] === 'weight' ? Number(match[2]) : match[2]
  }
  return member
}

function readDuration(flag: string, text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) {
    throw new CommandFault(exitCodes.usage, `${flag}: expected a time such as 2s, got ${text}`)
  }
  return ms
}

/** When round 0 begins: a time as given, else the next full minute but one. */
function readOrigin(text: string | undefined, nowMs: number): number {
  if (text === undefined) return (Math.floor(nowMs / ORIGIN_STEP_MS) + 2) * ORIGIN_STEP_MS
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isSafeInteger(ms)) return ms
  throw new CommandFault(
    exitCodes.usage,
    `--origin: expected a time such as 2026-01-01T00:00:00Z, or ms since 1970, got ${text}`,
  )
}
