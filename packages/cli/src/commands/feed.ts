import {
  type EpochContext,
  getRoundStartMs,
  limits,
  makeGenesisContext,
  toText,
  verifySignature,
} from '@watchfire/attestation'
import {
  follow,
  type FollowEvent,
  readCertificateFile,
  type VerifiedState,
} from '@watchfire/light-client'
import { getTrustRoot, makeApi } from '../api.ts'
import { CommandFault, exitCodes } from '../command-fault.ts'
import { makeRoundLines } from '../devnet/round-lines.ts'
import { readNamedFile } from '../file.ts'
import { viewState } from '../state-view.ts'
import { toStateJson } from '../text/state-text.ts'
import { cleanText } from '../text/table.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import type { ApiOptions } from './status.ts'
import { formatMoment } from '../text/units.ts'

export interface FeedOptions extends ApiOptions {
  readonly manifest?: string
  readonly after?: string
  readonly rounds?: string
}

/**
 * `watchfire feed`: follows a node's feed as a light client. Every state is verified; staleness, gaps
 * and contradictions are said.
 *
 * @returns 0 after as many rounds as wanted, 130 or 143 when told to stop, 1 on a contradiction
 */
export async function feedCommand(terminal: Terminal, options: FeedOptions): Promise<number> {
  const wanted = readCount(options.rounds)
  const api = makeApi(options.api)
  const { manifest } = await getTrustRoot(api, options.manifest, terminal)
  const context = makeGenesisContext(manifest)
  const checkpoint =
    options.after === undefined ? undefined : readCheckpoint(options.after, context)
  const stop = new AbortController()
  let exitCode: number = exitCodes.ok
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    exitCode = signal === 'SIGINT' ? exitCodes.sigint : exitCodes.sigterm
    stop.abort()
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)

  const show = makeShow(terminal, toText(manifest.name), options.json === true)
  let count = 0
  try {
    for await (const event of follow(api.url, context, { signal: stop.signal, checkpoint })) {
      show(event)
      if (event.type === 'conflict') return exitCodes.failure
      if (event.type === 'state') count += 1
      if (count === wanted) return exitCodes.ok
    }
    return exitCode
  } finally {
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal)
  }
}

function makeShow(terminal: Terminal, name: string, isJson: boolean): (event: FollowEvent) => void {
  const lines = makeRoundLines(terminal)
  const warn = (text: string) => terminal.out(paint(terminal, 'yellow', cleanText(text)))
  if (isJson) return (event) => terminal.out(JSON.stringify(toJson(event, name)))
  return (event) => {
    switch (event.type) {
      case 'state': {
        const { parameters } = event.context
        const delayMs = Date.now() - getRoundStartMs(parameters, event.round)
        for (const line of lines.write(viewState(event), delayMs)) terminal.out(line)
        if (event.missed !== undefined) {
          warn(`heights ${event.missed.from} to ${event.missed.to} were not to be had`)
        }
        return
      }
      case 'stale': {
        const what = event.state === undefined ? 'nothing yet' : `round ${event.state.round}`
        warn(`STALE since ${formatMoment(event.since)}, last ${what}: ${event.reason}`)
        return
      }
      case 'fault':
        terminal.err(cleanText(`${event.url}: ${event.code}: ${event.detail}`))
        return
      case 'conflict':
        terminal.err(
          `two valid certificates conflict (heights ${event.held.height} and ${event.other.height}): nothing here can be believed`,
        )
    }
  }
}

function toJson(event: FollowEvent, name: string): object {
  switch (event.type) {
    case 'state': {
      const state = toStateJson(viewState(event), name, event.context.parameters)
      const { stale, gap = null, missed = null } = event
      return { type: 'state', ...state, stale, gap, missed, file: toBase64(event) }
    }
    case 'stale': {
      const { code, reason, since, state } = event
      const round = state?.round ?? null
      return { type: 'stale', since: formatMoment(since), code, reason, round }
    }
    case 'fault': {
      const { code, detail, url } = event
      return { type: 'fault', code, detail, url }
    }
    default: {
      const { code, held, other } = event
      return { type: 'conflict', code, held: toBase64(held), other: toBase64(other) }
    }
  }
}

function toBase64({ bytes }: VerifiedState): string {
  return Buffer.from(bytes).toString('base64')
}

function readCheckpoint(path: string, context: EpochContext): VerifiedState {
  const bytes = readNamedFile(path, limits.certificateFileBytesMax)
  const read = readCertificateFile(bytes, context, verifySignature)
  if (read.ok) return read.value
  throw new CommandFault(exitCodes.failure, `${path}: refused: ${read.code}: ${read.detail}`)
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new CommandFault(exitCodes.usage, `--rounds: expected a number from 1 on, got ${text}`)
}
