import {
  fromText,
  getRoundAt,
  getValidUntilMs,
  type Height,
  makeProof,
  type MonitorId,
  type Round,
  type Status,
  type TargetIndex,
  toText,
  type UnixMs,
} from '@watchfire/attestation'
import type {
  FeedAnswer,
  FeedEvidence,
  FeedMonitor,
  FeedRecord,
  FeedSource,
  NodeStatus,
} from '../../src/feed-source.ts'
import { makeMetrics } from '../../src/metrics/metrics.ts'
import type { Clock, PeerInfo } from '../../src/ports.ts'
import type { Chain } from './chain-fixture.ts'

/** A clock that moves only when told; timers run in the order they fall due. */
export interface ManualClock extends Clock {
  advance(ms: number): void
  /** Timers that wait. */
  readonly waiting: number
}

export function makeManualClock(startMs: number): ManualClock {
  let nowMs = startMs
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    nowMs: () => nowMs as UnixMs,
    monotonicMs: () => nowMs,
    setTimer(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.atMs <= endMs)
          .toSorted((one, other) => one.atMs - other.atMs)[0]
        if (due === undefined) break
        nowMs = Math.max(nowMs, due.atMs)
        timers.delete(due)
        due.run()
      }
      nowMs = endMs
    },
    get waiting() {
      return timers.size
    },
  }
}

const makeStatus = (nowMs: UnixMs, bootMs: number = nowMs - 60_000): Status => ({
  epoch: 0 as Status['epoch'],
  member: 1 as Status['member'],
  timeMs: nowMs,
  bootMs,
  clockOffsetMs: 0n,
  height: 1 as Height,
  round: 1 as Round,
  view: 3 as Status['view'],
  version: fromText('0.1.0'),
  features: [fromText('example')],
})

export interface FakeSource extends FeedSource {
  /** Shows the reader the chain up to this height; listeners hear of it. */
  reach(height: number): void
  /** Forgets the records below a height. */
  prune(floor: number): void
  setStatus(changes: Partial<NodeStatus>): void
  setPeers(peers: readonly PeerInfo[]): void
  /** As if it became known just now. */
  setEvidence(evidence: readonly FeedEvidence[]): void
  /** When member 1 says that it started. */
  setBootMs(bootMs: number | undefined): void
  /** Fails the next read, as a broken disk would. */
  breakWith(error: Error | undefined): void
}

