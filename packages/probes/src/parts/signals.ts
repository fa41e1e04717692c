import type { KindSignal } from '../kind.ts'

// Signals that several kinds give.

/** @param meaning - from what to what it is measured; names are resolved before */
export function latencySignal(meaning: string): KindSignal {
  return { name: 'latency', unit: 'us', scale: 0, aggregate: 'median', meaning }
}

/** A whole number that a manifest defines only where it is asked for. */
export function extraSignal(name: string, unit: string, meaning: string, scale = 0): KindSignal {
  return { name, unit, scale, aggregate: 'median', meaning, extra: true }
}
