import {
  type Attestation,
  encode,
  getAttestationDigest,
  getRoundAt,
  getRoundStartMs,
  type MemberIndex,
  type Round,
  signedAttestationType,
} from '@watchfire/attestation'
import { LATE_RECORDS, type Outbox } from './outbox.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

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
    const status = this.#node.status
    const context = status === undefined ? undefined : this.#node.epochs[status.epoch]
    if (status === undefined || context === undefined || this.#node.member === undefined) return
    if (this.#node.member >= context.committee.members.length) return
    if (round < this.#node.disk.attestFrom || this.#node.isAsking) return
    for (let shard = 0; shard < context.parameters.shards; shard++) {
      if (this.#world.seam.remembersAttestations && this.#hasAttested(status.epoch, round, shard))
        continue
      const attestation: Attestation = {
        epoch: status.epoch,
        round,
        shard,
        member: this.#node.member as MemberIndex,
        observations: this.#outbox.distort(
          round,
          this.#world.health.observe(context, shard, round, this.#node.member, this.#node.life),
        ),
      }
      const digest = getAttestationDigest(this.#world.founding.networkId, attestation)
      const message = { message: attestation, signature: this.#outbox.sign(digest) }
      this.#node.say(`attests ${round}/${shard}`)
      this.#outbox.keepAndSend(
        { topic: 'attestation', shard, message },
        encode(signedAttestationType, message),
      )
    }
    this.#node.drain()
  }

  #hasAttested(epoch: number, round: number, shard: number): boolean {
    return this.#node.disk.log.records
      .slice(-LATE_RECORDS)
      .some(
        ({ topic, message: { message } }) =>
          topic === 'attestation' &&
          message.epoch === epoch &&
          'round' in message &&
          message.round === round &&
          message.shard === shard,
      )
  }
}
