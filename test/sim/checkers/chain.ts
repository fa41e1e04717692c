import type { Certificate, State } from '@watchfire/attestation'
import { areAlike } from './alike.ts'
import type { AttestationBook } from './attestation-book.ts'
import {
  type AuditContext,
  type Checker,
  type CheckerName,
  describe,
  type Finalized,
  type Violate,
  type Watched,
} from './checker.ts'
import { computeOwnState } from './own-aggregation.ts'
import { computeOwnStateRoot } from './own-state-root.ts'

/**
 * Final heights come without a gap at each node, save by a sync (`gapless`); all nodes hold one state
 * at a height, the one that SPEC 7 gives when computed apart from production (`state`); and who came
 * to it by sync holds the same (`catch-up`).
 */
export class ChainChecker implements Checker {
  readonly name = 'state'
  readonly #context: AuditContext
  readonly #violate: Violate
  readonly #heights = new Map<number, number>()
  /** By height, as first seen. */
  readonly #states = new Map<number, State>()
  readonly #attestations: AttestationBook

  /** @param genesis the state before the first block */
  constructor(
    context: AuditContext,
    attestations: AttestationBook,
    violate: Violate,
    genesis: State,
  ) {
    this.#context = context
    this.#attestations = attestations
    this.#violate = violate
    this.#states.set(0, genesis)
  }

  onRestart(node: Watched, height: number): void {
    this.#heights.set(node.index, height)
  }

  onFinalize(node: Watched, finalized: Finalized): void {
    if (!node.isHonest) return
    const { header } = finalized.block
    const before = this.#heights.get(node.index) ?? 0
    if (header.height !== before + 1) {
      this.#violate('gapless', `node ${node.index}: height ${header.height} after ${before}`)
    }
    this.#heights.set(node.index, header.height)
    this.#compare(node, header, finalized.state)
    this.#recompute(finalized)
  }

  onSynced(node: Watched, certificate: Certificate, state: State): void {
    if (!node.isHonest) return
    const { header } = certificate
    const before = this.#heights.get(node.index) ?? 0
    if (header.height <= before) {
      this.#violate('gapless', `node ${node.index}: synced ${header.height} after ${before}`)
    }
    this.#heights.set(node.index, header.height)
    this.#compare(node, header, state, 'catch-up')
  }

  /** @param checker under which another state than the known one is told */
  #compare(
    node: Watched,
    header: Certificate['header'],
    state: State,
    checker: CheckerName = this.name,
  ): void {
    const known = this.#states.get(header.height)
    if (known !== undefined) {
      if (!areAlike(known, state)) {
        this.#violate(checker, `node ${node.index}: another state at height ${header.height}`)
      }
      return
    }
    this.#states.set(header.height, state)
    if (!computeOwnStateRoot(state).equals(header.stateRoot)) {
      this.#violate(this.name, `${describe(header)}: the header names another state root`)
    }
  }

  readonly #recomputed = new Set<number>()

  #recompute({ block }: Finalized): void {
    const { header, body } = block
    if (this.#recomputed.has(header.height)) return
    this.#recomputed.add(header.height)
    const context = this.#context.founding.epochs[header.epoch]
    const parent = this.#states.get(header.height - 1)
    const mine = this.#states.get(header.height)
    if (context === undefined || parent === undefined || mine === undefined) {
      this.#violate(this.name, `${describe(header)}: its parent's state was never seen`)
      return
    }
    const attestations = body.attestations.flatMap(({ digest, member, shard }) => {
      const found = this.#attestations.get(digest)
      const isRight =
        found?.message.member === member &&
        found.message.shard === shard &&
        found.message.round === header.round
      if (found === undefined || !isRight) {
        this.#violate(this.name, `${describe(header)}: names what member ${member} never sent`)
        return []
      }
      return [{ member, observations: found.message.observations }]
    })
    const own = computeOwnState(parent, context.committee, context.parameters, {
      epoch: header.epoch,
      height: header.height,
      round: header.round,
      parentRound: header.parentRound,
      offenders: body.evidence.map(({ value }) => value.first.message.member),
      attestations,
    })
    if (!areAlike(own, mine)) {
      this.#violate(this.name, `${describe(header)}: SPEC 7 gives another state`)
    }
  }
}
