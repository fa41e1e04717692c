import type { DiskFault } from './world/disk.ts'
import { ORIGIN_MS } from './world/founding.ts'
import type { CrashKind } from './world/life.ts'
import type { Prng } from './world/prng.ts'

/** What happens to a world in bad weather, at a time of its own. */
export type Fault =
  | {
      readonly kind: 'crash'
      readonly atMs: number
      readonly node: number
      readonly how: CrashKind
      /** Operations that the node still completes. */
      readonly afterOps: number
      readonly downMs: number
    }
  /** As a crash, begun when the node enters the second epoch. */
  | {
      readonly kind: 'crash-at-handover'
      readonly atMs: number
      readonly node: number
      readonly how: CrashKind
      readonly afterOps: number
      readonly downMs: number
    }
  /** A link that carries nothing one way: `to` does not hear `from`, and is heard. */
  | {
      readonly kind: 'one-way'
      readonly atMs: number
      readonly from: number
      readonly to: number
      readonly forMs: number
    }
  /** A node that takes its time with every message. */
  | {
      readonly kind: 'slow'
      readonly atMs: number
      readonly node: number
      readonly costMs: number
      readonly forMs: number
    }
  /** A node that starts only now, with nothing. */
  | { readonly kind: 'join'; readonly atMs: number; readonly node: number }
  /** A disk that is full, or fails, for a while; the node stops by itself, and is started again. */
  | {
      readonly kind: 'disk'
      readonly atMs: number
      readonly node: number
      readonly how: DiskFault
      readonly forMs: number
    }
  | { readonly kind: 'partition'; readonly atMs: number; readonly sides: readonly number[] }
  | { readonly kind: 'heal'; readonly atMs: number }
  | {
      readonly kind: 'clock'
      readonly atMs: number
      readonly node: number
      readonly offsetMs: number
    }

/** What faults are drawn from. */
export interface Draw {
  readonly prng: Prng
  readonly nodes: number
  readonly goodFromMs: number
  readonly faulty: ReadonlySet<number>
}

function drawTime({ prng, goodFromMs }: Draw): number {
  return prng.between(ORIGIN_MS, goodFromMs - 500)
}

export function drawCrashes(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  const crashes: Fault[] = []
  const add = (node: number, atMs: number) => {
    const how: CrashKind = prng.chance(500) ? 'power' : 'kill'
    const afterOps = prng.chance(200) ? 0 : prng.between(1, 40)
    crashes.push({ kind: 'crash', atMs, node, how, afterOps, downMs: prng.between(1, 3000) })
  }
  for (let i = prng.between(2, 14); i > 0; i--) add(prng.between(0, nodes - 1), drawTime(draw))
  if (prng.chance(300)) {
    const atMs = drawTime(draw)
    for (let node = 0; node < nodes; node++) add(node, atMs)
  }
  return crashes
}

export function drawHandoverCrashes({ prng, nodes }: Draw): Fault[] {
  const together = prng.chance(500)
  return Array.from({ length: nodes }, (_, node) => node)
    .filter(() => together || prng.chance(400))
    .map((node) => ({
      kind: 'crash-at-handover',
      atMs: ORIGIN_MS,
      node,
      how: prng.chance(700) ? 'power' : 'kill',
      afterOps: prng.between(1, 40),
      downMs: prng.between(1, 3000),
    }))
}

export function drawPartitions(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: prng.between(1, 3) }).flatMap((): Fault[] => {
    const atMs = drawTime(draw)
    const sides = Array.from({ length: nodes }, () => prng.between(0, 1))
    return [
      { kind: 'partition', atMs, sides },
      { kind: 'heal', atMs: atMs + prng.between(200, 4000) },
    ]
  })
}

/** Some are gone for most of the bad time: a few, who come back far behind, or so many that nothing is certified. */
export function drawOutage(draw: Draw): Fault[] {
  const { prng, nodes, goodFromMs } = draw
  const share = prng.pick([200, 500, 700])
  return Array.from({ length: nodes }, (_, node) => node)
    .filter(() => prng.chance(share))
    .map((node) => {
      const atMs = prng.between(ORIGIN_MS, ORIGIN_MS + 5000)
      const how = prng.pick<CrashKind>(['power', 'kill'])
      const downMs = goodFromMs - atMs - prng.between(0, 3000)
      return { kind: 'crash', atMs, node, how, afterOps: prng.between(0, 40), downMs }
    })
}

/** One member loses its disk; it counts among what may be faulty (SPEC 6.9). */
export function drawWipe(draw: Draw, node: number): Fault[] {
  const { prng } = draw
  const downMs = prng.between(1, 3000)
  const afterOps = prng.between(0, 40)
  return [{ kind: 'crash', atMs: drawTime(draw), node, how: 'wipe', afterOps, downMs }]
}

export function drawOneWays(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: prng.between(1, 2 * nodes) }).flatMap((): Fault[] => {
    const [from, to] = [prng.between(0, nodes - 1), prng.between(0, nodes - 1)]
    const [atMs, forMs] = [drawTime(draw), prng.between(200, 6000)]
    return from === to ? [] : [{ kind: 'one-way', atMs, from, to, forMs }]
  })
}

export function drawSlowness(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: prng.between(1, 4) }, () => ({
    kind: 'slow',
    atMs: drawTime(draw),
    node: prng.between(0, nodes - 1),
    costMs: prng.between(1, 60),
    forMs: prng.between(500, 6000),
  }))
}

export function drawJoins(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: nodes }, (_, node) => node)
    .filter(() => prng.chance(200))
    .map((node) => ({ kind: 'join', atMs: drawTime(draw), node }))
}

/** Crashes come on top: what a failed flush left is only known when the power goes. */
export function drawDiskFaults(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: prng.between(1, 6) }, () => ({
    kind: 'disk',
    atMs: drawTime(draw),
    node: prng.between(0, nodes - 1),
    how: prng.pick<DiskFault>(['full', 'failed-write', 'failed-flush']),
    forMs: prng.between(100, 4000),
  }))
}

export function drawClockSteps(draw: Draw): Fault[] {
  const { prng, nodes } = draw
  return Array.from({ length: prng.between(0, 3) }, () => ({
    kind: 'clock',
    atMs: drawTime(draw),
    node: prng.between(0, nodes - 1),
    offsetMs: prng.between(-2500, 2500),
  }))
}
