import {
  aggregates,
  type Committee,
  type Digest,
  type Epoch,
  type EpochContext,
  fromText,
  type Height,
  type MemberIndex,
  makeEpochContext,
  type Observation,
  type Parameters,
  type Policy,
  type Round,
  sha256,
  type TargetIndex,
  type Threshold,
  thresholdOps,
  toBits,
} from '@watchfire/attestation'

/** What a member says of the one target of a scripted chain; undefined: no observation. */
export type Said =
  | 'up'
  | 'fails'
  | 'refused'
  | 'abstains'
  | 'absent'
  | { readonly height: bigint; readonly latency?: bigint }

/** One block of a scripted chain, with what must come out of it, set by hand. */
export interface ScriptedStep {
  /** By member. */
  readonly said: readonly Said[]
  /** Rounds since the parent's; 1 where it is not said. */
  readonly after?: number
  /** Members against which the block carries evidence. */
  readonly offenders?: readonly number[]
  /** Verdict, kind of reason and its code, by the numbers of SPEC 3. */
  readonly gives: readonly [verdict: number, reasonKind: number, reasonCode: number]
}

interface ScriptedMember {
  readonly weight?: number
  readonly region?: string
  readonly network?: string
  readonly operator?: string
}

export interface ScriptedChain {
  readonly name: string
  readonly members: readonly ScriptedMember[]
  readonly policy?: Partial<Policy>
  /** The group of the target; its height is measured against the group's head. */
  readonly group?: string
  readonly steps: readonly ScriptedStep[]
}

const [up, degraded, disputed, down, unknown] = [1, 2, 3, 4, 5] as const
const none = 0
const outcome = 1
const threshold = 2
const share = 3
const observers = 4
const vantage = 5
const timeout = 2

const four = [{}, {}, {}, {}]
const all = (said: Said) => [said, said, said, said]
const isUp = [up, none, 0] as const
const isDown = [down, outcome, timeout] as const

