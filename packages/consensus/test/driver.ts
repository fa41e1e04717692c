import { deepEqual, ok } from 'node:assert/strict'
import {
  type Attestation,
  type Block,
  type Certificate,
  type EpochContext,
  type Evidence,
  getAttestationDigest,
  getHeaderDigest,
  getProposalClaim,
  getProposalDigest,
  getRoundAt,
  getRoundStartMs,
  getVoteDigest,
  type Hex,
  type MemberIndex,
  type Proposal,
  type Round,
  type SignedAttestation,
  type SignedProposal,
  type SignedVote,
  type State,
  toHex,
  type UnixMs,
  type Verified,
  type Verify,
  verifyCertificate,
  verifyViewCertificate,
  type View,
  type ViewCertificate,
  type Vote,
} from '@watchfire/attestation'
import type {
  CoreConfig,
  CoreMessage,
  CoreState,
  Effect,
  FinalBlock,
  Input,
  Recovery,
  Status,
  StepResult,
} from '../src/index.ts'
import { getStatus, start, step } from '../src/index.ts'
import { makeObservation, type ObservationDraft } from './fixtures.ts'

/** A signature is the signer's public key and what it signed: cheap, and nobody else's. */
export function sign(context: EpochContext, member: number, digest: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(context.committee.members[member]?.publicKey ?? new Uint8Array(32))
  signature.set(digest, 32)
  return signature
}

export const verify: Verify = (signature, message, publicKey) =>
  signature.length === 64 &&
  publicKey.every((byte, index) => signature[index] === byte) &&
  message.every((byte, index) => signature[index + 32] === byte)

export function signVote(context: EpochContext, vote: Vote): Verified<SignedVote> {
  const digest = getVoteDigest(context.networkId, vote)
  const signed = { message: vote, signature: sign(context, vote.member, digest) }
  return signed as SignedVote as Verified<SignedVote>
}

export function signProposal(context: EpochContext, proposal: Proposal): Verified<SignedProposal> {
  const digest = getProposalDigest(context.networkId, getProposalClaim(context.networkId, proposal))
  const signed = { message: proposal, signature: sign(context, proposal.member, digest) }
  return signed as SignedProposal as Verified<SignedProposal>
}

export function signAttestation(
  context: EpochContext,
  attestation: Attestation,
): Verified<SignedAttestation> {
  const digest = getAttestationDigest(context.networkId, attestation)
  const signed = { message: attestation, signature: sign(context, attestation.member, digest) }
  return signed as SignedAttestation as Verified<SignedAttestation>
}

/** What one node's disk holds. */
interface Disk {
  final: FinalBlock | undefined
  readonly blocks: Map<Hex, Block>
  readonly attestations: Map<Hex, SignedAttestation>
  readonly certificates: ViewCertificate[]
  readonly proposals: SignedProposal[]
  readonly votes: SignedVote[]
  readonly attested: SignedAttestation[]
}

export interface FinalEntry {
  readonly block: Block
  readonly certificate: Certificate
  readonly state: State
}

type Message = CoreMessage & { readonly to?: never }

/** One node: a core, its disk and its inbox. */
export class Node {
  readonly finals: FinalEntry[] = []
  readonly alarms: Extract<Effect, { kind: 'alarm' }>[] = []
  readonly effects: Effect[] = []
  readonly disk: Disk = {
    final: undefined,
    blocks: new Map(),
    attestations: new Map(),
    certificates: [],
    proposals: [],
    votes: [],
    attested: [],
  }
  isUp = true
  /** Steps that mutated the state they were given would show here. */
  life = 0
  wakeAtMs: UnixMs | undefined
  state: CoreState | undefined
  readonly network: Network
  readonly index: number

  constructor(network: Network, index: number) {
    this.network = network
    this.index = index
  }

  get status(): Status {
    ok(this.state)
    return getStatus(this.state)
  }

