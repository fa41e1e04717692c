import { Type } from 'typebox'
import type { KindSignal, ThresholdFile } from '../kind.ts'
import { behindThreshold } from './default-policy.ts'

// What kinds that watch nodes of chains share, whatever the protocol.

/** Peers below which the default policy calls a node degraded. */
export function peersMinSchema(value: number) {
  return Type.Integer({
    default: value,
    minimum: 0,
    maximum: 1000,
    description: 'Peers that it should have at least, for the default policy.',
  })
}

/** A whole number of which the monitors' median is agreed. */
export function medianSignal(name: string, unit: string, meaning: string): KindSignal {
  return { name, unit, scale: 0, aggregate: 'median', meaning }
}

/** The same, where a healthy target may lack it. */
export function optionalSignal(name: string, unit: string, meaning: string): KindSignal {
  return { ...medianSignal(name, unit, meaning), optional: true }
}

/** A height or slot: what more than f monitors reached is there. */
export function headSignal(name: string, unit: string, meaning: string): KindSignal {
  return { name, unit, scale: 0, aggregate: 'corroborated', meaning }
}

/** A signal that is 1 or 0: the median of monitors is what most of them saw. */
export function flagSignal(name: string, meaning: string): KindSignal {
  return medianSignal(name, 'bool', meaning)
}

export const peersSignal = medianSignal('peers', 'peers', 'Peers that it is connected to.')

/** Degraded with fewer, until there are a quarter more: peers come and go one by one. */
export function peersThreshold(peersMin: number): readonly ThresholdFile[] {
  const clear = peersMin + Math.floor(peersMin / 4)
  return peersMin === 0 ? [] : [{ signal: 'peers', below: peersMin, clear, severity: 'degraded' }]
}

/** Degraded when so. */
export function flagThreshold(signal: string): ThresholdFile {
  return { signal, above: 0, severity: 'degraded' }
}

/** Behind the others of its group by what takes this long to make, and by no less than so many. */
const LAG_MS = 30_000
const LAG_MIN = 3

/**
 * Within a group, degraded when a head lags the group's by more than is made in 30 s, until it lags
 * by half of that.
 */
export function lagThreshold(
  signal: string,
  stepMs: number,
  group: string,
): readonly ThresholdFile[] {
  const lag = Math.max(LAG_MIN, Math.ceil(LAG_MS / stepMs))
  return group === '' ? [] : [{ signal, lag, clear: Math.floor(lag / 2), severity: 'degraded' }]
}

/** A node that is this many blocks late has missed more than bad luck. */
const STALL_BLOCKS = 10
/** Monitors ask at different moments of a round, and many chains' block times are whole seconds. */
const STALL_GRACE_MS = 10_000

/** Degraded when a node's head is old, until it is half as old. */
export function stallThreshold(blockMs: number): ThresholdFile {
  return behindThreshold('head-age', blockMs * STALL_BLOCKS + STALL_GRACE_MS)
}
