import {
  describeStanding,
  type Fork,
  formatQuantity,
  type GroupHealth,
  type HeadHealth,
  makeGenesisContext,
  type MemberHealth,
  viewGroups,
} from '@watchfire/attestation'
import { getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { fetchCertified } from '../fetch-certified.ts'
import { getVerdict } from '../state-view.ts'
import { cleanText, formatFacts, renderTable } from '../text/table.ts'
import { paint, type Style, type Terminal } from '../text/terminal.ts'
import type { ApiOptions } from './status.ts'

export interface GroupsOptions extends ApiOptions {
  readonly manifest?: string
  readonly group?: string
}

const styles: Readonly<Record<GroupHealth['standing'], Style>> = {
  forked: 'red',
  advancing: 'green',
  still: 'yellow',
  unknown: 'gray',
}

/** `watchfire groups`: how each chain is, as agreed in a certificate that was verified here. */
export async function groupsCommand(terminal: Terminal, options: GroupsOptions): Promise<void> {
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const genesis = makeGenesisContext(manifest)
  const { certified } = await fetchCertified(api, genesis, '/v1/certificates/latest')
  const all = viewGroups(certified.context, certified.state)
  const groups = all.filter(({ id }) => options.group === undefined || id === options.group)
  if (options.group !== undefined && groups.length === 0)
    throw new CommandFault(exitCodes.usage, `the manifest has no group ${cleanText(options.group)}`)
  const lines =
    options.json === true
      ? groups.map((group) => JSON.stringify(toJson(group), writeBigint))
      : options.group === undefined
        ? formatGroups(terminal, groups)
        : groups.flatMap((group) => formatGroup(terminal, group))
  for (const line of lines) terminal.out(line)
  terminal.err(`round ${certified.header.round}, signed by ${certified.signers.length}`)
}

function formatGroups(terminal: Terminal, groups: readonly GroupHealth[]): string[] {
  const columns = ['group', 'standing', 'heads', 'one in', 'targets'].map((title) => ({ title }))
  const rows = groups.map((group) => [
    group.id,
    paint(terminal, styles[group.standing], group.standing),
    group.heads.map(formatHead).join(', '),
    group.heads.flatMap((head) => formatInterval(head) ?? []).join(', '),
    countVerdicts(group),
  ])
  const forks = groups.flatMap(({ id, forks: own }) =>
    own.map((fork) => paint(terminal, 'red', `${id}: ${formatFork(fork)}`)),
  )
  return groups.length === 0 ? [] : [...renderTable(terminal, columns, rows), ...forks]
}

function formatGroup(terminal: Terminal, group: GroupHealth): string[] {
  const facts: [string, string][] = [
    ['group', group.id],
    [
      'standing',
      `${paint(terminal, styles[group.standing], group.standing)}: ${describeStanding(group)}`,
    ],
    ...group.heads.map((head): [string, string] => ['head', describeHead(head)]),
    ...group.forks.map((fork): [string, string] => [
      'fork',
      paint(terminal, 'red', formatFork(fork)),
    ]),
    ['targets', group.targets.map(formatTarget).join(', ')],
  ]
  const columns = [{ title: 'signal' }, { title: 'in the middle', isRight: true }, { title: 'of' }]
  const rows = group.signals.map(({ name, value, unit, scale, targets }) => [
    name,
    formatQuantity(value, scale, unit),
    `${targets} target${targets === 1 ? '' : 's'}`,
  ])
  return [
    ...formatFacts(terminal, facts),
    ...(rows.length === 0 ? [] : ['', ...renderTable(terminal, columns, rows)]),
  ]
}

function formatHead({ name, value, unit, scale }: HeadHealth): string {
  return `${name} ${formatQuantity(value, scale, unit)}`
}

function formatInterval({ intervalUs }: HeadHealth): string | undefined {
  return intervalUs === undefined ? undefined : formatQuantity(BigInt(intervalUs), 0, 'us')
}

function describeHead(head: HeadHealth): string {
  const { behindMs = 0, risenAt } = head
  const interval = formatInterval(head)
  const pace = interval === undefined ? '' : `, one in ${interval}`
  const behind = behindMs === 0 ? '' : `, ${formatQuantity(BigInt(behindMs), 0, 'ms')} behind`
  const last = risenAt === undefined ? '' : `, last rose in round ${risenAt}`
  return `${formatHead(head)}${pace}${behind}${last}`
}

function formatFork({ identity, height, branches, majority }: Fork): string {
  const sides = branches.map(({ value, targets }) => {
    const mark = value === majority ? ' (most)' : ''
    return `${value.slice(0, 16)}…${mark} ${targets.join(', ')}`
  })
  return `fork at ${height}, ${identity} ${sides.join(' | ')}`
}

function formatTarget({ id, verdict, astray }: MemberHealth): string {
  return `${id} ${getVerdict(verdict)}${astray ? ' (astray)' : ''}`
}

function countVerdicts({ targets }: GroupHealth): string {
  const counts = new Map<string, number>()
  for (const { verdict } of targets)
    counts.set(getVerdict(verdict), (counts.get(getVerdict(verdict)) ?? 0) + 1)
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(' ')
}

function toJson(group: GroupHealth): object {
  const targets = group.targets.map((target) => ({
    ...target,
    verdict: getVerdict(target.verdict),
  }))
  return { ...group, words: describeStanding(group), targets }
}

const writeBigint = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value
