import {
  aggregates,
  type Attestation,
  type Committee,
  type Digest,
  type Epoch,
  type EpochContext,
  fromText,
  type GroupState,
  makeEpochContext,
  type Observation,
  type Parameters,
  type Round,
  sha256,
  type State,
  type Target,
  type TargetIndex,
  thresholdOps,
  toBits,
  toHex,
  toSigned,
  toText,
} from '@watchfire/attestation'

// Chains of SPEC 7.6 and 7.11: nodes of one chain, which all members see alike.

/** What all members see of a node in a round; what is left out they do not see. */
export interface Seen {
  readonly head?: number
  readonly final?: number
  readonly rate?: number
  /** Height, and the byte that its hash is made of. */
  readonly block?: readonly [height: number, hash: number]
  /** The finalized root at the same height. */
  readonly root?: number
}

/** One block, with what must come out of it, set by hand; what is left out is not looked at. */
export interface GroupStep {
  /** Rounds since the parent's; 1 where it is not said. */
  readonly after?: number
  /** By target; none: nobody reaches it. */
  readonly seen: readonly (Seen | undefined)[]
  readonly gives: GroupResult
}

export interface GroupResult {
  readonly standing?: 'advancing' | 'still' | 'forked' | 'unknown'
  /** Rounds before this one in which it began to stand so. */
  readonly standsFor?: number
  /** Ids of targets that are astray. */
  readonly astray?: string
  /** Verdicts by target, and kinds of their reasons. */
  readonly verdicts?: readonly number[]
  readonly reasons?: readonly number[]
  /** `name value behindMs`, ascending. */
  readonly heads?: readonly string[]
  /** `name intervalUs`, ascending. */
  readonly paces?: readonly string[]
  /** `name height byte`, or `-` for the byte where no value is most targets'. */
  readonly forks?: readonly string[]
  /** `name value targets`, ascending. */
  readonly signals?: readonly string[]
}

export interface GroupChain {
  readonly name: string
  readonly targets: number
  readonly astray?: 'none' | 'degraded' | 'down'
  /** Decimal digits of heads. */
  readonly scale?: number
  readonly steps: readonly GroupStep[]
}

const standings = { advancing: 1, still: 2, forked: 3, unknown: 4 } as const
const [up, degraded, down] = [1, 2, 4] as const

const on = (height: number, hash: number): Seen => ({ block: [height, hash] })
const alike = (seen: Seen) => [seen, seen, seen]

/** A head that rises by so much in each of so many blocks, so many rounds apart; nothing is looked at. */
function rise(from: number, by: number, blocks: number, after: number, lag = 4): GroupStep[] {
  return Array.from({ length: blocks }, (_, at) => {
    const head = from + at * by
    return { after, seen: alike({ head, final: head - lag }), gives: {} }
  })
}

/** A head that stays for so many blocks, five rounds apart. */
function wait(head: number, blocks: number): GroupStep[] {
  return Array.from({ length: blocks }, () => ({ after: 5, seen: alike({ head }), gives: {} }))
}