  get height(): number {
    return this.disk.final?.header.height ?? 0
  }

  boot(extra: Partial<Recovery> = {}): void {
    const { disk } = this
    this.isUp = true
    this.life++
    const recovery: Recovery = {
      final: disk.final,
      blocks: [...disk.blocks.values()],
      attestations: [...disk.attestations.values()],
      certificates: disk.certificates,
      signedProposals: disk.proposals,
      signedVotes: disk.votes,
      ...extra,
    }
    const result = start(this.network.getConfig(this.index), recovery, this.network.nowMs)
    this.take(result)
  }

  crash(): void {
    this.isUp = false
    this.life++
    this.wakeAtMs = undefined
  }

  input(input: DistributiveOmit<Input, 'nowMs'>): void {
    if (!this.isUp || this.state === undefined) return
    const nowMs = (this.network.nowMs + this.network.getSkewMs(this.index)) as UnixMs
    const full = { ...input, nowMs } as Input
    const before = this.state
    const result = step(before, full)
    this.network.options.onStep?.(this.index, before, full, result)
    this.take(result)
  }

  private take(result: StepResult): void {
    this.state = result.state
    this.wakeAtMs =
      result.wakeAtMs === undefined
        ? undefined
        : ((result.wakeAtMs - this.network.getSkewMs(this.index)) as UnixMs)
    for (const effect of result.effects) this.carryOut(effect)
  }

  private carryOut(effect: Effect): void {
    const { network, disk } = this
    this.effects.push(effect)
    switch (effect.kind) {
      case 'store-block':
        disk.blocks.set(toHex(effect.digest), effect.block)
        for (const [index, message] of effect.attestations.entries()) {
          const digest = effect.block.body.attestations[index]?.digest
          ok(digest)
          disk.attestations.set(toHex(digest), message)
        }
        break
      case 'store-certificate':
        disk.certificates.push(effect.certificate)
        break
      case 'sign-proposal': {
        const signed = signProposal(network.contextOf(effect.proposal.epoch), effect.proposal)
        network.noteSigned(this, `proposal ${effect.proposal.view}`, effect.proposal)
        disk.proposals.push(signed)
        network.send(this.index, { kind: 'proposal', message: signed })
        break
      }
      case 'sign-vote': {
        const signed = signVote(network.contextOf(effect.vote.epoch), effect.vote)
        const { kind, view, header } = effect.vote
        network.noteSigned(this, `${kind} ${view}`, toHex(header))
        disk.votes.push(signed)
        network.send(this.index, { kind: 'vote', message: signed })
        break
      }
      case 'publish-certificate':
        network.send(this.index, {
          kind: 'certificate',
          message: effect.certificate as Verified<ViewCertificate>,
        })
        break
      case 'repeat':
        this.repeat(effect)
        break
      case 'fetch-attestations':
        for (const digest of effect.digests) {
          network.ask(this.index, (peer) => {
            const message = peer.disk.attestations.get(toHex(digest))
            return message === undefined
              ? undefined
              : { kind: 'attestation', message: message as Verified<SignedAttestation>, digest }
          })
        }
        break
      case 'fetch-blocks':
        for (const digest of effect.digests) {
          network.ask(this.index, (peer) => {
            const block = peer.disk.blocks.get(toHex(digest))
            return block === undefined ? undefined : { kind: 'block', block }
          })
        }
        break
      case 'fetch-views':
        for (let view: number = effect.from; view <= effect.to; view++) {
          for (const kind of [1, 2, 3]) {
            network.ask(this.index, (peer) => {
              const found = peer.disk.certificates.find(
                (held) => held.view === view && held.kind === kind && held.epoch === effect.epoch,
              )
              return found === undefined
                ? undefined
                : { kind: 'certificate', message: found as Verified<ViewCertificate> }
            })
          }
        }
        break
      case 'sync':
        network.ask(this.index, (peer) => {
          const { final } = peer.disk
          if (final?.certificate === undefined || final.header.height < effect.height) {
            return undefined
          }
          const certificate = final.certificate as Verified<Certificate>
          return { kind: 'synced', certificate, state: final.state, store: final }
        })
        break
      case 'finalize': {
        const { block, headerDigest, certificate, state } = effect
        network.noteFinal(this, effect)
        this.finals.push({ block, certificate, state })
        disk.final = { header: block.header, headerDigest, state, certificate }
        break
      }
      case 'accuse':
        network.send(this.index, {
          kind: 'evidence',
          message: effect.evidence as Verified<Evidence>,
        })
        break
      case 'alarm':
        this.alarms.push(effect)
        break
    }
  }

