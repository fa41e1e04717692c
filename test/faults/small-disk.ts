import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parse } from 'yaml'
import { Prng } from '../sim/world/prng.ts'
import { judgeRun } from './judge.ts'
import { openLoopbackLab } from './loopback-lab.ts'
import { makeMonitors, type Monitor } from './monitors.ts'
import { startTargets } from './targets.ts'

// One of four monitors keeps its vote log, or all of its database, on a small real file system, which
// is filled. Started in namespaces of its own, whose mounts end with it.

export const fileSystems = ['tmpfs', 'ext4'] as const
export type FileSystem = (typeof fileSystems)[number]
export const keptThere = ['votes', 'all'] as const
/** What lies on the small file system: the vote log alone, or the database besides. */
export type KeptThere = (typeof keptThere)[number]

const MONITORS = 4
const ROUND_MS = 1000
/** ext4 with a journal needs some; a node at rest needs under one. */
const SIZE_MIB = 12
/** Left free by the ballast: some rounds' worth of what lies there. */
const FREE_KIB = { votes: 8, all: 48 } as const
const WAIT_MS_MAX = 90_000

/** What the closing JSON line tells. */
export interface SmallDiskSummary {
  readonly fileSystem: FileSystem
  readonly keptThere: KeptThere
  /** How the node ended when its disk was full, and when it was started on the full disk. */
  readonly ends: readonly string[]
  readonly violations: readonly string[]
  readonly counts: Readonly<Record<string, unknown>>
}

export async function fillSmallDisk(
  dir: string,
  fileSystem: FileSystem,
  kept: KeptThere,
): Promise<SmallDiskSummary> {
  run('ip', 'link', 'set', 'lo', 'up')
  const lab = await openLoopbackLab(MONITORS, new Prng(1, 'small-disk'))
  const targets = await startTargets(lab.targetsHost)
  const monitors = await makeMonitors({ dir, lab, roundMs: ROUND_MS, targets: targets.drafts })
  const violations: string[] = []
  const check = (holds: boolean, text: string) => {
    if (!holds) violations.push(text)
  }
  try {
    const [small, other] = monitors.list
    if (small === undefined || other === undefined) throw new Error('no monitors')
    const disk = join(small.dataDir, 'db')
    mkdirSync(disk, { mode: 0o700 })
    mount(fileSystem, join(dir, 'disk.img'), disk)
    if (kept === 'votes') {
      const elsewhere = join(dir, 'chain')
      mkdirSync(elsewhere, { mode: 0o700 })
      symlinkSync(join(elsewhere, 'chain.db'), join(disk, 'chain.db'))
    }
    for (const monitor of monitors.list) monitor.start()
    await awaitSigned(other, small, 0)

    const ballast = join(disk, 'ballast')
    const ended = small.awaitEnd(WAIT_MS_MAX)
    fill(ballast, disk, FREE_KIB[kept])
    const ends = [await ended]
    const height = await readHeight(other)
    check((await awaitHeight(other, height + 3)) > height, 'the others did not go on without it')

    // The disk is as full as before, and whoever starts it is told so again.
    const again = small.awaitEnd(WAIT_MS_MAX)
    small.start()
    ends.push(await again)
    for (const end of ends) {
      check(end.startsWith('exit 1:'), `it ended otherwise than by itself with 1: ${end}`)
      check(/disk-full/.test(end), `it did not say that its disk is full: ${end}`)
    }

    rmSync(ballast)
    const round = await readRound(other)
    small.start()
    await awaitSigned(other, small, round + 1)
    await awaitHeight(small, (await readHeight(other)) + 1)
    for (const monitor of monitors.list) {
      const end = await monitor.stop()
      check(end === 'exit 143', `${monitor.id} ended with ${end} when told to`)
    }
    violations.push(...monitors.deaths)
    const manifest: unknown = parse(readFileSync(monitors.manifestFile, 'utf8'))
    const { found, ...counts } = judgeRun(manifest, monitors.list, [])
    violations.push(...found)
    return { fileSystem, keptThere: kept, ends, violations, counts }
  } finally {
    await monitors.close()
    targets.close()
    await lab.close()
  }
}

function mount(fileSystem: FileSystem, image: string, at: string): void {
  if (fileSystem === 'tmpfs') {
    run('mount', '-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', at)
    return
  }
  writeFileSync(image, new Uint8Array(SIZE_MIB * 1_048_576))
  // No blocks kept for root: full is full.
  run('mkfs.ext4', '-q', '-m', '0', image)
  run('mount', '-o', 'loop', image, at)
}

/** Takes all space but a little. */
function fill(ballast: string, disk: string, freeKib: number): void {
  const { bsize, bavail } = statfsSync(disk)
  writeFileSync(ballast, new Uint8Array(Math.max(0, bsize * bavail - freeKib * 1024)))
}

/** Waits until another node holds an attestation of this one for a round from `fromRound` on. */
async function awaitSigned(holder: Monitor, signer: Monitor, fromRound: number): Promise<void> {
  const path = `/v1/attestations?monitor=${signer.id}&limit=1`
  await poll(`${signer.id} to sign from round ${fromRound} on`, async () => {
    const body = await ask<{ attestations: readonly { attestedRound: number }[] }>(holder, path)
    return (body?.attestations[0]?.attestedRound ?? -1) >= fromRound
  })
}

async function awaitHeight(monitor: Monitor, height: number): Promise<number> {
  await poll(`height ${height}`, async () => (await readHeight(monitor)) >= height)
  return readHeight(monitor)
}

async function readHeight(monitor: Monitor): Promise<number> {
  return (await ask<{ height?: number }>(monitor, '/v1/state'))?.height ?? 0
}

async function readRound(monitor: Monitor): Promise<number> {
  return (await ask<{ round?: number }>(monitor, '/v1/state'))?.round ?? 0
}

async function ask<T>(monitor: Monitor, path: string): Promise<T | undefined> {
  try {
    const response = await fetch(monitor.api + path, { signal: AbortSignal.timeout(3000) })
    return response.ok ? ((await response.json()) as T) : undefined
  } catch {
    // Not up yet: asked again.
    return undefined
  }
}

async function poll(what: string, test: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX
  while (!(await test())) {
    if (performance.now() > endMs) throw new Error(`waited ${WAIT_MS_MAX} ms for ${what}`)
    await delay(100)
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}
