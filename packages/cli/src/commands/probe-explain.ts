import {
  type KindSignal,
  type ParamsProblem,
  parseParams,
  type PolicyFile,
  type ProbeKind,
} from '@watchfire/probes'
import { readKinds } from '../kind-packages.ts'
import { listParams, type ParamSchema } from '../probe-params.ts'
import { renderTable } from '../text/table.ts'
import type { Terminal } from '../text/terminal.ts'
import { formatSignal } from '../text/units.ts'
import { findKind } from './probe.ts'

/** What `--list` and `--explain` take. */
export interface ExplainOptions {
  readonly kinds?: readonly string[]
  readonly config?: string
  readonly json?: boolean
}

/** `watchfire probe --list`: every kind in a line. */
export async function listKindsCommand(terminal: Terminal, options: ExplainOptions): Promise<void> {
  const registry = await readKinds(options)
  const kinds = [...registry.values()].toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
  if (options.json === true) {
    for (const { kind, summary } of kinds) terminal.out(JSON.stringify({ kind, summary }))
    return
  }
  const columns = [{ title: 'kind' }, { title: 'what is well' }]
  const rows = kinds.map(({ kind, summary }) => [kind, summary])
  for (const line of renderTable(terminal, columns, rows)) terminal.out(line)
}

/** What default policies are shown for. */
const EXAMPLE = { timeoutMs: 5000, group: 'example' }

/**
 * `watchfire probe --explain KIND`: its parameters, signals, identities, outcomes and default policy,
 * as the kind itself declares them; those that depend on parameters, for the examples in its schema.
 */
export async function explainKindCommand(
  terminal: Terminal,
  name: string,
  options: ExplainOptions,
): Promise<void> {
  const kind = findKind(name, await readKinds(options))
  const example = makeExample(kind)
  const signals = example.ok ? kind.signals(example.params) : []
  const policy = example.ok ? kind.defaultPolicy(example.params, EXAMPLE) : undefined
  if (options.json === true) {
    const { kind: id, summary, params, identities, outcomes } = kind
    terminal.out(
      JSON.stringify({ kind: id, summary, params, signals, identities, outcomes, policy }),
    )
    return
  }
  terminal.out(`${kind.kind}: ${kind.summary}`)
  terminal.out('')
  for (const line of formatParams(terminal, kind)) terminal.out(line)
  terminal.out('')
  if (example.ok) for (const line of formatSignals(terminal, signals)) terminal.out(line)
  else terminal.out(`signals depend on parameters: ${describeProblem(example.problems)}`)
  for (const { name: identity, meaning } of kind.identities) {
    terminal.out(`identity ${identity}: ${meaning}`)
  }
  terminal.out('')
  terminal.out(`outcomes: ${kind.outcomes.join(', ')}`)
  if (policy !== undefined) for (const line of formatPolicy(policy, signals)) terminal.out(line)
}

/** Parameters that a kind takes, of its schema's examples and, where there are none, its defaults. */
export function makeExample(kind: ProbeKind): ReturnType<typeof parseParams> {
  const { properties } = listParams(kind)
  const given = Object.entries(properties).flatMap(([name, { examples }]) => {
    const [example] = examples ?? []
    return example === undefined ? [] : [[name, example]]
  })
  return parseParams(kind, Object.fromEntries(given))
}

function formatParams(terminal: Terminal, kind: ProbeKind): string[] {
  const columns = ['parameter', 'type', 'default', 'meaning'].map((title) => ({ title }))
  return renderTable(terminal, columns, listRows(listParams(kind), ''))
}

/** A row for each field, and after it those of what it holds: `calls[].address`. */
function listRows(
  { properties = {}, required = [] }: Pick<ParamSchema, 'properties' | 'required'>,
  prefix: string,
): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const row = [
      `${prefix}${name}`,
      describeType(schema),
      schema.default === undefined
        ? required.includes(name)
          ? 'required'
          : ''
        : JSON.stringify(schema.default),
      schema.description ?? '',
    ]
    const fields =
      schema.items === undefined
        ? listRows(schema, `${prefix}${name}.`)
        : listRows(schema.items, `${prefix}${name}[].`)
    return [row, ...fields]
  })
}

function describeType(schema: ParamSchema): string {
  if (schema.anyOf !== undefined) {
    const choices = schema.anyOf.map((choice) =>
      choice.const === undefined
        ? describeType(choice as ParamSchema)
        : JSON.stringify(choice.const),
    )
    return choices.join(' or ')
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' or ')
  const { type = 'any', items, minimum, maximum, minItems, maxItems } = schema
  return items === undefined
    ? `${type}${describeRange(minimum, maximum)}`
    : `list${describeRange(minItems, maxItems)} of ${describeType(items)}`
}

function describeRange(least: number | undefined, most: number | undefined): string {
  return least === undefined && most === undefined ? '' : ` ${least ?? ''}..${most ?? ''}`
}

function formatSignals(terminal: Terminal, signals: readonly KindSignal[]): string[] {
  return renderTable(
    terminal,
    ['signal', 'unit', 'decimals', 'agreed as', 'meaning'].map((title) => ({
      title,
      isRight: title === 'decimals',
    })),
    signals.map(({ name, unit, scale, aggregate, meaning, optional }) => [
      name,
      unit,
      String(scale),
      aggregate,
      optional === true ? `${meaning} A healthy target may lack it.` : meaning,
    ]),
  )
}

function formatPolicy(policy: PolicyFile, signals: readonly KindSignal[]): string[] {
  const thresholds = policy.thresholds.map(({ signal, above, below, lag, clear, severity }) => {
    const of = signals.find(({ name }) => name === signal)
    const show = (value: number | string) =>
      formatSignal(BigInt(value), of?.unit ?? '', of?.scale ?? 0)
    const bound =
      above !== undefined
        ? `above ${show(above)}`
        : below !== undefined
          ? `below ${show(below)}`
          : `more than ${show(lag ?? 0)} behind its group`
    const until = clear === undefined ? '' : `, until back at ${show(clear)}`
    return `  ${severity} when ${signal} is ${bound}${until}`
  })
  return [
    `default policy, for a timeout of ${EXAMPLE.timeoutMs} ms:`,
    `  reached by ${policy.reachedMin}, failed for ${policy.failedMin} of 1000; ` +
      `${policy.fallRounds} rounds to fall, ${policy.riseRounds} to rise`,
    ...thresholds,
  ]
}

function describeProblem([problem]: readonly ParamsProblem[]): string {
  return problem === undefined ? '' : `${problem.path.join('.')}: ${problem.expected}`
}
