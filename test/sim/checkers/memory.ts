import type { AuditContext, Checker, Violate, Watched } from './checker.ts'

// What a node may hold, read off its objects by their names: SPEC 6.4, 8.2 and 8.3 bound it by the
// committee and by windows of rounds and views, never by what others send.

/** Views above the current one whose votes are kept (SPEC 8.3). */
const VIEWS_AHEAD = 1000
/** Views around the current one whose proposals are kept (SPEC 8.3). */
const PROPOSALS_AROUND = 16
/** Rounds by which core and admission may differ in their windows. */
const SLACK_ROUNDS = 3
/** Blocks that may stand above the final one (SPEC 6.4.6). */
const UNFINAL_BLOCKS_MAX = 1023
/** Final blocks whose digests are kept. */
const RECENT_FINALS = 1024
/** Entries that the core's chunked map drops together. */
const CHUNK = 16

interface Bound {
  readonly what: string
  readonly count: number
  readonly max: number
}

/** The collections of core and admission, for each honest node, stay within what the spec bounds them to. */
export class MemoryChecker implements Checker {
  readonly name = 'memory'
  readonly #context: AuditContext
  readonly #violate: Violate

  constructor(context: AuditContext, violate: Violate) {
    this.#context = context
    this.#violate = violate
  }

  onLook(nodes: readonly Watched[]): void {
    const honest = nodes.filter(({ isHonest }) => isHonest)
    const highest = Math.max(0, ...honest.map(({ status }) => status?.finalHeight ?? 0))
    for (const node of honest) {
      if (node.memory === undefined || node.status === undefined) continue
      const behind = Math.min(highest - node.status.finalHeight, UNFINAL_BLOCKS_MAX)
      const bounds = [...this.#boundAdmission(node), ...this.#boundCore(node, behind)]
      for (const { what, count, max } of bounds) {
        if (count > max) {
          this.#violate(this.name, `node ${node.index} holds ${count} ${what}, more than ${max}`)
        }
      }
    }
  }

  #getLimits({ status }: Watched) {
    const context = this.#context.founding.epochs[status?.epoch ?? 0]
    const members = context?.committee.members.length ?? 0
    const { roundsBehindMax = 0, shards = 0 } = context?.parameters ?? {}
    // Both ends of the window, and the rounds that pass until something is admitted again.
    return { members, shards, rounds: 2 * roundsBehindMax + 1 + 2 * SLACK_ROUNDS }
  }

  #boundAdmission(node: Watched): Bound[] {
    const { members, shards, rounds } = this.#getLimits(node)
    const books = read(node.memory?.admission ?? {}, 'admission')
    const finalView = Number(Reflect.get(Object(books.get('window')), 'finalView'))
    const view = Number(Reflect.get(Object(books.get('window')), 'view'))
    const votes = asMap(books.get('votes'))
    const proposals = asMap(books.get('proposals'))
    const attestations = asMap(books.get('attestations'))
    const spread = view - finalView
    return [
      { what: 'rounds of attestations', count: attestations.size, max: rounds },
      ...eachOf(attestations, 'attestations of a round', members * shards),
      { what: 'views of votes', count: votes.size, max: spread + VIEWS_AHEAD },
      ...byMember(
        votes,
        (place) => Math.floor(place / 4),
        'votes of a member',
        3 * (spread + VIEWS_AHEAD),
      ),
      ...byMember(
        attestations,
        (place) => place % members,
        'attestations of a member',
        shards * rounds,
      ),
      ...eachOf(votes, 'votes of a view', 3 * members),
      settled('views of votes', votes, finalView),
      beyond('views of votes', votes, view + VIEWS_AHEAD),
      { what: 'proposals', count: proposals.size, max: spread + PROPOSALS_AROUND },
      settled('views of proposals', proposals, finalView),
      beyond('views of proposals', proposals, view + PROPOSALS_AROUND),
      ...eachOf(asMap(books.get('certificates')), 'kinds of certificates of a view', 3),
      settled('views of certificates', asMap(books.get('certificates')), finalView - 1),
      { what: 'accused members', count: asSet(books.get('accused')).size, max: members },
      { what: 'statuses', count: asMap(books.get('statuses')).size, max: members },
    ]
  }

  /** @param behind blocks that are final elsewhere and not here: until a sync they are held on top */
  #boundCore(node: Watched, behind: number): Bound[] {
    const { members, shards, rounds } = this.#getLimits(node)
    const core = read(node.memory?.core ?? {}, 'core')
    const view = Number(core.get('view'))
    const finalView = Number(core.get('finalView'))
    const spread = view - finalView
    const pool = countIntMap(core.get('pool'), (shardPools) => {
      if (!Array.isArray(shardPools)) throw new Error('a round of the pool is no list of shards')
      return shardPools.length
    })
    const notarized = core.get('notarized')
    return [
      {
        what: 'views',
        count: countIntMap(core.get('views')).entries,
        max: spread + 1 + VIEWS_AHEAD,
      },
      // Notarized ones above the final one, and proposals of near views.
      {
        what: 'blocks',
        count: asMap(core.get('blocks')).size,
        max: 2 * (spread + 1) + 2 * PROPOSALS_AROUND + 1 + behind,
      },
      {
        what: 'notarized headers',
        count: Array.isArray(notarized) ? notarized.length : Infinity,
        max: spread + 2,
      },
      {
        what: 'finalizations',
        count: asMap(core.get('finalizations')).size,
        max: spread + 2 + behind,
      },
      { what: 'rounds of the pool', count: pool.entries, max: rounds },
      { what: 'shards of the pool', count: pool.sum, max: rounds * shards },
      { what: 'pieces of evidence', count: asMap(core.get('evidence')).size, max: members },
      {
        what: 'late final digests',
        count: countIntMap(core.get('recentFinals')).entries,
        max: RECENT_FINALS + CHUNK,
      },
      {
        what: 'things asked for',
        count: asMap(core.get('fetches')).size,
        max: 2 * spread + 3 * PROPOSALS_AROUND,
      },
    ]
  }
}