export const groupChains: readonly GroupChain[] = [
  {
    name: 'names the node that is on another chain than most, until it is on theirs again',
    targets: 3,
    steps: [
      { seen: alike(on(9, 1)), gives: { standing: 'unknown', astray: '', forks: [] } },
      {
        seen: [on(10, 2), on(10, 3), on(10, 2)],
        gives: {
          standing: 'forked',
          astray: 'b',
          forks: ['block-hash 10 2'],
          verdicts: [up, degraded, up],
          reasons: [0, 6, 0],
        },
      },
      {
        seen: alike(on(11, 4)),
        gives: { standing: 'unknown', astray: '', forks: [], verdicts: [up, up, up] },
      },
    ],
  },
  {
    name: 'keeps astray who can be compared with nobody any more',
    targets: 3,
    steps: [
      { seen: [on(10, 2), on(10, 3), on(10, 2)], gives: { astray: 'b' } },
      { seen: [on(11, 4), undefined, on(11, 4)], gives: { astray: 'b' } },
      {
        seen: [on(12, 5), undefined, on(12, 5)],
        gives: { standing: 'forked', astray: 'b', forks: [], verdicts: [up, down, up] },
      },
      { seen: [on(13, 6), on(14, 7), on(13, 6)], gives: { astray: 'b', forks: [] } },
      { seen: [on(14, 7), on(15, 8), on(14, 7)], gives: { astray: '' } },
    ],
  },
  {
    name: 'forgets who was astray, and what was seen of it, over a gap of six rounds, not of five',
    targets: 2,
    steps: [
      { seen: [on(10, 2), on(10, 3)], gives: { astray: 'ab', forks: ['block-hash 10 -'] } },
      { after: 5, seen: [{}, {}], gives: { standing: 'forked', astray: 'ab' } },
      { after: 6, seen: [{}, {}], gives: { standing: 'unknown', astray: '', forks: [] } },
      { seen: [on(10, 2), {}], gives: { astray: '' } },
    ],
  },
  {
    name: 'compares heights of the last two of each, the later word on one height counting',
    targets: 2,
    steps: [
      { seen: [on(10, 1), on(9, 1)], gives: { astray: '' } },
      { seen: [on(11, 2), on(10, 3)], gives: { astray: 'ab', forks: ['block-hash 10 -'] } },
      { seen: [on(11, 2), on(10, 1)], gives: { astray: '', forks: [] } },
      { seen: [on(12, 4), on(13, 5)], gives: { astray: '' } },
      { seen: [on(14, 4), on(10, 6)], gives: { astray: '' } },
    ],
  },
  {
    name: 'is forked by a finalized root too, each name for itself',
    targets: 3,
    steps: [
      {
        seen: [
          { block: [8, 1], root: 1 },
          { block: [8, 1], root: 2 },
          { block: [8, 2], root: 1 },
        ],
        gives: { astray: 'bc', forks: ['block-hash 8 1', 'finalized-root 8 1'] },
      },
      {
        seen: [
          { block: [9, 1], root: 1 },
          { block: [9, 1], root: 2 },
          { block: [9, 1], root: 3 },
        ],
        gives: { astray: 'abc', forks: ['finalized-root 9 -'] },
      },
    ],
  },
  {
    name: 'is what its policy says while astray: down, unless a threshold is graver',
    targets: 3,
    astray: 'down',
    steps: [
      {
        seen: [on(10, 2), { ...on(10, 3), rate: 5 }, on(10, 2)],
        gives: { verdicts: [up, down, up], reasons: [0, 6, 0] },
      },
    ],
  },
  {
    name: 'is up while astray where its policy says none',
    targets: 3,
    astray: 'none',
    steps: [
      {
        seen: [on(10, 2), on(10, 3), { ...on(10, 2), rate: 99 }],
        gives: { standing: 'forked', verdicts: [up, up, degraded], reasons: [0, 0, 2] },
      },
    ],
  },
  {
    name: 'takes neither head nor signals of who is astray, unless all are',
    targets: 3,
    steps: [
      {
        seen: [
          { ...on(10, 2), head: 20, rate: 3 },
          { ...on(10, 3), head: 90, rate: 9 },
          { ...on(10, 2), head: 21, rate: 1 },
        ],
        gives: { heads: ['head 21 0'], signals: ['head 20 2', 'rate 1 2'] },
      },
      {
        seen: [
          { ...on(11, 1), head: 22 },
          { ...on(11, 2), head: 91 },
          { ...on(11, 3), head: 23 },
        ],
        gives: { astray: 'abc', heads: ['head 91 0'], signals: [] },
      },
    ],
  },
  {
    name: 'takes the lower median of those that are not down, and leaves out what nobody says',
    targets: 4,
    steps: [
      {
        seen: [{ rate: 4 }, { rate: 2 }, undefined, { rate: 3 }],
        gives: { signals: ['rate 3 3'], heads: [], paces: [] },
      },
      { seen: [{ rate: 4 }, { rate: 2 }, { rate: 7 }, {}], gives: { signals: ['rate 4 3'] } },
      { seen: [{ rate: 4 }, { rate: 2 }, {}, {}], gives: { signals: ['rate 2 2'] } },
    ],
  },
  {
    name: 'knows the time of a block once the head has risen, and how long finality takes',
    targets: 3,
    steps: [
      {
        seen: alike({ head: 100, final: 90 }),
        gives: { standing: 'unknown', paces: ['final 0', 'head 0'] },
      },
      {
        after: 3,
        seen: alike({ head: 102, final: 90 }),
        gives: {
          standing: 'advancing',
          standsFor: 0,
          paces: ['final 0', 'head 1500000'],
          heads: ['final 90 18000', 'head 102 0'],
        },
      },
      {
        after: 4,
        seen: alike({ head: 102, final: 91 }),
        gives: { standing: 'advancing', standsFor: 4, heads: ['final 91 16500', 'head 102 0'] },
      },
    ],
  },
  {
    name: 'measures from a mark 16 rounds and 8 units back, at the least',
    targets: 3,
    steps: [
      // Rounds 4, 8, 12, 16: one unit each.
      ...rise(100, 1, 4, 4),
      // Round 20, 16 after the first mark, but only 4 units above it.
      { after: 4, seen: alike({ head: 104 }), gives: { paces: ['final 4000000', 'head 4000000'] } },
      // Rounds 24, 28, 32: 8 units above it at round 24, where the marks move.
      ...rise(110, 1, 3, 4),
      // Round 36, measured from the mark of round 4 still.
      { after: 4, seen: alike({ head: 120 }), gives: { paces: ['final 2333333', 'head 1600000'] } },
      // Rounds 40 and 44: from round 24, where it was 110, on.
      ...rise(130, 1, 1, 4),
      { after: 4, seen: alike({ head: 150 }), gives: { paces: ['final 800000', 'head 500000'] } },
      // Not agreed on: the pace stays, and nothing can be said.
      { seen: [{}, {}, {}], gives: { standing: 'unknown', heads: [], standsFor: 0 } },
    ],
  },
  {
    name: 'stands still after more than 16 rounds without a rise, and ten times as long as one takes',
    targets: 3,
    steps: [
      { seen: alike({ head: 1 }), gives: { standing: 'unknown' } },
      { after: 3, seen: alike({ head: 2 }), gives: { standing: 'advancing' } },
      // Three seconds a unit: late after 30 rounds.
      ...wait(2, 6),
      { seen: alike({ head: 2 }), gives: { standing: 'still', standsFor: 0 } },
      { after: 2, seen: alike({ head: 2 }), gives: { standing: 'still', standsFor: 2 } },
      { seen: alike({ head: 3 }), gives: { standing: 'advancing', paces: ['head 18500000'] } },
    ],
  },
  {
    name: 'stands still after more than 16 rounds where it never rose',
    targets: 3,
    steps: [
      { seen: alike({ head: 7 }), gives: { standing: 'unknown' } },
      ...wait(7, 3),
      { seen: alike({ head: 7 }), gives: { standing: 'unknown' } },
      { seen: alike({ head: 7 }), gives: { standing: 'still' } },
    ],
  },
  {
    name: 'begins anew with a head that falls below its older mark, not with one that falls a little',
    targets: 3,
    steps: [
      { seen: alike({ head: -5 }), gives: {} },
      { after: 2, seen: alike({ head: 3 }), gives: { paces: ['head 250000'] } },
      { after: 2, seen: alike({ head: -5 }), gives: { paces: ['head 250000'] } },
      { after: 2, seen: alike({ head: -6 }), gives: { paces: ['head 0'], standing: 'unknown' } },
      { after: 2, seen: alike({ head: -4 }), gives: { paces: ['head 1000000'] } },
      { after: 6, seen: alike({ head: 5 }), gives: { paces: ['head 0'] } },
    ],
  },
  {
    name: 'counts in whole units of a head with decimals',
    targets: 3,
    scale: 1,
    steps: [
      { seen: alike({ head: 100 }), gives: {} },
      {
        after: 2,
        seen: alike({ head: 105, final: 95 }),
        gives: { paces: ['final 0', 'head 4000000'], heads: ['final 95 4000', 'head 105 0'] },
      },
    ],
  },
]

