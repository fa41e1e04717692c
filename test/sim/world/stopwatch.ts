import type { EventQueue } from './event-queue.ts'
import type { Founding } from './founding.ts'
import type { Engine } from './seam.ts'

/** A round's certificate at one node, and when it could be begun. */
export interface Certified {
  readonly round: number
  readonly node: number
  /** Leader of the view that proposed the block. */
  readonly leader: number
  /** When the leader held the last of the attestations that the block names. */
  readonly heldAtMs: number
  readonly atMs: number
}

/** Looks on at what goes in and out of every core: how long agreement takes from the last attestation. */
export class Stopwatch {
  readonly certified: Certified[] = []
  readonly #queue: EventQueue
  readonly #founding: Founding
  /** By node: when the first attestation of each round, shard and member came to its core. */
  readonly #arrivals = new Map<number, Map<string, number>>()

  constructor(queue: EventQueue, founding: Founding) {
    this.#queue = queue
    this.#founding = founding
  }

  watch(engine: Engine, node: number): Engine {
    const arrivals = this.#arrivals.get(node) ?? new Map<string, number>()
    this.#arrivals.set(node, arrivals)
    return {
      ...engine,
      step: (state, input) => {
        if (input.kind === 'attestation') {
          const { epoch, round, shard, member } = input.message.message
          const place = `${epoch} ${round} ${shard} ${member}`
          if (!arrivals.has(place)) arrivals.set(place, this.#queue.nowMs)
        }
        const stepped = engine.step(state, input)
        for (const effect of stepped.effects) {
          if (effect.kind === 'finalize') this.#note(node, effect)
        }
        return stepped
      },
    }
  }

  #note(
    node: number,
    { block, certificate }: Extract<StepEffect, { readonly kind: 'finalize' }>,
  ): void {
    const { epoch, round } = block.header
    const members = this.#founding.epochs[epoch]?.committee.members.length
    // A block that became final by a descendant does not say in which view it was proposed.
    if (members === undefined || certificate.descendants.length > 0) return
    const leader = certificate.view % members
    const arrivals = this.#arrivals.get(leader)
    const heldAtMs = block.body.attestations.map(({ shard, member }) =>
      arrivals?.get(`${epoch} ${round} ${shard} ${member}`),
    )
    if (heldAtMs.some((at) => at === undefined)) return
    const lastMs = Math.max(...heldAtMs.map((at) => at ?? 0))
    this.certified.push({ round, node, leader, heldAtMs: lastMs, atMs: this.#queue.nowMs })
  }
}

type StepEffect = ReturnType<Engine['step']>['effects'][number]
