import {
  type Attestation,
  type Block,
  type Certificate,
  type Digest,
  encode,
  type Epoch,
  type EpochContext,
  type Evidence,
  makeVoteEvidence,
  fromText,
  getAttestationDigest,
  getBodyHash,
  getHeaderDigest,
  getPublicKey,
  getVoteDigest,
  type Header,
  type Height,
  makeGenesisContext,
  type Manifest,
  type MemberIndex,
  type Round,
  signDigest,
  signedAttestationType,
  type State,
  type UnixMs,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { getGenesisHeader, getGenesisState } from '@watchfire/consensus'
import type { Clock, FinalRecord, Log, Meter, StoredAttestation } from '../src/ports.ts'

/** Seed of the key of the member with this index. */
export function getSeed(member: number): Uint8Array {
  return new Uint8Array(32).fill(member + 1)
}

/** A network of equal members with one target, rounds of two seconds from time 0 on. */
export function makeManifest(members = 4): Manifest {
  return {
    format: 1,
    protocol: 1,
    name: fromText('test'),
    features: [],
    committee: {
      members: Array.from({ length: members }, (_, i) => ({
        id: fromText(`m${i + 1}`),
        publicKey: getPublicKey(getSeed(i)),
        weight: 1,
        region: fromText(''),
        network: fromText(''),
        operator: fromText(''),
      })),
    },
    parameters: {
      originRound: 0 as Round,
      originMs: 0,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      viewTimeoutMsMax: 8000,
      roundsBehindMax: 8,
      gapMax: 30,
      shards: 1,
      targets: [
        {
          id: fromText('shop'),
          kind: fromText('tcp'),
          group: fromText(''),
          provider: fromText(''),
          shard: 0,
          timeoutMs: 800,
          params: fromText('{"host":"127.0.0.1","port":80}'),
          signals: [],
          identities: [],
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
          },
        },
      ],
      handover: [],
    },
  }
}

export function makeContext(members = 4): EpochContext {
  return makeGenesisContext(makeManifest(members))
}

/** An attestation that says nothing of any target. */
export function makeAttestation(
  context: EpochContext,
  member: number,
  round: number,
  observations: Attestation['observations'] = [],
): StoredAttestation {
  const message: Attestation = {
    epoch: 0 as Epoch,
    round: round as Round,
    shard: 0,
    member: member as MemberIndex,
    observations,
  }
  const digest = getAttestationDigest(context.networkId, message)
  const signature = signDigest(digest, getSeed(member))
  const bytes = encode(signedAttestationType, { message, signature })
  const { epoch, shard } = message
  const receivedAtMs = (round * 2000 + 900) as UnixMs
  return { digest, epoch, round: message.round, shard, member: message.member, bytes, receivedAtMs }
}

/** A block above another, with a body that names nothing; good enough to be stored. */
export function makeBlock(context: EpochContext, height: number, parent: Digest): Block {
  const body = { attestations: [], evidence: [] }
  const header: Header = {
    ...getGenesisHeader(context),
    height: height as Height,
    round: (height * 2) as Round,
    parentRound: (height * 2 - 2) as Round,
    parent,
    body: getBodyHash(body),
    stateRoot: new Uint8Array(32).fill(height) as Digest,
  }
  return { header, body }
}

/** Finalize votes of these members for a header, as a certificate. */
export function certify(
  context: EpochContext,
  header: Header,
  view: number,
  members: readonly number[] = [0, 1, 2],
): Certificate {
  const vote = {
    epoch: header.epoch,
    view: view as View,
    kind: voteKinds.finalize,
    header: getHeaderDigest(context.networkId, header),
  }
  const signatures = members.map((member) => {
    const full: Vote = { ...vote, member: member as MemberIndex }
    const digest = getVoteDigest(context.networkId, full)
    return { member: full.member, signature: signDigest(digest, getSeed(member)) }
  })
  return { view: vote.view, header, descendants: [], signatures }
}

/** A state of a height, as large as asked for by repeating its only target's outcome. */
export function makeState(context: EpochContext, height: number): State {
  const state = getGenesisState(context)
  return {
    ...state,
    meta: { ...state.meta, height: height as Height, round: (height * 2) as Round },
  }
}

export function makeFinal(
  context: EpochContext,
  height: number,
  hasState = true,
): FinalRecord & { readonly block: Block } {
  const block = makeBlock(context, height, new Uint8Array(32) as Digest)
  const headerDigest = getHeaderDigest(context.networkId, block.header)
  return {
    block,
    header: block.header,
    headerDigest,
    certificate: certify(context, block.header, height),
    state: hasState ? makeState(context, height) : undefined,
  }
}

/** Member 3 voted notarize for two headers in a view. */
export function makeEvidence({ networkId, epoch }: EpochContext, view = 1): Evidence {
  const sign = (fill: number) => {
    const message: Vote = {
      epoch,
      view: view as View,
      kind: voteKinds.notarize,
      member: 3 as MemberIndex,
      header: new Uint8Array(32).fill(fill) as Digest,
    }
    return { message, signature: signDigest(getVoteDigest(networkId, message), getSeed(3)) }
  }
  return makeVoteEvidence(networkId, sign(1), sign(2))
}

/** A clock that stands until it is moved; timers fire as it passes them. */
export class TestClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #timers: { atMs: number; run: () => void }[] = []

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }
  nowMs(): UnixMs {
    return this.#nowMs as UnixMs
  }
  monotonicMs(): number {
    return this.#monotonicMs
  }
  setTimer(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + Math.max(0, delayMs), run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }
  /** Sets the wall clock alone, as an operator or a time service does. */
  set(nowMs: number): void {
    this.#nowMs = nowMs
  }
  /** Lets time pass, firing timers in order. */
  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > endMs) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#pass(next.atMs - this.#monotonicMs)
      next.run()
    }
    this.#pass(endMs - this.#monotonicMs)
  }
  #pass(byMs: number): void {
    if (byMs <= 0) return
    this.#monotonicMs += byMs
    this.#nowMs += byMs
  }
}

/** A log that keeps its lines. */
export function makeTestLog(): Log & { readonly lines: { level: string; message: string }[] } {
  const lines: { level: string; message: string }[] = []
  const write = (level: string) => (_fields: object, message: string) => {
    lines.push({ level, message })
  }
  return {
    lines,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
  }
}

/** Remembers, as text, all it is given, at every level: fields, errors and bytes in them too. */
export function makeFullLog(): Log & { readonly texts: string[] } {
  const texts: string[] = []
  const keep = (fields: unknown, message: string) => {
    const spell = (_name: string, value: unknown): unknown =>
      value instanceof Error
        ? { stack: value.stack, cause: value.cause, own: Object.entries(value) }
        : value
    texts.push(`${JSON.stringify(fields, spell)} ${message}`)
  }
  return { texts, debug: keep, info: keep, warn: keep, error: keep, fatal: keep }
}

export function makeTestMeter(): Meter & { get(name: string, label?: string): number } {
  const values = new Map<string, number>()
  const key = (name: string, label?: string): string => `${name}/${label ?? ''}`
  return {
    add: (name, label, by = 1) =>
      void values.set(key(name, label), (values.get(key(name, label)) ?? 0) + by),
    set: (name, value, label) => void values.set(key(name, label), value),
    observe: () => undefined,
    list: () => [],
    get: (name, label) => values.get(key(name, label)) ?? 0,
  }
}
