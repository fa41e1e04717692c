import { toSigned } from '@watchfire/attestation'

// The three ways in which weights agree on a value (SPEC 7.4, 7.5). None takes one party's word.

/** Something with a weight behind it. */
export interface Weighed<T> {
  readonly value: T
  readonly weight: number
}

export function sumWeights(items: readonly { readonly weight: number }[]): number {
  let sum = 0
  for (const { weight } of items) sum += weight
  return sum
}

/** The weighted lower median: ascending, the first at which twice the cumulated weight is at least the whole (SPEC 7.4). */
export function getMedian(values: readonly Weighed<bigint>[]): bigint | undefined {
  const whole = sumWeights(values)
  let cumulated = 0
  for (const { value, weight } of sortSigned(values)) {
    cumulated += weight
    if (cumulated >= whole - cumulated) return value
  }
  return undefined
}

/** Descending, the first at which the cumulated weight exceeds what may lie (SPEC 7.4). */
export function getCorroborated(
  values: readonly Weighed<bigint>[],
  faultyLive: number,
): bigint | undefined {
  let cumulated = 0
  for (const { value, weight } of sortSigned(values).toReversed()) {
    cumulated += weight
    if (cumulated > faultyLive) return value
  }
  return undefined
}

/** Ascending by the signed numbers whose two's complement the values are. */
function sortSigned(values: readonly Weighed<bigint>[]): readonly Weighed<bigint>[] {
  return values
    .map((item) => ({ item, signed: toSigned(item.value) }))
    .toSorted((a, b) => (a.signed < b.signed ? -1 : a.signed > b.signed ? 1 : 0))
    .map(({ item }) => item)
}

/** The value whose weight, doubled, exceeds `observing`: there is at most one (SPEC 7.5). */
export function getMajority<T>(
  items: readonly Weighed<T>[],
  isSame: (a: T, b: T) => boolean,
  observing: number,
): Weighed<T> | undefined {
  // Members that lie may give as many values as they are; the others give one or few.
  const distinct: { value: T; weight: number }[] = []
  for (const { value, weight } of items) {
    const known = distinct.find((other) => isSame(other.value, value))
    if (known === undefined) distinct.push({ value, weight })
    else known.weight += weight
  }
  return distinct.find(({ weight }) => weight > observing - weight)
}
