import { type Answer, readAnswer } from '../answer.ts'
import { makeApi } from '../api.ts'
import { exitCodes } from '../command-fault.ts'
import { alignRows, renderTable } from '../text/table.ts'
import { paint, type Style, type Terminal } from '../text/terminal.ts'
import { formatSeconds } from '../text/units.ts'
import { noteAgreement } from './agreement-note.ts'

export interface ApiOptions {
  readonly api: string
  readonly json?: boolean
}

const styles: Readonly<Record<string, Style>> = {
  ok: 'green',
  waiting: 'yellow',
  stalled: 'red',
  halted: 'red',
}

/**
 * `watchfire status`: one node, and whether it sees agreement.
 *
 * @returns 0 when it does and the news is fresh, else 1
 */
export async function statusCommand(
  terminal: Terminal,
  options: ApiOptions,
  nowMs: number,
): Promise<number> {
  const api = makeApi(options.api)
  const json = await api.getJson('/v1/status')
  const monitorsJson = await api.getJson('/v1/monitors')
  const status = readAnswer(json)
  const agreement = status.object('agreement')
  const state = agreement.text('status') ?? 'unknown'
  const isWell = state === 'ok' && status.flag('stale') !== true
  const exitCode = isWell ? exitCodes.ok : exitCodes.failure
  if (options.json === true) {
    const monitors = (monitorsJson as { readonly monitors?: unknown }).monitors ?? []
    terminal.out(JSON.stringify({ ...(json as object), monitors }))
    return exitCode
  }

  const label = (text: string) => paint(terminal, 'dim', text)
  const round = status.number('round')
  const rows = [
    [
      'agreement',
      `${paint(terminal, styles[state] ?? 'gray', state)} ${agreement.text('words') ?? ''}`,
    ],
    ['network', `${status.text('networkName') ?? ''} (${status.text('network') ?? ''})`],
    [
      'node',
      `${status.text('monitor') ?? 'observer'}, version ${status.text('version') ?? 'unknown'}`,
    ],
    [
      'certified',
      round === undefined
        ? 'nothing yet'
        : `round ${round}, height ${status.number('height')}${status.flag('stale') === true ? ', stale' : ''}`,
    ],
    ['clock', `round ${status.number('clockRound') ?? 'none yet'}${formatClock(status)}`],
    ['view', `${status.number('view') ?? ''}, epoch ${status.number('epoch') ?? ''}`],
    ['peers', `${status.number('peers') ?? ''}, this one is ${status.text('peerId') ?? ''}`],
    ...formatCanaries(status),
    ['up for', formatSince(status.text('startedAt'), nowMs)],
  ]
  for (const notice of listNotices(status)) rows.push(['notice', notice])
  const monitors = readAnswer(monitorsJson).list('monitors')
  for (const line of monitors.flatMap(describeGuilt))
    rows.push(['evidence', paint(terminal, 'red', line)])
  for (const line of alignRows(rows.map(([name = '', text = '']) => [label(name), text]))) {
    terminal.out(line)
  }
  terminal.out('')
  const columns = [
    { title: 'monitor' },
    { title: 'weight', isRight: true },
    { title: 'attested', isRight: true },
    { title: 'heard', isRight: true },
    { title: 'height', isRight: true },
    { title: 'clock', isRight: true },
    { title: 'version' },
    { title: '' },
  ]
  const table = monitors.map((monitor) => {
    const own = monitor.object('status')
    const offset = monitor.number('clockOffsetMs')
    const excluded = monitor.number('excludedSince')
    return [
      `${monitor.text('id') ?? ''}${monitor.flag('isSelf') === true ? ' (this)' : ''}`,
      formatNumber(monitor.number('weight')),
      formatNumber(monitor.number('lastAttestationRound')),
      monitor.flag('isSelf') === true ? '' : formatAgo(monitor.text('lastHeard'), nowMs),
      formatNumber(own.number('height')),
      offset === undefined ? '' : `${offset >= 0 ? '+' : ''}${Math.round(offset)} ms`,
      own.text('version') ?? '',
      excluded === undefined ? '' : paint(terminal, 'red', `excluded since round ${excluded}`),
    ]
  })
  for (const line of renderTable(terminal, columns, table)) terminal.out(line)
  return exitCode
}

