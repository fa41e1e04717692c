import {
  type Attestation,
  type Epoch,
  type EpochContext,
  getRoundAt,
  getRoundStartMs,
  type MemberIndex,
  type Round,
} from '@watchfire/attestation'
import {
  draftAttestation,
  type Outgoing,
  toOutgoing,
} from '../../../packages/node/src/loop/signed-keeper.ts'
import type { Outbox } from './outbox.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

/** Own attestations of rounds without a block that are repeated when a round begins, as in production. */
const REPEATED_MAX = 4

/** Attests once a round and shard, by the node's clock, at a moment drawn for each round. */
export class Attestor {
  readonly #world: World
  readonly #node: SimNode
  readonly #outbox: Outbox

  constructor(world: World, node: SimNode, outbox: Outbox) {
    this.#world = world
    this.#node = node
    this.#outbox = outbox
  }

  /** Begins with the current round, if it is not too late for it. */
  start(): void {
    const parameters = this.#node.epochs[0]?.parameters
    if (parameters === undefined || this.#node.member === undefined) return
    const round = getRoundAt(parameters, this.#node.nowMs) ?? parameters.originRound - 1
    const startMs = getRoundStartMs(parameters, round as Round)
    const jitterMs = this.#node.prng.between(5, parameters.attestByMs - 50)
    if (round >= parameters.originRound && this.#node.nowMs <= startMs + jitterMs) {
      this.#node.at(startMs + jitterMs, () => this.#attest(round as Round))
    }
    this.#node.at(getRoundStartMs(parameters, (round + 1) as Round), () => this.start())
  }

  #attest(round: Round): void {
    const { status, member, identity } = this.#node
    const context = status === undefined ? undefined : this.#node.epochs[status.epoch]
    if (status === undefined || context === undefined) return
    if (member === undefined || identity === undefined) return
    if (member >= context.committee.members.length) return
    const { epoch } = status
    this.#repeatUncovered(context, epoch, round)
    if (this.#node.isAsking) return
    const kept = this.#world.seam.remembersAttestations ? this.#listKept(epoch, round) : []
    if (kept.length > 0) this.#outbox.resend(kept)
    else if (!identity.log.isBelowFloor({ kind: 'attestation', epoch, round, shard: 0 })) {
      this.#node.say(`attests ${round}`)
      this.#outbox.keepAndSend(
        Array.from({ length: context.parameters.shards }, (_, shard) =>
          draftAttestation(context, this.#observe(context, epoch, round, shard, member)),
        ),
      )
    }
    this.#node.drain()
  }

  #observe(
    context: EpochContext,
    epoch: Epoch,
    round: Round,
    shard: number,
    member: number,
  ): Attestation {
    const { health } = this.#world
    const seen = health.observe(context, shard, round, member, this.#node.life)
    const observations = this.#outbox.distort(round, seen)
    return { epoch, round, shard, member: member as MemberIndex, observations }
  }

  #listKept(epoch: Epoch, round: Round): Outgoing[] {
    const kept = this.#node.identity?.log.listAttestations(epoch, round) ?? []
    return kept
      .filter(({ place }) => place.kind === 'attestation' && place.round === round)
      .map(toOutgoing)
  }

  #repeatUncovered(context: EpochContext, epoch: Epoch, round: Round): void {
    const { roundsBehindMax, shards } = context.parameters
    const finalRound = this.#node.status?.finalRound ?? 0
    const from = Math.max(finalRound + 1, round - roundsBehindMax)
    const kept = this.#node.identity?.log.listAttestations(epoch, from as Round) ?? []
    const uncovered = kept.filter(
      ({ place }) => place.kind === 'attestation' && place.round < round,
    )
    this.#outbox.repeatKept(uncovered.slice(-REPEATED_MAX * shards).map(toOutgoing))
  }
}
