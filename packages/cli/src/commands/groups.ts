import {
  type CertifiedState,
  describeStanding,
  type EpochContext,
  type Fork,
  formatQuantity,
  type GroupHealth,
  groupStatesMax,
  type HeadHealth,
  makeGenesisContext,
  viewGroups,
} from '@watchfire/attestation'
import { type Api, getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { fetchCertified } from '../fetch-certified.ts'
import { getVerdict } from '../state-view.ts'
import { cleanText, formatFacts, renderTable } from '../text/table.ts'
import { paint, type Style, type Terminal } from '../text/terminal.ts'
import type { ApiOptions } from './status.ts'

export interface GroupsOptions extends ApiOptions {
  readonly manifest?: string
  readonly group?: string
  readonly states?: string
}

const statesDefault = 16

const styles: Readonly<Record<GroupHealth['standing'], Style>> = {
  forked: 'red',
  advancing: 'green',
  still: 'yellow',
  unknown: 'gray',
}

/** `watchfire groups`: how each chain is, computed here from certificates that were verified here. */
export async function groupsCommand(terminal: Terminal, options: GroupsOptions): Promise<void> {
  const wanted = readCount(options.states)
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const certified = await fetchNewest(api, makeGenesisContext(manifest), wanted)
  const newest = certified.at(-1)
  if (newest === undefined) return
  const states = certified.map(({ state }) => state)
  const all = viewGroups(newest.context, states)
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
  const first = certified[0]?.header.round ?? newest.header.round
  const over = `${certified.length} certified state${certified.length === 1 ? '' : 's'}`
  terminal.err(`over ${over}, rounds ${first} to ${newest.header.round}`)
}

/** The newest certified states of one epoch, ascending, as far back as the node keeps them. */
async function fetchNewest(
  api: Api,
  genesis: EpochContext,
  count: number,
): Promise<readonly CertifiedState[]> {
  const { certified: newest } = await fetchCertified(api, genesis, '/v1/certificates/latest')
  const found = [newest]
  const floor = Math.max(1, newest.header.height - count + 1)
  for (let height = newest.header.height - 1; height >= floor; height--) {
    const older = await fetchKept(api, genesis, height)
    if (older === undefined || older.header.epoch !== newest.header.epoch) break
    found.unshift(older)
  }
  return found
}

/** @returns undefined where the node has it no more; a certificate that is refused is a fault */
async function fetchKept(
  api: Api,
  genesis: EpochContext,
  height: number,
): Promise<CertifiedState | undefined> {
  const path = `/v1/certificates/${height}`
  try {
    return (await fetchCertified(api, genesis, path)).certified
  } catch (error) {
    if (error instanceof CommandFault && / 404 /.test(error.message)) return undefined
    throw error
  }
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
    ['targets', group.targets.map(({ id, verdict }) => `${id} ${getVerdict(verdict)}`).join(', ')],
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

function formatInterval({ intervalMs }: HeadHealth): string | undefined {
  return intervalMs === undefined ? undefined : formatQuantity(intervalMs, 0, 'ms')
}

function describeHead(head: HeadHealth): string {
  const { advance, overMs, scale, unit, advancedAt } = head
  const moved =
    advance === undefined || overMs === undefined
      ? ''
      : `, rose by ${formatQuantity(advance, scale, unit)} in ${formatQuantity(BigInt(overMs), 0, 'ms')}`
  const last = advancedAt === undefined ? '' : `, last in round ${advancedAt}`
  return `${formatHead(head)}${moved}${last}`
}

function formatFork({ identity, height, branches, majority }: Fork): string {
  const sides = branches.map(({ value, targets }) => {
    const mark = value === majority ? ' (most)' : ''
    return `${value.slice(0, 16)}…${mark} ${targets.join(', ')}`
  })
  return `fork at ${height}, ${identity} ${sides.join(' | ')}`
}

function countVerdicts({ targets }: GroupHealth): string {
  const counts = new Map<string, number>()
  for (const { verdict } of targets)
    counts.set(getVerdict(verdict), (counts.get(getVerdict(verdict)) ?? 0) + 1)
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(' ')
}

function toJson(group: GroupHealth): object {
  const targets = group.targets.map(({ id, verdict }) => ({ id, verdict: getVerdict(verdict) }))
  return { ...group, words: describeStanding(group), targets }
}

const writeBigint = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value

function readCount(text: string | undefined): number {
  if (text === undefined) return statesDefault
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= groupStatesMax) return count
  throw new CommandFault(
    exitCodes.usage,
    `--states: expected a number from 1 to ${groupStatesMax}, got ${cleanText(text)}`,
  )
}
