import type { Sending } from './lab.ts'

/** What the network is like, for all nodes at once. */
export interface Sky {
  /** By node; absent: as fast as the machine. */
  readonly sending: ReadonlyMap<number, Sending>
  /** Links on which nothing passes, one way. */
  readonly blocked: ReadonlySet<Link>
}

/** `from>to`, by index. */
export type Link = `${number}>${number}`

export const clearSky: Sky = { sending: new Map(), blocked: new Set() }

export function getLink(from: number, to: number): Link {
  return `${from}>${to}`
}

/** Every link between two groups, both ways. */
export function listBetween(left: readonly number[], right: readonly number[]): Link[] {
  return left.flatMap((a) => right.flatMap((b) => [getLink(a, b), getLink(b, a)]))
}

/** Every link there is among so many nodes. */
export function listLinks(count: number): Link[] {
  const all = Array.from({ length: count }, (_, index) => index)
  return all.flatMap((from) => all.filter((to) => to !== from).map((to) => getLink(from, to)))
}

export function splitLink(link: Link): readonly [from: number, to: number] {
  const [from, to] = link.split('>').map(Number)
  if (from === undefined || to === undefined) throw new TypeError(`no link: ${link}`)
  return [from, to]
}