/** The one epoch of a chain of nodes. */
export function makeGroupContext({ name, targets, astray, scale = 0 }: GroupChain): EpochContext {
  const committee: Committee = {
    members: [0, 1, 2, 3].map((index) => ({
      id: fromText(`m${index}`),
      publicKey: sha256(fromText(`key of m${index}`)),
      weight: 1,
      region: fromText(''),
      network: fromText(''),
      operator: fromText(''),
    })),
  }
  const signal = (text: string, unit: string, digits: number, aggregate: number) => {
    return { name: fromText(text), unit: fromText(unit), scale: digits, aggregate }
  }
  const target = (id: string): Target => ({
    id: fromText(id),
    kind: fromText('scripted'),
    group: fromText('g'),
    provider: fromText(''),
    shard: 0,
    timeoutMs: 300,
    params: fromText('{}'),
    signals: [
      signal('rate', 'per-s', 0, aggregates.median),
      signal('head', 'blocks', scale, aggregates.corroborated),
      signal('final', 'blocks', scale, aggregates.corroborated),
    ],
    identities: ['client', 'block-hash', 'finalized-root'].map((each) => ({
      name: fromText(each),
    })),
    policy: {
      reachedMin: 667,
      failedMin: 667,
      fallRounds: 1,
      riseRounds: 1,
      regionsMin: 0,
      networksMin: 0,
      operatorsMin: 0,
      astray: { none: 0, degraded: 2, down: 4 }[astray ?? 'degraded'],
      thresholds: [
        { signal: 0, op: thresholdOps.above, value: 4n, clear: 4n, severity: degraded },
        { signal: 0, op: thresholdOps.above, value: 100n, clear: 100n, severity: down },
      ],
    },
  })
  const parameters: Parameters = {
    originRound: 0 as Round,
    originMs: 1_700_000_000_000,
    roundMs: 1000,
    attestByMs: 400,
    proposeAtMs: 500,
    viewTimeoutMs: 250,
    viewTimeoutMsMax: 4000,
    roundsBehindMax: 8,
    gapMax: 5,
    shards: 1,
    targets: ['a', 'b', 'c', 'd'].slice(0, targets).map(target),
    handover: [],
  }
  return makeEpochContext(sha256(fromText(name)) as Digest, 0 as Epoch, committee, parameters)
}

