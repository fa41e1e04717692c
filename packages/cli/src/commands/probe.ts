import { readFileSync } from 'node:fs'
import {
  askOnce,
  isCertificate,
  isCidr,
  type KindRegistry,
  type PolicyFile,
  type ProbeKind,
  type ProbeResult,
} from '@watchfire/probes'
import { CommandFault, exitCodes, getMessage } from '../command-fault.ts'
import { readKinds, readNodeConfig } from '../kind-packages.ts'
import { readProbeParams } from '../probe-params.ts'
import { readProbeSecrets } from '../probe-secrets.ts'
import { cleanText, renderTable } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { formatSignal, formatUs, parseDuration } from '../text/units.ts'

/** What `watchfire probe` takes. */
export interface ProbeOptions {
  readonly params?: string
  readonly param?: readonly string[]
  readonly allow?: readonly string[]
  readonly ca?: readonly string[]
  readonly secret?: readonly string[]
  readonly kinds?: readonly string[]
  readonly config?: string
  readonly timeout: string
  readonly list?: boolean
  readonly explain?: boolean
  readonly json?: boolean
}

/** A monitor that cannot tell is neither well nor failed; 3 is what Nagios calls unknown. */
const ABSTAINED = 3

/**
 * `watchfire probe KIND ADDRESS`: runs one probe once, by the rules of a node, and shows its phases,
 * signals and identities, and which thresholds of the kind's default policy they cross.
 *
 * @returns 0 reached, 1 failed, 3 abstained
 */
export async function probeCommand(
  terminal: Terminal,
  kindName: string,
  address: string | undefined,
  options: ProbeOptions,
): Promise<number> {
  const own = options.config === undefined ? undefined : readNodeConfig(options.config).probe
  const kind = findKind(kindName, await readKinds(options))
  const params = readProbeParams(kind, address, options)
  const timeoutMs = parseDuration(options.timeout)
  if (timeoutMs === undefined) throw misuse(`--timeout ${options.timeout}: expected such as 5s`)
  for (const block of options.allow ?? []) {
    if (!isCidr(block)) throw misuse(`--allow ${block}: expected a CIDR block`)
  }
  const allow = [...(own?.allow ?? []), ...(options.allow ?? [])]
  const ca = [...(own?.ca ?? []), ...(options.ca ?? [])].map(readAuthority)
  const credentials = readProbeSecrets(kind, params, options.secret ?? [])
  const result = await askOnce({
    kind,
    params,
    timeoutMs,
    allow,
    ca,
    ...(credentials === undefined ? {} : { credentials }),
  })
  const policy = kind.defaultPolicy(params, { timeoutMs, group: '' })
  const crossed = findCrossed(policy, result)
  if (options.json === true) terminal.out(JSON.stringify(toJson(kind, params, result, crossed)))
  else for (const line of formatResult(terminal, kind, params, result, crossed)) terminal.out(line)
  return { reached: exitCodes.ok, failed: exitCodes.failure, abstained: ABSTAINED }[result.status]
}

/** @throws CommandFault (2) where there is no such kind */
export function findKind(name: string, registry: KindRegistry): ProbeKind {
  const kind = registry.get(name)
  if (kind !== undefined) return kind
  throw misuse(`no kind ${cleanText(name)}; there are ${[...registry.keys()].join(', ')}`)
}

function readAuthority(path: string): string {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    throw misuse(`--ca ${path}: ${getMessage(error)}`)
  }
  if (!isCertificate(pem)) throw misuse(`--ca ${path}: no certificate in PEM`)
  return pem
}

/** Signals beyond a threshold of a policy. What lags a group takes a group to tell. */
function findCrossed(policy: PolicyFile, result: ProbeResult): ReadonlyMap<string, string> {
  const crossed = new Map<string, string>()
  if (result.status !== 'reached') return crossed
  for (const { signal, above, below, severity } of policy.thresholds) {
    const value = result.signals[signal]
    if (value === undefined) continue
    if (above !== undefined && value > BigInt(above)) crossed.set(signal, severity)
    if (below !== undefined && value < BigInt(below)) crossed.set(signal, severity)
  }
  return crossed
}

