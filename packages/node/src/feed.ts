import {
  type Attestation,
  decode,
  type EpochContext,
  getMemberIndex,
  type Height,
  makeCertificateFile,
  makeProof,
  type Manifest,
  type MemberIndex,
  type Round,
  signedAttestationType,
  type State,
  type TargetId,
  type TargetIndex,
  toText,
} from '@watchfire/attestation'
import { makeEvidenceList } from './feed-evidence.ts'
import type {
  FeedAnswer,
  FeedAttestation,
  FeedMonitor,
  FeedProof,
  FeedRecord,
  FeedSource,
  NodeStatus,
} from './feed-source.ts'
import type { AttestationBuffer } from './loop/attestation-buffer.ts'
import type { MemberBook } from './loop/member-book.ts'
import type {
  AttestationFilter,
  Clock,
  Counters,
  FinalRecord,
  Log,
  Network,
  Store,
} from './ports.ts'

/** Records of old heights kept as they were last asked for. */
const recordsMax = 64

export interface FeedOptions {
  readonly manifest: Manifest
  readonly context: EpochContext
  readonly me: MemberIndex | undefined
  readonly store: Store
  readonly buffer: AttestationBuffer
  readonly members: MemberBook
  readonly network: Network
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Log
  readonly getStatus: () => NodeStatus
}

export interface Feed extends FeedSource {
  /** A block became final: for `latest` and all who listen. */
  publish(record: FinalRecord & { readonly state: State }): void
  /** Evidence became known, and is in the store. */
  noteEvidence(): void
}