/** What each member attests of what all see. */
export function observeGroup({ seen }: GroupStep): Attestation['observations'] {
  return seen.map((each, index): Observation => {
    const target = index as TargetIndex
    const nothing = { referenceKind: 0, reference: 0, signals: [], identities: [] }
    if (each === undefined) return { target, status: 2, code: 2, ...nothing }
    const { head, final, rate, block, root } = each
    const hash = (at: number, byte: number | undefined) =>
      byte === undefined ? [] : [{ index: at, value: new Uint8Array(32).fill(byte) }]
    return {
      target,
      status: 1,
      code: 0,
      referenceKind: block === undefined ? 0 : 1,
      reference: block?.[0] ?? 0,
      signals: [rate, head, final].flatMap((value, at) =>
        value === undefined ? [] : [{ index: at, value: toBits(BigInt(value)) }],
      ),
      identities: [...hash(0, index), ...hash(1, block?.[1]), ...hash(2, root)],
    }
  })
}

/** What came out, in the words of {@link GroupResult}. */
export function describeGroup(
  context: EpochContext,
  { groups, targets, meta }: State,
): Required<Omit<GroupResult, 'standing'>> & { standing: number } {
  const [group] = groups as [GroupState]
  const nameOf = (target: number, signal: number) =>
    toText(context.parameters.targets[target]?.signals[signal]?.name ?? new Uint8Array())
  return {
    standing: group.standing,
    standsFor: meta.round - group.since,
    astray: targets.flatMap(({ id, astray }) => (astray === 1 ? [toText(id)] : [])).join(''),
    verdicts: targets.map(({ verdict }) => verdict),
    reasons: targets.map(({ reasonKind }) => reasonKind),
    heads: group.heads.map(
      ({ name, value, behindMs }) => `${toText(name)} ${toSigned(value)} ${behindMs}`,
    ),
    paces: group.paces.map(({ name, intervalUs }) => `${toText(name)} ${intervalUs}`),
    forks: group.forks.map(({ identity, height, majority }) => {
      const [value] = majority
      return `${toText(identity)} ${height} ${value === undefined ? '-' : Number.parseInt(toHex(value).slice(0, 2), 16)}`
    }),
    signals: group.signals.map(
      ({ target, signal, targets: count, value }) =>
        `${nameOf(target, signal)} ${toSigned(value)} ${count}`,
    ),
  }
}

/** The standing's number, for comparison with what came out. */
export function toWanted(gives: GroupResult): Record<string, unknown> {
  const { standing, ...rest } = gives
  return standing === undefined ? rest : { ...rest, standing: standings[standing] }
}