  private repeat({ epoch, fromView, toView, certificate }: Extract<Effect, { kind: 'repeat' }>) {
    const isDue = ({ message }: SignedProposal | SignedVote) =>
      message.epoch === epoch && message.view >= fromView && message.view <= toView
    for (const message of this.disk.proposals.filter(isDue)) {
      this.network.send(this.index, {
        kind: 'proposal',
        message: message as Verified<SignedProposal>,
      })
    }
    for (const message of this.disk.votes.filter(isDue)) {
      this.network.send(this.index, { kind: 'vote', message: message as Verified<SignedVote> })
    }
    if (certificate !== undefined) {
      const message = certificate as Verified<ViewCertificate>
      this.network.send(this.index, { kind: 'certificate', message })
    }
    for (const message of this.disk.attested.slice(-8)) {
      this.network.send(this.index, this.network.toInput(message))
    }
  }

  attest(round: Round, observations: readonly ObservationDraft[]): void {
    if (!this.isUp) return
    const { context } = this.network.current(this)
    for (let shard = 0; shard < context.parameters.shards; shard++) {
      if (
        this.disk.attested.some(({ message }) => message.round === round && message.shard === shard)
      ) {
        return
      }
      const message = signAttestation(context, {
        epoch: context.epoch,
        round,
        shard,
        member: this.index as MemberIndex,
        observations: observations.map(makeObservation),
      })
      this.network.noteSigned(this, `attestation ${round} ${shard}`, message)
      this.disk.attested.push(message)
      const digest = getAttestationDigest(context.networkId, message.message)
      this.disk.attestations.set(toHex(digest), message)
      this.network.send(this.index, { kind: 'attestation', message, digest })
    }
  }
}

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never
type AnyInput = DistributiveOmit<Input, 'nowMs'> & { readonly store?: FinalBlock }

export interface NetworkOptions {
  readonly epochs: readonly EpochContext[]
  readonly nodes?: number
  /** Of each message, 10 unless said. */
  readonly latencyMs?: number | (() => number)
  /** Whether a message is delivered; self-delivery is always. */
  readonly deliver?: (from: number, to: number, message: CoreMessage, nowMs: number) => boolean
  /** What a member observes in a round. */
  readonly observe?: (member: number, round: number) => readonly ObservationDraft[]
  /** How far a node's clock is ahead. */
  readonly skewMs?: (index: number) => number
  /** Whether what is asked for is ever answered. */
  readonly asks?: boolean
  readonly onStep?: (index: number, before: CoreState, input: Input, result: StepResult) => void
}

interface Scheduled {
  readonly atMs: number
  readonly run: () => void
}

/** Nodes in one virtual time, messages arriving after a fixed latency, in a fixed order. */
export class Network {
  nowMs: UnixMs
  deliver: NonNullable<NetworkOptions['deliver']>
  readonly nodes: Node[]
  readonly signed = new Map<string, unknown>()
  readonly finalByHeight = new Map<number, Hex>()
  /** Members whose faults are on purpose: nothing they sign is held against the core. */
  readonly faulty = new Set<number>()
  readonly options: NetworkOptions
  /** Ascending by time; of equal times, first scheduled first. */
  private readonly queue: Scheduled[] = []

