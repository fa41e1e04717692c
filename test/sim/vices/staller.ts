import {
  decode,
  type Digest,
  type Epoch,
  type EpochContext,
  getHeaderDigest,
  getLeader,
  getWeight,
  type MemberIndex,
  type Round,
  signedAttestationType,
  signedProposalType,
  type View,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import type { TopicName } from '../checkers/checker.ts'
import type { Answer } from '../world/requests.ts'
import { readVote, signVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/** Rounds by which the newest one with a quorum must be ahead of what all have attested: drawn once. */
const AHEAD_ROUNDS = [1, 2, 3] as const
/** Beyond its own core's view, others may be so far. */
const VIEWS_AHEAD = 16

/**
 * Plots against progress, with what clocks that are apart give it (SPEC 6.2): it keeps back what it
 * attests until that lets a leader leave rounds out, so that slow clocks must be waited for; it votes
 * for a block only once so many have given its view up that the block cannot be final; and helps to give
 * up the views of leaders whose clocks are slow. It serves no certificates and finalizes nothing.
 */
export class Staller implements Vice {
  readonly name = 'staller'
  readonly answers = true
  readonly isShameless = true
  /** By round: what it attested, by shard. */
  readonly #kept = new Map<Round, Map<number, Uint8Array>>()
  /** By round: the members who are known to have attested. */
  readonly #attested = new Map<Round, Set<MemberIndex>>()
  /** By view: who voted nullify. */
  readonly #gaveUp = new Map<View, Set<MemberIndex>>()
  /** By view: the block that its leader proposed. */
  readonly #proposed = new Map<View, Digest>()
  /** The newest round of which it let go what it attested. */
  #released = 0 as Round
  /** The newest view in which it let something go, voted notarize, and voted nullify. */
  readonly #last = { released: -1, notarized: -1, nullified: -1 }
  /** Others' view: its own core may not be there. */
  #view = 1 as View
  #epoch = 0 as Epoch
  #aheadRounds: number | undefined

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    this.#enter(powers.epoch)
    if (topic === 'attestation') {
      const round = this.#noteAttestation(powers, bytes)
      if (round !== undefined) add(this.#kept, round, new Map()).set(shard, bytes)
    }
    if (topic !== 'proposal' || !this.#leavesOut(powers, bytes)) return this.#act(powers)
    this.#noteProposal(powers, bytes)
    powers.count('proposes what leaves rounds out')
    return [...sendToAll(topic, shard, bytes, receivers), ...this.#act(powers)]
  }

  hear(powers: Powers, topic: TopicName, _shard: number, bytes: Uint8Array): readonly Sending[] {
    this.#enter(powers.epoch)
    switch (topic) {
      case 'attestation':
        this.#noteAttestation(powers, bytes)
        break
      case 'proposal':
        this.#noteProposal(powers, bytes)
        break
      case 'vote':
        this.#noteVote(powers, bytes)
        break
      case 'certificate': {
        const decoded = decode(viewCertificateType, bytes)
        if (decoded.ok && decoded.value.epoch === this.#epoch)
          this.#see(powers, (decoded.value.view + 1) as View)
        break
      }
      case 'evidence':
        break
    }
    return this.#act(powers)
  }

  corruptAnswer(_powers: Powers, answer: Answer): Answer {
    const isServed = answer.kind !== 'views' && answer.kind !== 'certificates'
    return isServed ? answer : { ...answer, messages: [] }
  }

  #enter(epoch: Epoch): void {
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#view = 1 as View
    Object.assign(this.#last, { released: -1, notarized: -1, nullified: -1 })
    for (const map of [this.#kept, this.#attested, this.#gaveUp, this.#proposed]) map.clear()
  }

  /** Nobody has verified what it hears: a view far ahead is rubbish of another vice. */
  #see(powers: Powers, view: View): void {
    if (view > this.#view && view <= Math.max(this.#view, powers.view) + VIEWS_AHEAD)
      this.#view = view
  }

  #noteAttestation(powers: Powers, bytes: Uint8Array): Round | undefined {
    const decoded = decode(signedAttestationType, bytes)
    if (!decoded.ok || decoded.value.message.epoch !== this.#epoch) return undefined
    const { round, member } = decoded.value.message
    if (!isMember(powers, member)) return undefined
    add(this.#attested, round, new Set()).add(member)
    return round
  }

  #noteProposal({ founding }: Powers, bytes: Uint8Array): void {
    const decoded = decode(signedProposalType, bytes)
    if (!decoded.ok || decoded.value.message.epoch !== this.#epoch) return
    const { view, block } = decoded.value.message
    this.#proposed.set(view, getHeaderDigest(founding.networkId, block.header))
  }

  #noteVote(powers: Powers, bytes: Uint8Array): void {
    const vote = readVote(bytes)?.message
    if (vote === undefined || vote.epoch !== this.#epoch || vote.member === powers.member) return
    if (!isMember(powers, vote.member)) return
    if (vote.kind !== voteKinds.finalize) this.#see(powers, vote.view)
    if (vote.kind === voteKinds.nullify) add(this.#gaveUp, vote.view, new Set()).add(vote.member)
  }

  #leavesOut(powers: Powers, bytes: Uint8Array): boolean {
    const decoded = decode(signedProposalType, bytes)
    return decoded.ok && decoded.value.message.block.header.round > this.#getSlowest(powers) + 1
  }

  /** Of the newest round that each other member attested, the oldest: that of the slowest clock, or 0. */
  #getSlowest(powers: Powers): Round {
    const newest = getContext(powers).committee.members.map((_, member) =>
      member === powers.member
        ? Infinity
        : Math.max(
            0,
            ...[...this.#attested].flatMap(([round, by]) =>
              by.has(member as MemberIndex) ? [round] : [],
            ),
          ),
    )
    return Math.min(...newest) as Round
  }

  #act(powers: Powers): readonly Sending[] {
    // A hand-over may have left it out.
    if (!isMember(powers, powers.member)) return []
    const context = getContext(powers)
    const mine = getWeight(context, [powers.member])
    const view = this.#view
    this.#aheadRounds ??= powers.prng.pick(AHEAD_ROUNDS)
    const ready = this.#getReady(context, powers, mine)
    const isAhead = ready >= this.#getSlowest(powers) + this.#aheadRounds
    const leader = getLeader(context, view)
    const gaveUp = getWeight(context, [...(this.#gaveUp.get(view) ?? [])])
    const header = this.#proposed.get(view)
    // Who has not attested the newest round that a quorum could be of, once that is ahead.
    const isSlow =
      isAhead && leader !== powers.member && this.#attested.get(ready)?.has(leader) !== true
    const sendings: Sending[] = []
    if (isAhead && !isSlow && ready > this.#released && view > this.#last.released) {
      this.#last.released = view
      this.#released = ready
      powers.count('lets go what leaves rounds out')
      for (const [shard, bytes] of this.#kept.get(ready) ?? [])
        sendings.push(...sendToAll('attestation', shard, bytes, powers.others))
    }
    const isSpoiled = context.weightTotal - mine - gaveUp < context.quorum
    if (isSlow && header === undefined) {
      if (gaveUp + mine >= context.quorum && this.#last.nullified < view) {
        this.#last.nullified = view
        powers.count('helps to give up a slow leader')
        const none = new Uint8Array(32) as Digest
        sendings.push(...this.#vote(powers, view, voteKinds.nullify, none))
      }
    } else if (isSpoiled && header !== undefined && this.#last.notarized < view) {
      this.#last.notarized = view
      powers.count('votes once it is too late')
      sendings.push(...this.#vote(powers, view, voteKinds.notarize, header))
    }
    return sendings
  }

  /** The newest round of which a quorum has attested with what it keeps back. */
  #getReady(context: EpochContext, { member: me }: Powers, mine: number): Round {
    const ready = [...this.#kept.keys()].filter((round) => {
      const others = [...(this.#attested.get(round) ?? [])].filter((member) => member !== me)
      return getWeight(context, others) + mine >= context.quorum
    })
    return Math.max(0, ...ready) as Round
  }

  #vote(powers: Powers, view: View, kind: number, header: Digest): Sending[] {
    const { epoch, member, others } = powers
    const vote = signVote(powers, { epoch, view, kind, member, header })
    return sendToAll('vote', 0, vote, others)
  }
}

function getContext({ founding, epoch }: Powers): EpochContext {
  const context = founding.epochs[epoch]
  if (context === undefined) throw new Error('a vice in an epoch that there is not')
  return context
}

function isMember(powers: Powers, member: MemberIndex): boolean {
  return member < getContext(powers).committee.members.length
}

/** What a map has at a key, or this from now on. */
function add<Key, Value>(map: Map<Key, Value>, key: Key, made: Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  map.set(key, made)
  return made
}
