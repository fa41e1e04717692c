import {
  type Block,
  type Digest,
  encode,
  type Epoch,
  type EpochContext,
  type MemberIndex,
  type Observation,
  type Proposal,
  type Round,
  type SignedAttestation,
  type State,
  type View,
  type ViewCertificate,
  viewCertificateType,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import { computeState, type Effect } from '@watchfire/consensus'
import {
  type Draft,
  draftProposal,
  draftVote,
  type Outgoing,
  toOutgoing,
} from '../../../packages/node/src/loop/signed-keeper.ts'
import { StorageFault } from '../../../packages/node/src/ports.ts'
import type { TopicName } from '../checkers/checker.ts'
import { type Powers, type Sending, sendToAll, type Vice } from '../vices/vice.ts'
import { toName } from './disk.ts'
import type { SimNode } from './sim-node.ts'
import { getFingerprint } from './trace.ts'
import type { Parcel, World } from './world.ts'

/** Own attestations repeated at once, as in production. */
const ROUNDS_REPEATED_MAX = 8

/** What leaves a node: signed, kept and flushed before it is sent; or what a vice makes of it. */
export class Outbox {
  readonly #world: World
  readonly #node: SimNode
  readonly #vice: Vice | undefined
  readonly #audited = new Set<Uint8Array>()
  readonly #encoded = new Map<ViewCertificate, Uint8Array>()
  #receivers: readonly number[] | undefined
  /** By fingerprint: what was sent under this key. */
  readonly #sent = new Map<number, Uint8Array>()
  /** States by block digest, for vices that propose blocks of their own. */
  readonly #states = new Map<string, State>()

  constructor(world: World, node: SimNode, vice: Vice | undefined) {
    this.#world = world
    this.#node = node
    this.#vice = vice
  }

  vote(vote: Vote): void {
    const { epoch, view, kind, header } = vote
    this.#node.say(`votes ${kind} view ${epoch}/${view} ${toName(header).slice(0, 8)}`)
    this.keepAndSend([draftVote(this.#getContext(epoch), vote)])
  }

  propose(proposal: Proposal): void {
    const { header } = proposal.block
    this.#node.say(`proposes view ${proposal.view} height ${header.height} round ${header.round}`)
    this.keepAndSend([draftProposal(this.#getContext(proposal.epoch), proposal)])
  }

  /** Logged, flushed, then sent, and back in like anyone's (SPEC 6.5). */
  keepAndSend(drafts: readonly Draft[]): void {
    const { identity } = this.#node
    if (identity === undefined) throw new Error('an observer was asked to sign')
    this.#node.op()
    let kept: readonly Outgoing[]
    try {
      kept = identity.keeper.keep(drafts)
    } catch (error) {
      if (error instanceof StorageFault && error.code === 'conflict') this.#tellRefused(drafts)
      throw error
    }
    this.#node.op()
    this.resend(kept)
  }

  /** What the log refused shows what would have been signed without it. */
  #tellRefused(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      const bytes = draft.seal(this.sign(draft.digest))
      const { kind } = draft.place
      this.#world.auditor.tell((checker) => checker.onRefused?.(this.#node, kind, bytes))
    }
  }

  /** Sends what is kept, and takes it in. */
  resend(messages: readonly Outgoing[]): void {
    for (const message of messages) {
      const { topic, shard, bytes } = this.#intern(message)
      this.publish(topic, shard, bytes)
      this.#node.op()
      this.#node.loopBack(topic, shard, bytes)
    }
  }

  /** Sends what is kept again. */
  repeatKept(messages: readonly Outgoing[]): void {
    for (const message of messages) {
      const { topic, shard, bytes } = this.#intern(message)
      this.publish(topic, shard, bytes)
    }
  }

  /** The bytes object that was sent before: what only bytes say is known by it (`shared-codec.ts`). */
  #intern({ topic, shard, bytes }: Outgoing): Parcel {
    if (topic === 'status') throw new Error('no status record is kept')
    const name = getFingerprint(bytes)
    const known = this.#sent.get(name)
    if (known !== undefined && Buffer.compare(known, bytes) === 0) {
      return { topic, shard, bytes: known }
    }
    this.#sent.set(name, bytes)
    return { topic, shard, bytes }
  }

  #getContext(epoch: Epoch): EpochContext {
    return this.#node.epochs[epoch] ?? fail()
  }

  sign(digest: Uint8Array): Uint8Array {
    const key =
      this.#node.member === undefined ? undefined : this.#world.founding.keys[this.#node.member]
    if (key === undefined) throw new Error('an observer was asked to sign')
    return key.sign(digest)
  }

  /** To every other node, or what a vice makes of it. */
  publish(topic: TopicName, shard: number, bytes: Uint8Array): void {
    const { receivers } = this
    const vice = this.#vice
    const isSigned = topic === 'attestation' || topic === 'proposal' || topic === 'vote'
    if (vice === undefined && isSigned) this.#auditSigned(topic, bytes)
    const sendings =
      vice === undefined || this.#node.member === undefined
        ? sendToAll(topic, shard, bytes, receivers)
        : vice.corrupt(this.getPowers(), topic, shard, bytes, receivers)
    // A member without peers has said it all the same, and what a vice kept to itself may be fetched.
    if (receivers.length === 0 || (vice !== undefined && topic === 'attestation')) {
      this.#world.auditor.published(this.#node, topic, bytes)
    }
    this.#send(sendings)
  }

  /** Nodes other than this one and its twins: the same all through a run. */
  get receivers(): readonly number[] {
    this.#receivers ??= this.#world.nodes.flatMap(({ index, member }) =>
      index === this.#node.index || (member !== undefined && member === this.#node.member)
        ? []
        : [index],
    )
    return this.#receivers
  }

  /** What leaves the node, whoever decided that. */
  #send(sendings: readonly Sending[]): void {
    let before: Uint8Array | undefined
    for (const sending of sendings) {
      if (sending.bytes !== before) {
        this.#world.auditor.published(this.#node, sending.topic, sending.bytes)
        before = sending.bytes
      }
      const to = this.#world.nodes[sending.to]
      if (to === undefined) continue
      const { network } = this.#world
      network.send(this.#node.index, sending.to, (isDamaged) => {
        const bytes = isDamaged ? network.damage(sending.bytes) : sending.bytes
        to.receive(this.#node, sending.topic, sending.shard, bytes, isDamaged)
      })
    }
  }

  #auditSigned(topic: 'attestation' | 'proposal' | 'vote', bytes: Uint8Array): void {
    if (this.#audited.has(bytes)) return
    this.#audited.add(bytes)
    const isDurable = this.#node.disk.isLogged(bytes) && this.#isGroundDurable(topic, bytes)
    this.#world.auditor.tell((checker) => checker.onSigned?.(this.#node, topic, bytes, isDurable))
  }

  /** A notarize vote rests on its block and what that names, which must be on disk too (SPEC 6.4.12). */
  #isGroundDurable(topic: TopicName, bytes: Uint8Array): boolean {
    if (topic !== 'vote' || bytes[16] !== voteKinds.notarize) return true
    const name = toName(bytes.subarray(19, 51))
    return this.#node.disk.isStored(name)
  }

  /** What was signed goes out again as it was (SPEC 6.5). */
  repeat({ epoch, fromView, toView, certificate }: Effect & { kind: 'repeat' }): void {
    const finalRound = this.#node.status?.finalRound ?? 0
    const log = this.#node.identity?.log
    if (log !== undefined) {
      const rounds = log.listAttestations(epoch, (finalRound + 1) as Round)
      const votes = log.listViews(epoch, fromView, toView)
      this.repeatKept([...rounds.slice(-ROUNDS_REPEATED_MAX), ...votes].map(toOutgoing))
    }
    if (certificate !== undefined) this.publishCertificate(certificate)
  }

  /** A certificate as it is repeated, in the same bytes. */
  publishCertificate(certificate: ViewCertificate): void {
    let bytes = this.#encoded.get(certificate)
    if (bytes === undefined) {
      bytes = encode(viewCertificateType, certificate)
      this.#encoded.set(certificate, bytes)
    }
    this.publish('certificate', 0, bytes)
  }

  /** Bytes reach the node: a vice may answer with something at once. */
  hear(topic: TopicName, shard: number, bytes: Uint8Array): void {
    if (this.#vice?.hear === undefined || this.#node.status === undefined) return
    this.#send(this.#vice.hear(this.getPowers(), topic, shard, bytes))
  }

  /** What the node says it saw. */
  distort(round: Round, seen: Observation[]): Observation[] {
    return this.#vice?.distort?.(this.getPowers(), round, seen) ?? seen
  }

  /** What a vice may use. */
  getPowers(): Powers {
    const { member, status, held } = this.#node
    return {
      founding: this.#world.founding,
      prng: this.#node.prng,
      member: (member ?? fail()) as MemberIndex,
      // Not to another process of the same member either.
      others: this.#world.nodes.filter((node) => node.member !== member).map((node) => node.index),
      round: this.#node.round as Round,
      epoch: status?.epoch ?? (0 as Epoch),
      view: status?.view ?? (0 as View),
      sign: (digest) => this.sign(digest),
      getState: (digest) => this.#states.get(toName(digest)),
      getBlock: (digest) => held.blocks.get(toName(digest)),
      getAttestation: (digest) => held.attestations.get(toName(digest))?.message,
      getOwnAttestations: (round) =>
        [...held.attestations].flatMap(
          ([
            name,
            {
              message: { message },
            },
          ]) =>
            message.member === member && message.round === round
              ? [{ shard: message.shard, member: message.member, digest: toDigest(name) }]
              : [],
        ),
      getView: (digest) => held.getNotarizedView(digest),
      count: (deed) => this.#world.witness.count(deed),
    }
  }

  /** Works out the state after a block that the node stored, if a vice may want it. */
  keepState(name: string, block: Block, attestations: readonly SignedAttestation[]): void {
    if (this.#vice === undefined) return
    const { header, body } = block
    const parent = this.#states.get(toName(header.parent))
    const context = this.#node.epochs[header.epoch]
    if (parent === undefined || context === undefined) return
    this.#states.set(name, computeState(parent, context, header, body.evidence, attestations))
  }

  keepFinalState(name: string, state: State): void {
    if (this.#vice !== undefined) this.#states.set(name, state)
  }
}

function toDigest(name: string): Digest {
  return new Uint8Array(Buffer.from(name, 'hex')) as Digest
}

function fail(): never {
  throw new Error('a broken invariant of the simulator')
}