function toJson(
  kind: ProbeKind,
  params: object,
  result: ProbeResult,
  crossed: ReadonlyMap<string, string>,
): object {
  const { phases } = result
  const basis = { kind: kind.kind, status: result.status, params, phases }
  if (result.status === 'failed') {
    return { ...basis, outcome: result.outcome, detail: result.detail }
  }
  if (result.status === 'abstained') {
    return { ...basis, reason: result.reason, detail: result.detail }
  }
  return {
    ...basis,
    reference: result.reference,
    signals: kind.signals(params).flatMap(({ name, unit, scale }) => {
      const value = result.signals[name]
      if (value === undefined) return []
      const severity = crossed.get(name)
      // 64-bit integers are strings in JSON.
      return [{ name, value: value.toString(), unit, scale, ...(severity && { severity }) }]
    }),
    identities: Object.entries(result.identities).map(([name, value]) => ({
      name,
      value: toHex(value),
    })),
  }
}

function formatResult(
  terminal: Terminal,
  kind: ProbeKind,
  params: object,
  result: ProbeResult,
  crossed: ReadonlyMap<string, string>,
): string[] {
  return [
    `${paint(terminal, 'dim', kind.kind)}  ${formatEnding(terminal, result, crossed)}`,
    ...formatPhases(terminal, result),
    ...formatSignals(terminal, kind, params, result, crossed),
  ]
}

function formatPhases(terminal: Terminal, { phases }: ProbeResult): string[] {
  if (phases.length === 0) return []
  const columns = [{ title: 'phase' }, { title: 'time', isRight: true }]
  const rows = phases.map(({ name, us }) => [name, formatUs(us)])
  return ['', ...renderTable(terminal, columns, rows)]
}

function formatEnding(
  terminal: Terminal,
  result: ProbeResult,
  crossed: ReadonlyMap<string, string>,
): string {
  switch (result.status) {
    case 'reached': {
      if (crossed.size === 0) return paint(terminal, 'green', 'reached')
      const [severity = ''] = crossed.values()
      const text = `reached; ${severity} by the default policy: ${[...crossed.keys()].join(', ')}`
      return paint(terminal, 'yellow', text)
    }
    case 'failed':
      return `${paint(terminal, 'red', `failed: ${result.outcome}`)}  ${cleanText(result.detail)}`
    case 'abstained':
      return `${paint(terminal, 'yellow', `abstained: ${result.reason}`)}  ${cleanText(result.detail)}`
    default:
      throw new TypeError('a result of no known status')
  }
}

function formatSignals(
  terminal: Terminal,
  kind: ProbeKind,
  params: object,
  result: ProbeResult,
  crossed: ReadonlyMap<string, string>,
): string[] {
  if (result.status !== 'reached') return []
  const signals = kind.signals(params).map(({ name, unit, scale, meaning }) => {
    const value = result.signals[name]
    const text = value === undefined ? 'none' : formatSignal(value, unit, scale)
    return [name, crossed.has(name) ? paint(terminal, 'yellow', text) : text, meaning]
  })
  const identities = kind.identities.flatMap(({ name, meaning }) => {
    const value = result.identities[name]
    return value === undefined ? [] : [[name, toHex(value), meaning]]
  })
  const { reference } = result
  return [
    '',
    ...renderTable(
      terminal,
      [{ title: 'signal' }, { title: 'value', isRight: true }, { title: 'meaning' }],
      signals,
    ),
    ...(identities.length === 0
      ? []
      : [
          '',
          ...renderTable(
            terminal,
            [{ title: 'identity' }, { title: 'value' }, { title: 'meaning' }],
            identities,
          ),
        ]),
    ...(reference === undefined ? [] : ['', `of ${reference.kind} ${reference.value}`]),
  ]
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function misuse(...lines: readonly string[]): CommandFault {
  return new CommandFault(exitCodes.usage, ...lines)
}