  constructor(options: NetworkOptions) {
    this.options = options
    this.deliver = options.deliver ?? (() => true)
    const [first] = options.epochs
    ok(first)
    this.nowMs = getRoundStartMs(first.parameters, (first.parameters.originRound + 1) as Round)
    const count = options.nodes ?? first.committee.members.length
    this.nodes = Array.from({ length: count }, (_, index) => new Node(this, index))
    this.scheduleAttesting((first.parameters.originRound + 1) as Round)
  }

  getSkewMs(index: number): number {
    return this.options.skewMs?.(index) ?? 0
  }

  getConfig(index: number): CoreConfig {
    const [first] = this.options.epochs
    ok(first)
    return {
      networkId: first.networkId,
      epochs: this.options.epochs,
      me: index < first.committee.members.length ? (index as MemberIndex) : undefined,
      verify,
    }
  }

  contextOf(epoch: number): EpochContext {
    const context = this.options.epochs[epoch]
    ok(context)
    return context
  }

  current(node: Node): { context: EpochContext } {
    return { context: this.contextOf(node.status.epoch) }
  }

  node(index: number): Node {
    const node = this.nodes[index]
    ok(node)
    return node
  }

  boot(): this {
    for (const node of this.nodes) node.boot()
    return this
  }

  /** Runs until a virtual time, or until a condition holds. */
  run(forMs: number, until?: () => boolean): this {
    const endMs = this.nowMs + forMs
    for (;;) {
      if (until?.() === true) return this
      const [next] = this.queue
      const waking = this.nodes
        .filter(({ isUp, wakeAtMs }) => isUp && wakeAtMs !== undefined)
        .toSorted((a, b) => (a.wakeAtMs ?? 0) - (b.wakeAtMs ?? 0))[0]
      const wakeAtMs = Math.max(waking?.wakeAtMs ?? Number.POSITIVE_INFINITY, this.nowMs)
      const atMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, wakeAtMs)
      if (atMs > endMs) break
      this.nowMs = atMs as UnixMs
      if (next !== undefined && next.atMs <= wakeAtMs) {
        this.queue.shift()
        next.run()
      } else {
        ok(waking)
        const before = waking.wakeAtMs
        waking.input({ kind: 'tick' })
        ok(
          waking.wakeAtMs === undefined ||
            waking.wakeAtMs > this.nowMs ||
            waking.wakeAtMs !== before,
          'a tick at the time asked for must not ask for the same time again',
        )
      }
    }
    this.nowMs = endMs as UnixMs
    return this
  }

  /** Sends to everybody, the sender included, which hears itself at once. */
  send(from: number, message: Message): void {
    for (const node of this.nodes) this.sendTo(from, node.index, message)
  }

  sendTo(from: number, to: number, message: Message): void {
    const node = this.node(to)
    const latencyMs = from === to ? 0 : this.getLatencyMs()
    const { life } = node
    this.at(this.nowMs + latencyMs, () => {
      if (from !== to && !this.deliver(from, to, message, this.nowMs)) return
      if (from === to && node.life !== life) return
      this.keep(node, message)
      node.input(message)
    })
  }

  /** A disk keeps what passes by, as the shell's store does. */
  private keep(node: Node, message: CoreMessage): void {
    if (!node.isUp) return
    if (message.kind === 'attestation') {
      node.disk.attestations.set(toHex(message.digest), message.message)
    }
    if (message.kind === 'proposal') {
      const { block } = message.message.message
      node.disk.blocks.set(toHex(getHeaderDigest(this.contextOf(0).networkId, block.header)), block)
    }
  }

  /** Asks every other node that is up; each answer comes after two latencies. */
  ask(from: number, answer: (peer: Node) => AnyInput | undefined): void {
    if (this.options.asks === false) return
    const asking = this.node(from)
    for (const peer of this.nodes) {
      if (peer.index === from) continue
      this.at(this.nowMs + 2 * this.getLatencyMs(), () => {
        if (!peer.isUp || !asking.isUp) return
        const probe = { kind: 'evidence' } as unknown as CoreMessage
        if (!this.deliver(peer.index, from, probe, this.nowMs)) return
        const input = answer(peer)
        if (input === undefined) return
        const { store, ...rest } = input
        if (store !== undefined && store.header.height > asking.status.finalHeight) {
          asking.disk.final = store
        }
        if (rest.kind === 'attestation') {
          asking.disk.attestations.set(toHex(rest.digest), rest.message)
        }
        asking.input(rest)
      })
    }
  }

  at(atMs: number, run: () => void): void {
    let low = 0
    let high = this.queue.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.queue[middle]?.atMs ?? 0) <= atMs) low = middle + 1
      else high = middle
    }
    this.queue.splice(low, 0, { atMs, run })
  }

  private getLatencyMs(): number {
    const { latencyMs = 10 } = this.options
    return typeof latencyMs === 'number' ? latencyMs : latencyMs()
  }

  toInput(message: SignedAttestation): Message {
    const digest = getAttestationDigest(this.contextOf(0).networkId, message.message)
    return { kind: 'attestation', message: message as Verified<SignedAttestation>, digest }
  }

  /** No node may ever sign two things for one place, over all its lives. */
  noteSigned(node: Node, place: string, what: unknown): void {
    const { epoch } = node.state === undefined ? { epoch: 0 } : node.status
    const key = `${node.index}: epoch ${epoch} ${place}`
    const before = this.signed.get(key)
    ok(before === undefined, `${key} is signed twice`)
    this.signed.set(key, what)
    const [kind, view] = place.split(' ')
    if (kind === '2') {
      ok(!this.signed.has(`${node.index}: epoch ${epoch} 3 ${view}`), `${key} after finalize`)
    }
    if (kind === '3') {
      ok(!this.signed.has(`${node.index}: epoch ${epoch} 2 ${view}`), `${key} after nullify`)
    }
  }

  /** One block a height, heights without gaps, every certificate valid for anybody. */
  noteFinal(node: Node, effect: Extract<Effect, { kind: 'finalize' }>): void {
    const { block, certificate, headerDigest, state } = effect
    const { height, epoch } = block.header
    const hex = toHex(headerDigest)
    const known = this.finalByHeight.get(height)
    ok(known === undefined || known === hex, `two blocks are final at height ${height}`)
    this.finalByHeight.set(height, hex)
    deepEqual(height, node.height + 1, 'heights ascend by one')
    deepEqual(state.meta.height, height)
    const verified = verifyCertificate(this.contextOf(epoch), certificate, verify)
    ok(verified.ok, verified.ok ? '' : `${verified.code}: ${verified.detail}`)
    for (const held of node.disk.certificates.slice(-3)) {
      ok(verifyViewCertificate(this.contextOf(held.epoch), held, verify).ok)
    }
  }

  private scheduleAttesting(round: Round): void {
    const [first] = this.options.epochs
    ok(first)
    const startMs = getRoundStartMs(first.parameters, round)
    this.at(startMs + 100, () => {
      for (const node of this.nodes) {
        if (!node.isUp || node.state === undefined) continue
        const { context } = this.current(node)
        if (node.index >= context.committee.members.length) continue
        if (this.faulty.has(node.index)) continue
        const observations = this.options.observe?.(node.index, round) ?? [{}]
        node.attest(round, observations)
      }
      this.scheduleAttesting((round + 1) as Round)
    })
  }

  roundNow(): number {
    return getRoundAt(this.contextOf(0).parameters, this.nowMs) ?? 0
  }
}

export function makeProposalOf(
  context: EpochContext,
  view: number,
  parentView: number,
  block: Block,
): Proposal {
  const member = (view % context.committee.members.length) as MemberIndex
  return { epoch: context.epoch, view: view as View, member, parentView: parentView as View, block }
}
