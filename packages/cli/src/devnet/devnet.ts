import { getRoundStartMs, makeGenesisContext } from '@watchfire/attestation'
import { exitCodes } from '../command-fault.ts'
import { readManifestFile } from '../manifest-file.ts'
import { type StateView, viewState } from '../state-view.ts'
import { paint, type Terminal } from '../text/terminal.ts'
import { openCertificateStore } from './certificate-store.ts'
import { watchNodes } from './node-watch.ts'
import { makeLeasePath, startNode, startWardenProcess, type WardenProcess } from './processes.ts'
import { makeRoundLines } from './round-lines.ts'
import { type DevnetChoices, type DevnetSetup, setUp, writeNodeFiles } from './setup.ts'
import { startStallWatch } from './stall-watch.ts'
import { type Process, startTargets } from './targets.ts'

export interface DevnetOptions extends DevnetChoices {
  /** Certified rounds after which it stops. */
  readonly rounds?: number
  /** Milliseconds after which it exits 1. */
  readonly deadline?: number
  readonly json?: boolean
}

/** Below this nobody may fail. */
const MONITORS_SAFE = 4

/**
 * `watchfire devnet`: monitors and targets as processes, and each round's verdicts. It restarts
 * nothing, and leaves no process behind however it ends.
 *
 * @returns the exit code
 */
export async function runDevnet(terminal: Terminal, options: DevnetOptions): Promise<number> {
  const stop = makeStop(options.deadline)
  const setup = await setUp(options, makeLeasePath)
  const { layout, file } = setup
  const { lease } = file
  const talk = makeTalk(terminal, options.json === true)
  if (file.monitors.length < MONITORS_SAFE) {
    const fewer = `fewer than ${MONITORS_SAFE} monitors`
    terminal.err(`warning: ${fewer}: none may fail, and none may lie; ${MONITORS_SAFE} bear one`)
  }
  talk(`${setup.isContinued ? 'continuing' : 'new'} network in ${layout.dir}`)
  const warden = await startWardenProcess(layout, lease)
  void warden.ended.then((why) => stop.fail(`the warden of the devnet ended: ${why}`))
  try {
    const { serving, started } = startTargets(setup, stop.signal)
    // Awaited below; until then a failure of it is nobody's unhandled rejection.
    started.catch(() => undefined)
    await stop.race(serving)
    await writeNodeFiles(setup)
    stop.signal.throwIfAborted()
    const nodes = file.monitors.map(({ id, httpPort }) => ({
      ...startNode(layout, lease, id),
      about: `http://127.0.0.1:${httpPort}`,
    }))
    const targets = await stop.race(started)
    announce(terminal, setup, targets, nodes, options.json === true)
    for (const process of [...targets, ...nodes]) sayEnd(process, stop.signal, talk)
    await stop.race(showRounds(terminal, setup, nodes, options, stop, talk))
    return exitCodes.ok
  } catch (error) {
    if (stop.exitCode === undefined) throw error
    for (const line of stop.reasons) terminal.err(line)
    return stop.exitCode
  } finally {
    await end(warden, stop)
  }
}

/** Why and when the devnet stops before it is done. */
interface Stop {
  readonly signal: AbortSignal
  /** Undefined while nothing has stopped it. */
  readonly exitCode: number | undefined
  readonly reasons: readonly string[]
  fail(reason: string): void
  /** Settles as `work` does, or rejects as soon as it is stopped. */
  race<T>(work: Promise<T>): Promise<T>
  /** From here on, ends are as they should be. */
  finish(): void
}

function makeStop(deadlineMs: number | undefined): Stop {
  const controller = new AbortController()
  const reasons: string[] = []
  let exitCode: number | undefined
  const halt = (code: number, reason?: string) => {
    if (controller.signal.aborted) return
    exitCode = code
    if (reason !== undefined) reasons.push(reason)
    controller.abort()
  }
  process.on('SIGINT', () => halt(exitCodes.sigint))
  process.on('SIGTERM', () => halt(exitCodes.sigterm))
  // A terminal that is closed ends what runs in it.
  process.on('SIGHUP', () => halt(exitCodes.sigterm))
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => {
          halt(exitCodes.failure, `not done after ${deadlineMs / 1000} s, the deadline`)
        }, deadlineMs)
  const stopped = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('stopped')))
  })
  // Only raced against: without a race under way nobody handles it.
  stopped.catch(() => undefined)
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode
    },
    reasons,
    fail: (reason) => halt(exitCodes.failure, reason),
    race: (work) => {
      // What it still does after a stop ends with its processes.
      work.catch(() => undefined)
      return Promise.race([work, stopped])
    },
    finish: () => {
      clearTimeout(timer)
      controller.abort()
    },
  }
}