/** Chains of SPEC 7 with one target, each about one of its rules. */
export const scriptedChains: readonly ScriptedChain[] = [
  {
    name: 'falls after three rounds, not two, and rises after two',
    members: four,
    steps: [
      { said: all('up'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('up'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), gives: isDown },
      { said: all('up'), gives: isDown },
      { said: all('up'), gives: isUp },
    ],
  },
  {
    name: 'is at once what is agreed first',
    members: four,
    steps: [
      { said: all('abstains'), gives: [unknown, observers, 0] },
      { said: all('fails'), gives: isDown },
      { said: all('up'), gives: isDown },
    ],
  },
  {
    name: 'holds its streak while nobody knows',
    members: four,
    steps: [
      { said: all('up'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('absent'), gives: [unknown, observers, 0] },
      { said: all('fails'), gives: isDown },
    ],
  },
  {
    name: 'keeps its streak over a gap of five rounds and loses it over one of six',
    members: four,
    steps: [
      { said: all('up'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: all('fails'), after: 5, gives: isDown },
      { said: all('up'), gives: isDown },
      { said: all('up'), after: 6, gives: isDown },
      { said: all('up'), gives: isUp },
    ],
  },
  {
    name: 'is disputed where neither share is reached, with the milder of a streak',
    members: four,
    policy: { fallRounds: 2 },
    steps: [
      { said: all('up'), gives: isUp },
      { said: all('fails'), gives: isUp },
      { said: ['up', 'up', 'fails', 'fails'], gives: [disputed, share, 0] },
      { said: ['up', 'fails', 'fails', 'fails'], gives: [disputed, share, 0] },
      { said: ['up', 'fails', 'fails', 'fails'], gives: isDown },
    ],
  },
  {
    name: 'names no outcome where failures differ',
    members: four,
    policy: { fallRounds: 1 },
    steps: [
      { said: ['fails', 'fails', 'refused', 'refused'], gives: [down, outcome, 0] },
      { said: ['fails', 'fails', 'fails', 'refused'], gives: isDown },
    ],
  },
  {
    name: 'is down only when seen from two regions, the unnamed one not counted',
    members: [{ region: 'eu' }, { region: 'eu' }, { region: 'us' }, {}],
    policy: { fallRounds: 1, riseRounds: 1, failedMin: 501, regionsMin: 2 },
    steps: [
      { said: ['fails', 'fails', 'abstains', 'fails'], gives: [disputed, vantage, 0] },
      { said: ['fails', 'abstains', 'fails', 'fails'], gives: isDown },
    ],
  },
  {
    name: 'counts weights: two of seven do not outvote one',
    members: [{ weight: 3 }, { weight: 2 }, { weight: 1 }, { weight: 1 }],
    policy: { fallRounds: 1, riseRounds: 1, failedMin: 501, reachedMin: 501 },
    steps: [
      { said: ['up', 'absent', 'absent', 'fails'], gives: [unknown, observers, 0] },
      { said: ['up', 'fails', 'absent', 'absent'], gives: isUp },
      { said: ['up', 'fails', 'fails', 'fails'], gives: isDown },
    ],
  },
  {
    name: 'degrades above a latency, agreed as the lower median',
    members: four,
    policy: {
      fallRounds: 1,
      riseRounds: 1,
      thresholds: [
        {
          signal: 1,
          op: thresholdOps.above,
          value: toBits(100n),
          clear: toBits(100n),
          severity: 2,
        },
      ],
    },
    steps: [
      { said: speeds([100n, 100n, 900n, 900n]), gives: isUp },
      { said: speeds([100n, 101n, 900n, 900n]), gives: [degraded, threshold, 0] },
      { said: speeds([-1n, 0n, 1n, 900n]), gives: isUp },
    ],
  },
  {
    name: 'degrades above a latency until it is back at another, and in between only then',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1, thresholds: [band(thresholdOps.above, 100n, 60n)] },
    steps: [
      { said: speeds([80n, 80n, 80n, 80n]), gives: isUp },
      { said: speeds([101n, 101n, 101n, 101n]), gives: [degraded, threshold, 0] },
      { said: speeds([61n, 61n, 61n, 61n]), gives: [degraded, threshold, 0] },
      { said: speeds([60n, 60n, 60n, 60n]), gives: isUp },
      { said: speeds([61n, 61n, 61n, 61n]), gives: isUp },
    ],
  },
  {
    name: 'degrades below a number until it is back at a higher one',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1, thresholds: [band(thresholdOps.below, -3n, 2n)] },
    steps: [
      { said: speeds([-3n, -3n, -3n, -3n]), gives: isUp },
      { said: speeds([-4n, -4n, -4n, -4n]), gives: [degraded, threshold, 0] },
      { said: speeds([1n, 1n, 1n, 1n]), gives: [degraded, threshold, 0] },
      { said: speeds([2n, 2n, 2n, 2n]), gives: isUp },
      { said: speeds([1n, 1n, 1n, 1n]), gives: isUp },
    ],
  },
  {
    name: 'remembers what was crossed while nobody tells the value, and holds it only by a value',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1, thresholds: [band(thresholdOps.above, 100n, 60n)] },
    steps: [
      { said: speeds([101n, 101n, 101n, 101n]), gives: [degraded, threshold, 0] },
      { said: all('up'), gives: isUp },
      { said: speeds([80n, 80n, 80n, 80n]), gives: [degraded, threshold, 0] },
      { said: all('absent'), gives: [unknown, observers, 0] },
      { said: all('fails'), gives: isDown },
      { said: speeds([80n, 80n, 80n, 80n]), gives: [degraded, threshold, 0] },
    ],
  },
  {
    name: 'keeps what was crossed over a gap of five rounds and forgets it over one of six',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1, thresholds: [band(thresholdOps.above, 100n, 60n)] },
    steps: [
      { said: speeds([101n, 101n, 101n, 101n]), gives: [degraded, threshold, 0] },
      { said: speeds([80n, 80n, 80n, 80n]), after: 5, gives: [degraded, threshold, 0] },
      { said: speeds([80n, 80n, 80n, 80n]), after: 6, gives: isUp },
    ],
  },
  {
    name: 'takes the gravest threshold, the first of equals, and compares signed',
    members: four,
    policy: {
      fallRounds: 1,
      riseRounds: 1,
      thresholds: [
        { signal: 0, op: thresholdOps.below, value: toBits(10n), clear: toBits(10n), severity: 2 },
        { signal: 0, op: thresholdOps.below, value: toBits(5n), clear: toBits(5n), severity: 4 },
        { signal: 0, op: thresholdOps.below, value: toBits(6n), clear: toBits(6n), severity: 4 },
        {
          signal: 0,
          op: thresholdOps.above,
          value: toBits(1n << 62n),
          clear: toBits(1n << 62n),
          severity: 4,
        },
      ],
    },
    steps: [
      { said: all({ height: 10n }), gives: isUp },
      { said: all({ height: 9n }), gives: [degraded, threshold, 0] },
      { said: all({ height: 5n }), gives: [down, threshold, 2] },
      { said: all({ height: -5n }), gives: [down, threshold, 1] },
    ],
  },
  {
    name: 'takes as head what more than f reached, never one liar',
    members: four,
    group: 'chain',
    policy: {
      fallRounds: 1,
      riseRounds: 1,
      thresholds: [
        {
          signal: 0,
          op: thresholdOps.below,
          value: toBits(100n),
          clear: toBits(100n),
          severity: 2,
        },
      ],
    },
    steps: [
      { said: heights([90n, 95n, 95n, 9000n]), gives: [degraded, threshold, 0] },
      { said: heights([90n, 95n, 100n, 9000n]), gives: isUp },
      { said: heights([90n, 95n, 99n, 9000n]), gives: [degraded, threshold, 0] },
    ],
  },
  {
    name: 'leaves out the excluded from its own block on, and then fewer suffice',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1 },
    steps: [
      { said: ['up', 'fails', 'absent', 'absent'], gives: [unknown, observers, 0] },
      { said: ['up', 'absent', 'absent', 'fails'], offenders: [3], gives: isUp },
      { said: ['fails', 'absent', 'absent', 'up'], gives: isDown },
      { said: ['absent', 'absent', 'absent', 'up'], gives: [unknown, observers, 0] },
    ],
  },
  {
    name: 'knows nothing without observers, though more than f are excluded',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1 },
    steps: [
      { said: all('up'), offenders: [2, 3], gives: isUp },
      { said: all('absent'), gives: [unknown, observers, 0] },
      { said: ['fails', 'absent', 'absent', 'absent'], gives: isDown },
    ],
  },
  {
    name: 'is down at the very share it must reach, and up at its own',
    members: four,
    policy: { fallRounds: 1, riseRounds: 1, failedMin: 750, reachedMin: 750 },
    steps: [
      { said: ['up', 'fails', 'fails', 'fails'], gives: isDown },
      { said: ['up', 'up', 'up', 'fails'], gives: isUp },
    ],
  },
  {
    name: 'rises to the graver of its streak, with the reason of the round that settled it',
    members: four,
    steps: [
      { said: all('fails'), gives: isDown },
      { said: ['up', 'up', 'fails', 'fails'], gives: isDown },
      { said: all('up'), gives: [disputed, none, 0] },
      { said: all('up'), gives: [disputed, none, 0] },
      { said: all('up'), gives: isUp },
    ],
  },
  {
    name: 'lags behind the head by more than a number, not by as much',
    members: four,
    group: 'chain',
    policy: {
      fallRounds: 1,
      riseRounds: 1,
      thresholds: [
        { signal: 0, op: thresholdOps.lag, value: toBits(0n), clear: toBits(0n), severity: 4 },
        { signal: 0, op: thresholdOps.lag, value: toBits(-1n), clear: toBits(-1n), severity: 2 },
      ],
    },
    steps: [
      { said: heights([90n, 95n, 95n, 9000n]), gives: [degraded, threshold, 1] },
      // Without enough that tell their height there is neither head nor lag.
      { said: [{ height: 90n }, { height: 90n }, 'up', 'up'], gives: isUp },
    ],
  },
  {
    name: 'is down only when seen from two networks and by two operators',
    members: [
      { network: 'n1', operator: 'o1' },
      { network: 'n2', operator: 'o1' },
      { network: 'n2', operator: 'o2' },
      { network: 'n1', operator: 'o1' },
    ],
    policy: { fallRounds: 1, riseRounds: 1, networksMin: 2, operatorsMin: 2 },
    steps: [
      { said: ['fails', 'fails', 'abstains', 'fails'], gives: [disputed, vantage, 0] },
      { said: ['abstains', 'fails', 'fails', 'fails'], gives: isDown },
      { said: ['abstains', 'fails', 'fails', 'abstains'], gives: [unknown, observers, 0] },
    ],
  },
  {
    name: 'is down only when seen from two networks, however many operators',
    members: [{ network: 'n1' }, { network: 'n1' }, { network: 'n1' }, { network: 'n2' }],
    policy: { fallRounds: 1, riseRounds: 1, networksMin: 2 },
    steps: [
      { said: ['fails', 'fails', 'fails', 'abstains'], gives: [disputed, vantage, 0] },
      { said: ['fails', 'fails', 'abstains', 'fails'], gives: isDown },
    ],
  },
]

