import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeServerDir } from './servers/lifetime.ts'
import { pickPorts } from './servers/ports.ts'
import { type ServerProcess, startServerProcess } from './servers/server-process.ts'

/** A target as the draft of a manifest has it. */
export interface DraftTarget {
  readonly id: string
  readonly kind: string
  readonly group?: string
  readonly params: object
  readonly policy?: object
}

/** What was agreed on a target, as `watchfire targets --json` tells it. */
export interface AgreedTarget {
  readonly id: string
  readonly verdict: string
  readonly reason: string
  readonly reached: number
  readonly signals: readonly { readonly name: string; readonly value: string }[]
  readonly identities: readonly { readonly name: string; readonly value: string }[]
}

/** What was agreed, by the target's id. */
export type Targets = ReadonlyMap<string, AgreedTarget>

export function verdictOf(targets: Targets, id: string): string | undefined {
  return targets.get(id)?.verdict
}

/** Whether a target's verdict is this, for such a reason. */
export function hasVerdict(targets: Targets, id: string, verdict: string, reason = /^/): boolean {
  const target = targets.get(id)
  return target?.verdict === verdict && reason.test(target.reason)
}

export function isDegraded(targets: Targets, id: string, reason: RegExp): boolean {
  return hasVerdict(targets, id, 'degraded', reason)
}

export function areAllUp(targets: Targets, ids: readonly string[]): boolean {
  return ids.every((id) => hasVerdict(targets, id, 'up'))
}

/** The agreed value of a target's signal. */
export function signalOf(target: AgreedTarget | undefined, name: string): string | undefined {
  return target?.signals.find((signal) => signal.name === name)?.value
}

/** A password of basic authentication that monitors are given for a target, each in a file of its own. */
export interface BoundPassword {
  readonly target: string
  readonly origin: string
  /** `user:password` */
  readonly basic: string
  /** The monitor that is given none. */
  readonly without?: string
}

/** How a group is, by the latest agreed states, as `watchfire groups --json` tells it. */
export interface AgreedGroup {
  readonly id: string
  readonly standing: string
  readonly forks: readonly AgreedFork[]
}

interface AgreedFork {
  readonly identity: string
  readonly astray: readonly string[]
}

/** Four monitors, processes of their own, that agree on these targets. */
export interface Monitors {
  /** Asks for the latest agreed state, verified, until `test` holds. @throws with the last one */
  until(what: string, withinMs: number, test: (targets: Targets) => boolean): Promise<Targets>
  /** The same of a group. */
  untilGroup(
    what: string,
    withinMs: number,
    id: string,
    test: (group: AgreedGroup) => boolean,
  ): Promise<AgreedGroup>
  /** Waits until exactly these of a group are on another chain than most, by what this identity says. */
  untilAstray(
    withinMs: number,
    group: string,
    identity: string,
    astray: readonly string[],
  ): Promise<void>
  /** What a monitor has said. */
  log(id: string): string
  stop(): Promise<void>
}

const MONITORS = 4
const execute = promisify(execFile)
const launcher = fileURLToPath(new URL('../../packages/cli/bin/watchfire.js', import.meta.url))