/** The node as readers see it; it changes nothing. */
export function makeFeed(options: FeedOptions): Feed {
  const { manifest, context, me, store, buffer, members, network, clock } = options
  const records = new Map<Height, FeedRecord>()
  const listeners = new Set<(record: FeedRecord) => void>()
  const evidenceListeners = new Set<() => void>()
  const evidence = makeEvidenceList(context, store, latest)
  let newest: FeedRecord | undefined

  function toRecord(final: FinalRecord, state: State): FeedRecord {
    const { header, headerDigest, certificate } = final
    const known = records.get(header.height)
    if (known !== undefined) return known
    const file = makeCertificateFile(context.networkId, certificate, state, [])
    const { height, round } = header
    const record = { height, round, header, headerDigest, certificate, state, file }
    const oldest = records.size >= recordsMax ? records.keys().next().value : undefined
    if (oldest !== undefined) records.delete(oldest)
    records.set(height, record)
    return record
  }

  function latest(): FeedRecord | undefined {
    if (newest === undefined) {
      const tip = store.getFinalTip()
      if (tip?.state !== undefined) newest = toRecord(tip, tip.state)
    }
    return newest
  }

  function answer(final: FinalRecord | undefined, words: string): FeedAnswer {
    if (final === undefined) return refuse('unknown', `${words} is not known here`)
    return final.state === undefined
      ? refuse('pruned', `the state of ${words} is not kept any more; its certificate is`)
      : { ok: true, record: toRecord(final, final.state) }
  }

  /** A reader's failure is not the loop's. */
  function notify(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      options.counters.add('feed-listener-errors')
      options.log.error({ error: String(error) }, 'a listener of the feed failed')
    }
  }

  function atHeight(height: Height): FeedAnswer {
    const cached = records.get(height)
    if (cached !== undefined) return { ok: true, record: cached }
    const tip = latest()
    if (tip === undefined || height > tip.height)
      return refuse('not-yet', `height ${height} is not certified yet`)
    return answer(store.getFinal(height), `height ${height}`)
  }

  function atRound(round: Round): FeedAnswer {
    const tip = latest()
    if (tip === undefined || round > tip.round)
      return refuse('not-yet', `round ${round} is not certified yet`)
    if (round <= context.parameters.originRound)
      return refuse('unknown', `round ${round} is not after the network's first`)
    const final = store.getFinalAtRound(round)
    // Rounds below the tip that no block has are gaps, never papered over (SPEC 9.5).
    if (final === undefined) return refuse('gap', `no block covers round ${round}`)
    return answer(final, `round ${round}`)
  }

  function prove(target: TargetId, height: Height | undefined): ReturnType<FeedSource['proof']> {
    const index = context.targetIds.indexOf(target)
    if (index < 0)
      return { ok: false, code: 'no-target', detail: `the network has no target ${target}` }
    const tip = latest()
    const found =
      height !== undefined
        ? atHeight(height)
        : tip === undefined
          ? refuse('not-yet', 'nothing is certified yet')
          : { ok: true as const, record: tip }
    if (!found.ok) return found
    const state = found.record.state.targets[index]
    if (state === undefined) throw new Error(`the state has no target ${index}`)
    const branch = makeProof(found.record.state, index as TargetIndex)
    const proof: FeedProof = { record: found.record, targetIndex: index, target: state, branch }
    return { ok: true, proof }
  }

  function listAttestations(filter: AttestationFilter): readonly FeedAttestation[] {
    const matches = (each: { round: Round; member: MemberIndex; shard: number }): boolean =>
      (filter.round === undefined || each.round === filter.round) &&
      (filter.roundMax === undefined || each.round <= filter.roundMax) &&
      (filter.member === undefined || each.member === filter.member) &&
      (filter.shard === undefined || each.shard === filter.shard)
    return [...buffer.list().filter(matches), ...store.listAttestations(filter)]
      .toSorted((a, b) => b.round - a.round || a.member - b.member || a.shard - b.shard)
      .slice(0, filter.limit)
      .map(({ digest, receivedAtMs, bytes }) => {
        const signed = decode(signedAttestationType, bytes)
        if (!signed.ok) throw new Error(`an admitted attestation does not decode: ${signed.detail}`)
        const { signature } = signed.value
        const message: Attestation = signed.value.message
        return { digest, receivedAtMs, bytes, message, signature }
      })
  }

  function getFilter(
    query: Parameters<FeedSource['attestations']>[0],
  ): AttestationFilter | undefined {
    const member = query.monitor === undefined ? undefined : getMemberIndex(context, query.monitor)
    const target = query.target === undefined ? undefined : context.targetIds.indexOf(query.target)
    if ((query.monitor !== undefined && member === undefined) || target === -1) return undefined
    const shard = target === undefined ? undefined : context.parameters.targets[target]?.shard
    const { round, roundMax, limit } = query
    return { round, roundMax, member, shard, limit }
  }

  function listMonitors(): readonly FeedMonitor[] {
    const excluded = latest()?.state.meta.excluded ?? []
    return context.committee.members.map((member, i): FeedMonitor => {
      const index = i as MemberIndex
      const record = members.get(index)
      return {
        id: context.memberIds[i] ?? missing(),
        index,
        weight: member.weight,
        region: toText(member.region),
        network: toText(member.network),
        operator: toText(member.operator),
        publicKey: member.publicKey,
        isSelf: index === me,
        lastAttestationRound: record.lastAttestationRound,
        lastHeardMs: record.lastHeardMs,
        status: record.status?.message,
        clockOffsetMs: index === me ? 0 : record.clockOffsetMs,
        excludedSince: excluded.find((each) => each.member === index)?.round,
      }
    })
  }

  return {
    manifest,
    networkId: context.networkId,
    context,
    counters: options.counters,
    nowMs: () => clock.nowMs(),
    latest,
    atHeight,
    atRound,
    listAfter(height, limit) {
      const found: FeedRecord[] = []
      const tip = latest()?.height ?? 0
      for (
        let next = Math.max(height + 1, store.getStateFloor() ?? 1);
        next <= tip && found.length < limit;
        next += 1
      ) {
        const at = atHeight(next as Height)
        if (at.ok) found.push(at.record)
      }
      return found
    },
    floor: () => store.getStateFloor(),
    proof: prove,
    attestations(query) {
      const filter = getFilter(query)
      return filter === undefined ? [] : listAttestations(filter)
    },
    monitors: listMonitors,
    peers: () => network.peers(),
    evidence: () => evidence.get(),
    onEvidence(listener) {
      evidenceListeners.add(listener)
      return () => evidenceListeners.delete(listener)
    },
    status: options.getStatus,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish(final) {
      // A sync may be ahead of what the core makes final meanwhile: readers never go back.
      if (newest !== undefined && final.header.height <= newest.height) return
      const record = toRecord(final, final.state)
      newest = record
      for (const listener of listeners) notify(() => listener(record))
    },
    noteEvidence() {
      evidence.renew()
      for (const listener of evidenceListeners) notify(listener)
    },
  }
}

function refuse(
  code: Extract<FeedAnswer, { ok: false }>['code'],
  detail: string,
): Extract<FeedAnswer, { ok: false }> {
  return { ok: false, code, detail }
}

function missing(): never {
  throw new Error('a member index without an id')
}