/** A threshold on the latency that ends elsewhere than it begins. */
function band(op: number, value: bigint, clear: bigint): Threshold {
  return { signal: 1, op, value: toBits(value), clear: toBits(clear), severity: degraded }
}

function speeds(values: readonly bigint[]): Said[] {
  return values.map((latency) => ({ height: 1n, latency }))
}

function heights(values: readonly bigint[]): Said[] {
  return values.map((height) => ({ height }))
}

/** The one epoch of a scripted chain. */
export function makeScriptedContext(chain: ScriptedChain): EpochContext {
  const committee: Committee = {
    members: chain.members.map(
      ({ weight = 1, region = '', network = '', operator = '' }, index) => ({
        id: fromText(`m${index}`),
        publicKey: sha256(fromText(`key of m${index}`)),
        weight,
        region: fromText(region),
        network: fromText(network),
        operator: fromText(operator),
      }),
    ),
  }
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
    targets: [
      {
        id: fromText('t'),
        kind: fromText('scripted'),
        group: fromText(chain.group ?? ''),
        provider: fromText(''),
        shard: 0,
        timeoutMs: 300,
        params: fromText('{}'),
        signals: [
          { ...signal('height'), aggregate: aggregates.corroborated },
          { ...signal('latency'), aggregate: aggregates.median },
        ],
        identities: [{ name: fromText('hash') }],
        policy: {
          reachedMin: 667,
          failedMin: 667,
          fallRounds: 3,
          riseRounds: 2,
          regionsMin: 0,
          networksMin: 0,
          operatorsMin: 0,
          astray: 2,
          thresholds: [],
          ...chain.policy,
        },
      },
    ],
    handover: [],
  }
  const networkId = sha256(fromText(chain.name)) as Digest
  return makeEpochContext(networkId, 0 as Epoch, committee, parameters)
}