/** Talk for people: on stdout among the rounds, or on stderr where stdout is for a machine. */
function makeTalk(terminal: Terminal, isJson: boolean): (text: string) => void {
  return isJson ? terminal.err : terminal.out
}

function announce(
  terminal: Terminal,
  { layout, file }: DevnetSetup,
  targets: readonly Process[],
  nodes: readonly Process[],
  isJson: boolean,
): void {
  if (isJson) {
    terminal.out(
      JSON.stringify({
        type: 'network',
        manifest: layout.manifest,
        dataDir: layout.dir,
        roundMs: file.roundMs,
        targets: targets.map(({ id, about, pid, start }) => ({ id, kind: about, pid, start })),
        nodes: nodes.map(({ id, about, pid, start }) => ({ monitor: id, pid, api: about, start })),
      }),
    )
    return
  }
  const dim = (text: string) => paint(terminal, 'dim', text)
  terminal.out(`manifest ${dim(layout.manifest)}`)
  for (const { id, about, pid } of targets) terminal.out(`target  ${id} (${about}), pid ${pid}`)
  for (const { id, about, pid } of nodes)
    terminal.out(`monitor ${id}, feed ${about}/v1/state, pid ${pid}`)
  terminal.out('')
}

/** Says when a process ends that nobody told to, and how it is brought back. */
function sayEnd(started: Process, signal: AbortSignal, talk: (text: string) => void): void {
  void started.ended.then((why) => {
    if (signal.aborted) return
    talk(
      `${started.id} (pid ${started.pid}) ended: ${why}. To start it again: ${started.start.join(' ')}`,
    )
  })
}

/** Shows certified rounds until as many as wanted were shown. */
async function showRounds(
  terminal: Terminal,
  { layout, file, isContinued }: DevnetSetup,
  nodes: readonly Process[],
  options: DevnetOptions,
  stop: Stop,
  talk: (text: string) => void,
): Promise<void> {
  const { manifest } = readManifestFile(layout.manifest)
  const context = makeGenesisContext(manifest)
  const store = openCertificateStore(layout.certificates, context)
  const lines = makeRoundLines(terminal)
  const { parameters, quorum } = context
  const watch = watchNodes({
    nodes: nodes.map(({ id, about }) => ({ id, api: about })),
    context,
    checkpoint: store.last,
    isNew: !isContinued,
    signal: stop.signal,
    say: terminal.err,
  })
  const stall = startStallWatch(
    { nowMs: Date.now, ask: watch.ask, say: talk, quorum, signal: stop.signal },
    Math.max(FIRST_MS, 4 * file.roundMs),
  )
  let count = 0
  for await (const round of watch.rounds) {
    const view = viewState(round)
    const path = store.put(round.round, round.bytes)
    stall.onCertified(round.round, round.validUntilMs)
    const delayMs = Date.now() - getRoundStartMs(parameters, round.round)
    if (options.json === true) terminal.out(formatJson(view, path))
    else for (const line of lines.write(view, delayMs)) terminal.out(line)
    count += 1
    if (count === options.rounds) return
  }
}

/** How long the first certificate may take before it is said that there is none. */
const FIRST_MS = 15_000

function formatJson(view: StateView, file: string): string {
  return JSON.stringify({
    type: 'certificate',
    round: view.round,
    height: view.height,
    signers: view.signers,
    committee: view.committee,
    targets: Object.fromEntries(view.targets.map(({ id, verdict }) => [id, verdict])),
    file,
    parentRound: view.parentRound,
  })
}

async function end(warden: WardenProcess, stop: Stop): Promise<void> {
  stop.finish()
  await warden.finish()
}