/** Whether a monitor signed two things for one place, and what came of it. */
function describeGuilt(monitor: Answer): string[] {
  const since = monitor.number('excludedSince')
  if (since === undefined && monitor.text('evidence') === undefined) return []
  const what = `${monitor.text('id') ?? ''} signed two things for one place`
  return since === undefined
    ? [`${what}; no block holds that yet`]
    : [`${what}: nothing it observes counts since round ${since}`]
}

/** What the operator should know besides; each thing once, though the node has it in several places. */
function listNotices(status: Answer): string[] {
  const notices: string[] = []
  const told = [status.object('agreement').text('words')]
  for (const notice of [
    ...status.texts('notReady'),
    ...(status.flag('isQuarantined') === true ? ['signs nothing until it is safe'] : []),
    status.text('clockNotice'),
    status.object('selfHealth').text('reason'),
  ]) {
    // The node gives a code before some: `unwell: this machine's clock …`.
    const words = notice?.replace(/^[a-z-]+: /, '')
    if (notice === undefined || told.some((text) => text?.includes(words ?? '') === true)) continue
    told.push(notice)
    notices.push(notice)
  }
  return notices
}

function formatClock(status: Answer): string {
  const describe = (offsetMs: number, whose: string) =>
    `, ${Math.abs(Math.round(offsetMs))} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} ${whose}`
  const offsetMs = status.number('clockOffsetMs')
  const timeServer = status.object('timeServer')
  const serverMs = timeServer.number('offsetMs')
  const errorMs = timeServer.number('errorMs') ?? 0
  return [
    offsetMs === undefined ? '' : describe(offsetMs, 'the committee'),
    serverMs === undefined
      ? ''
      : `${describe(serverMs, 'its time servers')} (within ${Math.ceil(errorMs)} ms)`,
  ].join('')
}

function formatCanaries(status: Answer): string[][] {
  const canaries = status.object('selfHealth').object('canaries')
  const total = canaries.number('total')
  const failed = canaries.number('failed') ?? 0
  return total === undefined ? [] : [['canaries', `${total - failed} of ${total} answered`]]
}

function formatNumber(number: number | undefined): string {
  return number === undefined ? '' : String(number)
}

function formatSince(time: string | undefined, nowMs: number): string {
  return time === undefined ? '' : formatSeconds(Math.max(0, (nowMs - Date.parse(time)) / 1000))
}

function formatAgo(time: string | undefined, nowMs: number): string {
  return time === undefined ? 'never' : `${formatSince(time, nowMs)} ago`
}

/** `watchfire peers`: who this node is connected to. */
export async function peersCommand(
  terminal: Terminal,
  options: ApiOptions,
  nowMs: number,
): Promise<void> {
  const json = await makeApi(options.api).getJson('/v1/peers')
  if (options.json === true) {
    terminal.out(JSON.stringify(json))
    return
  }
  const answer = readAnswer(json)
  const peers = answer.list('peers')
  const columns = [
    { title: 'peer' },
    { title: 'monitor' },
    { title: 'dialled by' },
    { title: 'for', isRight: true },
    { title: 'latency', isRight: true },
    { title: 'score', isRight: true },
    { title: 'address' },
  ]
  const rows = peers.map((peer) => {
    const latencyMs = peer.number('latencyMs')
    return [
      peer.text('peerId') ?? '',
      peer.text('monitor') ?? '',
      peer.text('direction') === 'inbound' ? 'them' : 'us',
      formatSince(peer.text('connectedAt'), nowMs),
      latencyMs === undefined ? '' : `${latencyMs.toFixed(1)} ms`,
      peer.number('score')?.toFixed(1) ?? '',
      peer.texts('addresses')[0] ?? '',
    ]
  })
  for (const line of renderTable(terminal, columns, rows)) terminal.out(line)
  const total = answer.number('total') ?? peers.length
  if (total > peers.length) terminal.err(`${peers.length} of ${total} peers shown`)
  noteAgreement(terminal, answer)
}