function signal(name: string) {
  return { name: fromText(name), unit: fromText(''), scale: 0 }
}

/** What a member attests for what it said. */
export function toObservations(said: Said): Observation[] {
  const nothing = { referenceKind: 0, reference: 0, signals: [], identities: [] }
  const target = 0 as TargetIndex
  switch (said) {
    case 'absent':
      return []
    case 'up':
      return [{ target, status: 1, code: 0, ...nothing }]
    case 'fails':
      return [{ target, status: 2, code: timeout, ...nothing }]
    case 'refused':
      return [{ target, status: 2, code: 1, ...nothing }]
    case 'abstains':
      return [{ target, status: 3, code: 4, ...nothing }]
    default: {
      const signals = [
        { index: 0, value: toBits(said.height) },
        ...(said.latency === undefined ? [] : [{ index: 1, value: toBits(said.latency) }]),
      ]
      return [{ target, status: 1, code: 0, ...nothing, signals }]
    }
  }
}

/** The place of the block at position `index` of a scripted chain. */
export function getPlace(steps: readonly Pick<ScriptedStep, 'after'>[], index: number) {
  const rounds = steps.slice(0, index + 1).map(({ after = 1 }) => after)
  const round = rounds.reduce((sum, each) => sum + each, 0)
  return {
    height: (index + 1) as Height,
    round: round as Round,
    parentRound: (round - (rounds.at(-1) ?? 0)) as Round,
  }
}

export function toMember(index: number): MemberIndex {
  return index as MemberIndex
}
