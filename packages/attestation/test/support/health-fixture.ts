import {
  type EpochContext,
  fromHex,
  fromText,
  type Height,
  type Hex,
  type MemberIndex,
  type Round,
  type State,
  standings,
  type TargetState,
  toBits,
  verdicts,
} from '@watchfire/attestation'
import { makeContext, makeManifestJson, makeMemberJson } from './network-fixture.ts'

const policy = {
  reachedMin: 667,
  failedMin: 667,
  fallRounds: 2,
  riseRounds: 2,
  thresholds: [
    { signal: 'latency', above: 750_000, clear: 600_000, severity: 'degraded' },
    { signal: 'head', lag: 5, clear: 2, severity: 'degraded' },
  ],
}

/** Two chains, `a` of four nodes and `b` of one, and a site of no group; two providers. */
export function makeHealthContext(): EpochContext {
  const node = (id: string, group: string, provider: string) => ({
    id,
    kind: 'evm-rpc',
    group,
    provider,
    timeoutMs: 800,
    params: { url: `http://${id}.example/` },
    signals: [
      { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' },
      { name: 'head', unit: 'blocks', scale: 0, aggregate: 'corroborated' },
    ],
    identities: [{ name: 'client' }, { name: 'block-hash' }],
    policy: group === '' ? { ...policy, thresholds: [] } : policy,
  })
  const json = makeManifestJson()
  return makeContext({
    ...json,
    committee: [
      { ...makeMemberJson('m1'), region: 'eu', network: 'as1', operator: 'o1' },
      { ...makeMemberJson('m2'), region: 'eu', network: 'as2', operator: 'o2' },
      { ...makeMemberJson('m3'), region: 'us', network: 'as2', operator: 'o3' },
      { ...makeMemberJson('m4'), region: 'us' },
    ],
    parameters: {
      ...(json['parameters'] as Record<string, never>),
      targets: [
        node('a1', 'a', 'acme'),
        node('a2', 'a', 'acme'),
        node('a3', 'a', 'acme'),
        node('a4', 'a', 'other'),
        node('b1', 'b', 'other'),
        node('site', '', ''),
      ],
    },
  } as never)
}

/** What is agreed on a target in one state; the rest is up and says nothing. */
export interface Agreed {
  readonly verdict?: keyof typeof verdicts
  readonly since?: number
  readonly latencyUs?: number
  /** Height, and the hash there, as a byte in hex. */
  readonly block?: readonly [height: number, hash: string]
  readonly client?: string
  readonly changes?: Partial<TargetState>
}

export const hashOf = (byte: string): Hex => byte.repeat(32) as Hex

/** A state of a round, its height the round; `heads` by group. */
export function makeHealthState(
  context: EpochContext,
  round: number,
  agreed: Readonly<Record<string, Agreed>>,
  heads: Readonly<Record<string, number>> = {},
): State {
  return {
    meta: {
      epoch: context.epoch,
      height: round as Height,
      round: round as Round,
      excluded: [],
      handover: [],
    },
    targets: context.parameters.targets.map(({ id }, index) =>
      makeTarget(id, agreed[context.targetIds[index] ?? ''] ?? {}),
    ),
    groups: ['a', 'b'].map((group) => makeGroup(group, heads[group])),
  }
}

function makeGroup(id: string, head: number | undefined): State['groups'][number] {
  const name = fromText('head')
  const value = toBits(BigInt(head ?? 0))
  return {
    id: fromText(id),
    standing: standings.unknown,
    since: 1 as Round,
    heads: head === undefined ? [] : [{ name, weight: 4, value, behindMs: 0 }],
    paces: [],
    forks: [],
    signals: [],
  }
}

function makeTarget(id: Uint8Array, agreed: Agreed): TargetState {
  const { verdict = 'up', since = 1, latencyUs, block, client, changes } = agreed
  return {
    id,
    verdict: verdicts[verdict],
    settled: verdicts[verdict],
    since: since as Round,
    streak: 0,
    streakCount: 0,
    crossed: 0,
    astray: 0,
    reasonKind: 0,
    reasonCode: 0,
    reached: 4,
    failed: 0,
    abstained: 0,
    absent: 0,
    outcome: 0,
    referenceKind: block === undefined ? 0 : 1,
    reference: block?.[0] ?? 0,
    signals:
      latencyUs === undefined ? [] : [{ index: 0, weight: 4, value: toBits(BigInt(latencyUs)) }],
    identities: [
      ...(client === undefined ? [] : [{ index: 0, weight: 4, value: fromText(client) }]),
      ...(block === undefined ? [] : [{ index: 1, weight: 4, value: fromHex(hashOf(block[1])) }]),
    ],
    vantages: [
      { region: fromText('eu'), reached: 2, failed: 0, abstained: 0 },
      { region: fromText('us'), reached: 2, failed: 0, abstained: 0 },
    ],
    blocks: [],
    ...changes,
  }
}

export const member = (index: number): MemberIndex => index as MemberIndex