/** The seam that HTTP reads, over a chain made beforehand. */
export function makeFakeSource(chain: Chain, clock: Clock): FakeSource {
  const { context, records } = chain
  let tip = 0
  let floor = 1
  let changes: Partial<NodeStatus> = {}
  let peers: readonly PeerInfo[] = []
  let evidence: readonly FeedEvidence[] = []
  const evidenceListeners = new Set<() => void>()
  let failure: Error | undefined
  let bootMs: number | undefined
  const listeners = new Set<(record: FeedRecord) => void>()

  const latest = () => {
    if (failure !== undefined) throw failure
    return records[tip - 1]
  }
  const fail = (code: Extract<FeedAnswer, { ok: false }>['code'], detail: string) => ({
    ok: false as const,
    code,
    detail,
  })
  const atHeight = (height: Height): FeedAnswer => {
    if (height > tip) return fail('not-yet', `The highest certificate is of height ${tip}.`)
    const record = records[height - 1]
    if (record === undefined || height < floor)
      return fail('pruned', `States are kept from height ${floor} on.`)
    return { ok: true, record }
  }
  const status = (): NodeStatus => {
    const record = records[tip - 1]
    return {
      version: '0.1.0',
      networkId: context.networkId,
      networkName: toText(chain.manifest.name),
      monitor: 'm1' as MonitorId,
      peerId: '12D3KooWexample',
      addresses: ['/ip4/127.0.0.1/tcp/7801/p2p/12D3KooWexample'],
      startedAtMs: context.parameters.originMs as UnixMs,
      nowMs: clock.nowMs(),
      epoch: 0,
      view: tip + 3,
      round: getRoundAt(context.parameters, clock.nowMs()),
      finalHeight: (record?.height ?? 0) as Height,
      finalRound: (record?.round ?? 0) as Round,
      validUntilMs:
        record === undefined ? undefined : getValidUntilMs(context.parameters, record.round),
      agreement: 'ok',
      reason: 'Agreement is forming.',
      heard: {
        members: 4,
        membersTotal: 4,
        weight: 4,
        weightTotal: 4,
        quorum: context.quorum,
        silent: [],
      },
      isQuarantined: false,
      selfHealth: { healthy: true, cause: undefined, reason: undefined, canaries: undefined },
      timeServer: undefined,
      clockOffsetMs: undefined,
      clockNotice: undefined,
      ready: true,
      notReady: [],
      ...changes,
    }
  }

  return {
    manifest: chain.manifest,
    networkId: context.networkId,
    context,
    counters: makeMetrics({ processMetrics: false }),
    nowMs: () => clock.nowMs(),
    latest,
    atHeight,
    atRound(round) {
      const record = records.slice(0, tip).find((each) => each.round === round)
      if (record !== undefined) return atHeight(record.height)
      if (round > (records[tip - 1]?.round ?? 0)) return fail('not-yet', 'No certificate yet.')
      if (round <= context.parameters.originRound) return fail('unknown', 'Before the first.')
      return fail('gap', `No block covers round ${round}.`)
    },
    listAfter(height, limit) {
      const from = Math.max(height + 1, floor)
      return records.slice(from - 1, Math.min(tip, from - 1 + limit))
    },
    floor: () => (tip === 0 ? undefined : (floor as Height)),
    proof(target, height) {
      const index = context.targetIds.indexOf(target)
      if (index < 0)
        return { ok: false, code: 'no-target', detail: `No target is called ${target}.` }
      const answer = atHeight(height ?? (tip as Height))
      if (!answer.ok) return answer
      const state = answer.record.state.targets[index]
      if (state === undefined) throw new Error('no such target')
      return {
        ok: true,
        proof: {
          record: answer.record,
          targetIndex: index,
          target: state,
          branch: makeProof(answer.record.state, index as TargetIndex),
        },
      }
    },
    attestations: (filter) =>
      chain.attestations
        .filter(
          ({ message }) =>
            message.round <= (records[tip - 1]?.round ?? -1) &&
            message.round <= (filter.roundMax ?? Number.MAX_SAFE_INTEGER) &&
            (filter.round === undefined || message.round === filter.round) &&
            (filter.monitor === undefined || context.memberIds[message.member] === filter.monitor),
        )
        .toSorted(
          (one, other) =>
            other.message.round - one.message.round || one.message.member - other.message.member,
        )
        .slice(0, filter.limit),
    monitors: () =>
      context.committee.members.map(
        (member, index): FeedMonitor => ({
          id: context.memberIds[index] ?? ('' as MonitorId),
          index: index as FeedMonitor['index'],
          weight: member.weight,
          region: toText(member.region),
          network: toText(member.network),
          operator: toText(member.operator),
          publicKey: member.publicKey,
          isSelf: index === 0,
          lastAttestationRound: records[tip - 1]?.round,
          lastHeardMs: clock.nowMs(),
          status: index === 1 ? makeStatus(clock.nowMs(), bootMs) : undefined,
          clockOffsetMs: index === 1 ? -12 : undefined,
          excludedSince: undefined,
        }),
      ),
    peers: () => peers,
    evidence: () => evidence,
    onEvidence(listener) {
      evidenceListeners.add(listener)
      return () => evidenceListeners.delete(listener)
    },
    status,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    reach(height) {
      while (tip < height) {
        tip++
        const record = records[tip - 1]
        if (record === undefined) throw new Error(`the chain ends below ${height}`)
        for (const listener of listeners) listener(record)
      }
    },
    prune(height) {
      floor = height
    },
    setStatus(next) {
      changes = next
    },
    setPeers(next) {
      peers = next
    },
    setEvidence(next) {
      evidence = next
      for (const listener of evidenceListeners) listener()
    },
    setBootMs(next) {
      bootMs = next
    },
    breakWith(error) {
      failure = error
    },
  }
}
