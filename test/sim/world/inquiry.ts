import {
  decode,
  type Epoch,
  type Round,
  type View,
  viewCertificateType,
} from '@watchfire/attestation'
import { ask } from './fetcher.ts'
import type { Answer } from './requests.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

/** How often those who did not answer are asked again. */
const AGAIN_MS = 500
/** Views and rounds by which a node without its log keeps away from what it may have signed (SPEC 6.9). */
const VIEWS_ABOVE = 3
const ROUNDS_ABOVE = 2

/** A node without its log asks how far the others are, before it signs anything (SPEC 6.9). */
export class Inquiry {
  readonly #world: World
  readonly #node: SimNode
  #answers: Map<number, { view: number; epoch: number; round: number }> | undefined

  constructor(world: World, node: SimNode) {
    this.#world = world
    this.#node = node
  }

  get isOpen(): boolean {
    return this.#answers !== undefined
  }

  open(): void {
    if (this.#answers !== undefined) return
    this.#answers = new Map()
    this.#askAll()
  }

  reset(): void {
    this.#answers = undefined
  }

  #askAll(): void {
    const answers = this.#answers
    if (answers === undefined) return
    for (const other of this.#world.nodes) {
      if (other === this.#node || other.member === undefined || answers.has(other.member)) continue
      ask(this.#world, this.#node, other, { kind: 'highest' }, (answer) => this.#onAnswer(answer))
    }
    this.#node.after(AGAIN_MS, () => this.#askAll())
  }

  #onAnswer(answer: Answer): void {
    const answers = this.#answers
    if (answers === undefined || answer.kind !== 'highest' || answer.member === undefined) return
    const decoded =
      answer.certificate === undefined ? undefined : decode(viewCertificateType, answer.certificate)
    const view = decoded?.ok === true ? decoded.value.view : 0
    const epoch = decoded?.ok === true ? decoded.value.epoch : answer.epoch
    answers.set(answer.member, { view, epoch, round: answer.round })
    this.#conclude(answers)
  }

  #conclude(answers: ReadonlyMap<number, { view: number; epoch: number; round: number }>): void {
    const { member } = this.#node
    const epochs = [...answers.values()].map(({ epoch }) => epoch)
    const epoch = Math.max(0, ...epochs)
    const context = this.#node.epochs[epoch]
    if (context === undefined || member === undefined) return
    const weigh = (index: number) => context.committee.members[index]?.weight ?? 0
    const heard = [...answers.keys()].reduce((total, index) => total + weigh(index), 0)
    if (heard < context.quorum - weigh(member)) return
    const here = [...answers.values()].filter((each) => each.epoch === epoch)
    const view = Math.max(0, ...here.map((each) => each.view))
    const round = Math.max(this.#node.round, ...[...answers.values()].map((each) => each.round))
    this.#answers = undefined
    this.#node.settle({
      epoch: epoch as Epoch,
      view: (view + VIEWS_ABOVE) as View,
      round: (round + ROUNDS_ABOVE) as Round,
    })
  }
}