/** Does what the founders of a network do: keys, a manifest, a configuration each, and run. */
export async function startMonitors(
  roundMs: number,
  targets: readonly DraftTarget[],
  passwords: readonly BoundPassword[] = [],
): Promise<Monitors> {
  const dir = makeServerDir('monitors')
  const ports = await pickPorts(2 * MONITORS)
  const makeMember = async (at: number) => {
    const id = `m${at + 1}`
    const [p2p = 0, http = 0] = ports.slice(2 * at)
    const dataDir = join(dir, id)
    const made = await watchfire('init', '--data-dir', dataDir, '--monitor', id, '--json')
    const { publicKey, peerId } = JSON.parse(made) as { publicKey: string; peerId: string }
    return { id, dataDir, publicKey, address: `/ip4/127.0.0.1/tcp/${p2p}`, peerId, http }
  }
  const members = await Promise.all(Array.from({ length: MONITORS }, (_v, at) => makeMember(at)))
  const manifest = join(dir, 'network.yaml')
  const draft = join(dir, 'draft.json')
  const committee = members.map(({ id, publicKey }) => ({ id, publicKey, weight: 1 }))
  // In a probe's time: the slowest kind makes some twenty calls, on a machine that does more.
  const timeoutMs = Math.floor(roundMs / 3)
  const parameters = { roundMs, targets: targets.map((each) => ({ timeoutMs, ...each })) }
  writeFileSync(draft, JSON.stringify({ name: 'chains', committee, parameters }))
  const originMs = new Date(Date.now() - roundMs).toISOString()
  await watchfire('network', 'create', draft, '--out', manifest, '--origin', originMs)
  const nodes = members.map((member): ServerProcess => {
    const others = members.filter((each) => each !== member)
    const config = join(member.dataDir, 'config.yaml')
    const secrets = passwords
      .filter(({ without }) => without !== member.id)
      .map(({ target, origin, basic }) => {
        const file = join(member.dataDir, `${target}.secret`)
        writeFileSync(file, `${basic}\n`, { mode: 0o600 })
        return { target, origin, basic: { file } }
      })
    const content = {
      manifest,
      dataDir: member.dataDir,
      monitor: member.id,
      p2p: {
        listen: [member.address],
        bootstrap: others.map(({ address, peerId }) => `${address}/p2p/${peerId}`),
      },
      http: { host: '127.0.0.1', port: member.http },
      probe: { allow: ['127.0.0.0/8'], ca: [], secrets },
      log: { level: 'info' },
    }
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify(content), { mode: 0o600 })
    return startServerProcess({
      command: process.execPath,
      args: [launcher, 'run', '--config', config],
      logFile: join(member.dataDir, 'log'),
    })
  })
  const api = `http://127.0.0.1:${members[0]?.http ?? 0}`
  const ask = async (command: string, ...flags: readonly string[]) => {
    const answer = await watchfire(
      command,
      '--api',
      api,
      '--manifest',
      manifest,
      '--json',
      ...flags,
    )
    return JSON.parse(answer) as unknown
  }
  const log = () => nodes[0]?.log() ?? ''
  const untilGroup: Monitors['untilGroup'] = (what, withinMs, id, test) => {
    const read = async () => (await ask('groups', '--group', id)) as AgreedGroup
    return poll({ what, withinMs, read, test, show: (group) => group, log })
  }
  return {
    until: (what, withinMs, test) => {
      const read = async () => {
        const { targets: all } = (await ask('targets')) as { targets: AgreedTarget[] }
        return new Map(all.map((target) => [target.id, target]))
      }
      const show = (state: Targets) => [...state.values()]
      return poll({ what, withinMs, read, test, show, log })
    },
    untilGroup,
    async untilAstray(withinMs, group, identity, astray) {
      const wanted = JSON.stringify(astray)
      await untilGroup(`a fork of ${wanted}`, withinMs, group, ({ standing, forks }) => {
        const isSuch = (fork: AgreedFork) =>
          fork.identity === identity && JSON.stringify(fork.astray) === wanted
        return standing === 'forked' && forks.some(isSuch)
      })
    },
    log: (id) => nodes[members.findIndex((member) => member.id === id)]?.log() ?? '',
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

interface Poll<T> {
  readonly what: string
  readonly withinMs: number
  readonly read: () => Promise<T>
  readonly test: (read: T) => boolean
  readonly show: (read: T) => unknown
  readonly log: () => string
}

async function poll<T>({ what, withinMs, read, test, show, log }: Poll<T>): Promise<T> {
  const endMs = performance.now() + withinMs
  let last = 'nothing'
  while (performance.now() < endMs) {
    try {
      const state = await read()
      if (test(state)) return state
      last = JSON.stringify(show(state), undefined, 1)
    } catch (error) {
      // Before the first certificate there is nothing to read.
      last = String(error)
    }
    await delay(500)
  }
  throw new Error(`waited ${withinMs} ms for ${what}; last: ${last}\n${log()}`)
}

/** Nothing waits for it but who asks: this process drives chains meanwhile. */
async function watchfire(...args: readonly string[]): Promise<string> {
  return (await execute(process.execPath, [launcher, ...args])).stdout
}