/**
 * What each member takes up, whatever it sends.
 *
 * @param getMember from a key, which is a place in a view or round, as admission counts them
 */
function byMember(
  map: ReadonlyMap<unknown, unknown>,
  getMember: (place: number) => number,
  what: string,
  max: number,
): Bound[] {
  let whole = 0
  for (const inner of map.values()) whole += asMap(inner).size
  // All together are no more than one member may have.
  if (whole <= max) return [{ what, count: whole, max }]
  const counts = new Map<number, number>()
  for (const inner of map.values()) {
    for (const place of asMap(inner).keys()) {
      if (typeof place !== 'number') throw new Error('a place is no number')
      const member = getMember(place)
      counts.set(member, (counts.get(member) ?? 0) + 1)
    }
  }
  return [{ what, count: Math.max(...counts.values()), max }]
}

/** What is at or below the highest final view must be forgotten. */
function settled(what: string, map: ReadonlyMap<unknown, unknown>, finalView: number): Bound {
  const count = countKeys(map, (view) => view <= finalView)
  return { what: `settled ${what}`, count, max: 0 }
}

/** What lies further ahead than the window must not be kept. */
function beyond(what: string, map: ReadonlyMap<unknown, unknown>, last: number): Bound {
  const count = countKeys(map, (view) => view > last)
  return { what: `${what} beyond the window`, count, max: 0 }
}

function countKeys(map: ReadonlyMap<unknown, unknown>, fits: (key: number) => boolean): number {
  let count = 0
  for (const key of map.keys()) if (fits(Number(key))) count += 1
  return count
}

function eachOf(map: ReadonlyMap<unknown, unknown>, what: string, max: number): Bound[] {
  return [...map.values()].map((inner) => ({ what, count: asMap(inner).size, max }))
}

/** Fields by name; one that is not there fails loudly, so that a renamed collection is not unbounded. */
function read(holder: object, name: string): { get(field: string): unknown } {
  return {
    get(field) {
      if (!(field in holder)) throw new Error(`${name} has no ${field}`)
      return Reflect.get(holder, field) as unknown
    },
  }
}

function asMap(value: unknown): ReadonlyMap<unknown, unknown> {
  if (value instanceof Map) return value
  throw new Error('not a map')
}

function asSet(value: unknown): ReadonlySet<unknown> {
  if (value instanceof Set) return value
  throw new Error('not a set')
}

/** Entries of the core's chunked map, and the sum of what `measure` says of each. */
function countIntMap(
  value: unknown,
  measure: (entry: unknown) => number = () => 0,
): { entries: number; sum: number } {
  let [entries, sum] = [0, 0]
  for (const chunk of asMap(Reflect.get(Object(value), 'chunks')).values()) {
    if (!Array.isArray(chunk)) throw new Error('a chunk is no list')
    for (const entry of chunk as readonly unknown[]) {
      if (entry === undefined) continue
      entries += 1
      sum += measure(entry)
    }
  }
  return { entries, sum }
}
