/** Its multiples, taken modulo 1, lie as evenly as any sequence can: so does every run of them. */
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Of the time to spare, the part that beginnings are spread over; the rest makes up for a busy machine. */
export const SPREAD_PART = 0.9

/**
 * When each probe of a round begins, spread evenly over the time there is for it. A target's own
 * beginning is equally likely anywhere in that, and monitors draw by themselves: so no committee hits
 * a target at one instant. But all of them together are no independent draws, which would come in
 * bursts: of those with the same time to spare, any stretch of it holds their share and at most five
 * more.
 *
 * @param sparesMs - of each target, what is left of the round if it is given its full time
 * @param random - at least 0 and below 1
 * @returns milliseconds into the round, in the order of `sparesMs`
 */
export function drawStarts(sparesMs: readonly number[], random: () => number): number[] {
  const order = sparesMs.map((_, index) => index)
  shuffle(order, random)
  // Neighbours in time to spare are neighbours in the sequence: each group of them lies evenly by itself.
  order.sort((a, b) => (sparesMs[a] ?? 0) - (sparesMs[b] ?? 0))
  const offset = random()
  const starts = Array.from(sparesMs, () => 0)
  for (const [rank, index] of order.entries()) {
    const place = (offset + rank * GOLDEN) % 1
    starts[index] = Math.floor(place * SPREAD_PART * (sparesMs[index] ?? 0))
  }
  return starts
}

function shuffle(list: number[], random: () => number): void {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [a = 0, b = 0] = [list[last], list[other]]
    list[last] = b
    list[other] = a
  }
}
