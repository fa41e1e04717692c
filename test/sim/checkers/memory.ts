import type { Certificate } from '@watchfire/attestation'
import type { AuditContext, Checker, Finalized, Violate, Watched } from './checker.ts'

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

/** Told of whatever there is more of than may be. */
type Count = (what: string, count: number, max: number) => void

/** The collections of core and admission, for each honest node, stay within what the spec bounds them to. */
export class MemoryChecker implements Checker {
  readonly name = 'memory'
  readonly #context: AuditContext
  readonly #violate: Violate
  /** Height of the highest block that was ever final at an honest node, whether that is up now or not. */
  #highest = 0

  constructor(context: AuditContext, violate: Violate) {
    this.#context = context
    this.#violate = violate
  }

  onFinalize(node: Watched, { block }: Finalized): void {
    this.#noteFinal(node, block.header.height)
  }

  onSynced(node: Watched, { header }: Certificate): void {
    this.#noteFinal(node, header.height)
  }

  onRestart(node: Watched, height: number): void {
    this.#noteFinal(node, height)
  }

  onLook(nodes: readonly Watched[]): void {
    for (const node of nodes) {
      const { memory, status } = node
      if (!node.isHonest || memory === undefined || status === undefined) continue
      const count: Count = (what, found, max) => {
        if (found <= max) return
        this.#violate(this.name, `node ${node.index} holds ${found} ${what}, more than ${max}`)
      }
      const limits = this.#getLimits(status.epoch)
      countAdmission(memory.admission, limits, count)
      const behind = Math.min(this.#highest - status.finalHeight, UNFINAL_BLOCKS_MAX)
      countCore(memory.core, limits, behind, count)
    }
  }

  #noteFinal({ isHonest }: Watched, height: number): void {
    if (isHonest) this.#highest = Math.max(this.#highest, height)
  }

  #getLimits(epoch: number): Limits {
    const context = this.#context.founding.epochs[epoch]
    const members = context?.committee.members.length ?? 0
    const { roundsBehindMax = 0, shards = 0 } = context?.parameters ?? {}
    // Both ends of the window, and the rounds that pass until something is admitted again.
    return { members, shards, rounds: 2 * roundsBehindMax + 1 + 2 * SLACK_ROUNDS }
  }
}

interface Limits {
  readonly members: number
  readonly shards: number
  readonly rounds: number
}

function countAdmission(
  admission: object,
  { members, shards, rounds }: Limits,
  count: Count,
): void {
  const window = Object(read(admission, 'window')) as object
  const [finalView, view] = [Number(read(window, 'finalView')), Number(read(window, 'view'))]
  const votes = asMap(read(admission, 'votes'))
  const proposals = asMap(read(admission, 'proposals'))
  const attestations = asMap(read(admission, 'attestations'))
  const certificates = asMap(read(admission, 'certificates'))
  const spread = view - finalView
  count('rounds of attestations', attestations.size, rounds)
  countEach('attestations of a round', attestations, members * shards, count)
  count('views of votes', votes.size, spread + VIEWS_AHEAD)
  countByMember('votes of a member', votes, getVoter, 3 * (spread + VIEWS_AHEAD), count)
  const getObserver = (place: number) => place % members
  countByMember('attestations of a member', attestations, getObserver, shards * rounds, count)
  countEach('votes of a view', votes, 3 * members, count)
  count('proposals', proposals.size, spread + PROPOSALS_AROUND)
  countEach('kinds of certificates of a view', certificates, 3, count)
  // What is at or below the highest final view must be forgotten.
  count('settled views of votes', countOutside(votes, finalView + 1, Infinity), 0)
  count('settled views of proposals', countOutside(proposals, finalView + 1, Infinity), 0)
  count('settled views of certificates', countOutside(certificates, finalView, Infinity), 0)
  // What lies further ahead than the window must not be kept.
  const beyond = 'beyond the window'
  count(`views of votes ${beyond}`, countOutside(votes, 0, view + VIEWS_AHEAD), 0)
  count(`views of proposals ${beyond}`, countOutside(proposals, 0, view + PROPOSALS_AROUND), 0)
  count('accused members', asSet(read(admission, 'accused')).size, members)
  count('statuses', asMap(read(admission, 'statuses')).size, members)
}

/** @param behind blocks that are final elsewhere and not here: until a sync they are held on top */
function countCore(core: object, limits: Limits, behind: number, count: Count): void {
  const { members, shards, rounds } = limits
  const spread = Number(read(core, 'view')) - Number(read(core, 'finalView'))
  const notarized = read(core, 'notarized')
  const pool = countIntMap(read(core, 'pool'), getLength)
  count('views', countIntMap(read(core, 'views')).entries, spread + 1 + VIEWS_AHEAD)
  // Notarized ones above the final one, and proposals of near views.
  const blocksMax = 2 * (spread + 1) + 2 * PROPOSALS_AROUND + 1 + behind
  count('blocks', asMap(read(core, 'blocks')).size, blocksMax)
  count('notarized headers', getLength(notarized), spread + 2)
  count('finalizations', asMap(read(core, 'finalizations')).size, spread + 2 + behind)
  count('rounds of the pool', pool.entries, rounds)
  count('shards of the pool', pool.sum, rounds * shards)
  count('pieces of evidence', asMap(read(core, 'evidence')).size, members)
  const finals = countIntMap(read(core, 'recentFinals')).entries
  count('late final digests', finals, RECENT_FINALS + CHUNK)
  count('things asked for', asMap(read(core, 'fetches')).size, 2 * spread + 3 * PROPOSALS_AROUND)
}

/** Who cast a vote, of its place in a view as admission counts them. */
function getVoter(place: number): number {
  return Math.floor(place / 4)
}

/**
 * What each member takes up, whatever it sends.
 *
 * @param getMember from a key, which is a place in a view or round, as admission counts them
 */
function countByMember(
  what: string,
  map: ReadonlyMap<unknown, unknown>,
  getMember: (place: number) => number,
  max: number,
  count: Count,
): void {
  let whole = 0
  for (const inner of map.values()) whole += asMap(inner).size
  // All together are no more than one member may have.
  if (whole <= max) return
  const counts = new Map<number, number>()
  for (const inner of map.values()) {
    for (const place of asMap(inner).keys()) {
      if (typeof place !== 'number') throw new Error('a place is no number')
      const member = getMember(place)
      counts.set(member, (counts.get(member) ?? 0) + 1)
    }
  }
  count(what, Math.max(...counts.values()), max)
}

function countEach(
  what: string,
  map: ReadonlyMap<unknown, unknown>,
  max: number,
  count: Count,
): void {
  for (const inner of map.values()) count(what, asMap(inner).size, max)
}

/** Keys below `first` or above `last`. */
function countOutside(map: ReadonlyMap<unknown, unknown>, first: number, last: number): number {
  let count = 0
  for (const key of map.keys()) {
    if (Number(key) < first || Number(key) > last) count += 1
  }
  return count
}

/** A field by name; one that is not there fails loudly, so that a renamed collection is not unbounded. */
function read(holder: object, field: string): unknown {
  if (!(field in holder)) throw new Error(`nothing is called ${field}`)
  return Reflect.get(holder, field) as unknown
}

function getLength(list: unknown): number {
  if (Array.isArray(list)) return list.length
  throw new Error('not a list')
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
