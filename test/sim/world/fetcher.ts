import {
  blockType,
  type Certificate,
  certificateType,
  decode,
  type Epoch,
  getHeaderDigest,
  getStateRoot,
  type Height,
  type MemberIndex,
  stateType,
  verifyCertificate,
  type View,
} from '@watchfire/attestation'
import { ATTEMPT_MS, ATTEMPTS_MAX, type Answer, type Request } from './requests.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

/** Pulls what the core lacks from other nodes, over the same links as everything else (SPEC 10, 11). */
export class Fetcher {
  readonly #world: World
  readonly #node: SimNode

  constructor(world: World, node: SimNode) {
    this.#world = world
    this.#node = node
  }

  fetchAttestations(digests: readonly string[], from: MemberIndex | undefined): void {
    const { held } = this.#node
    const hint = this.#world.nodes.find(({ member }) => from !== undefined && member === from)
    this.#ask({ kind: 'attestations', digests }, hint, () =>
      digests.every((digest) => held.attestations.has(digest)),
    )
  }

  fetchBlocks(digests: readonly string[]): void {
    const { held } = this.#node
    const isDone = () => digests.every((digest) => held.blocks.has(digest))
    this.#ask({ kind: 'blocks', digests }, undefined, isDone)
  }

  fetchViews(epoch: Epoch, from: View, to: View): void {
    const { status } = this.#node
    const isDone = () => (this.#node.status?.view ?? 0) > (status?.view ?? 0)
    this.#ask({ kind: 'views', epoch, from, to }, undefined, isDone)
  }

  sync(height: Height): void {
    const isDone = () => (this.#node.status?.finalHeight ?? 0) >= height
    this.#ask({ kind: 'certificates', fromHeight: height }, undefined, isDone)
  }

  /** Asks one node after another until it has what it wants, or gives up: the core will ask again. */
  #ask(request: Request, hint: SimNode | undefined, isDone: () => boolean): void {
    const others = this.#world.nodes.filter((each) => each !== this.#node)
    const shuffled = this.#node.prng.shuffle(others)
    const order =
      hint === undefined ? shuffled : [hint, ...shuffled.filter((each) => each !== hint)]
    this.#askNext(request, order.slice(0, ATTEMPTS_MAX), isDone)
  }

  #askNext(request: Request, order: readonly SimNode[], isDone: () => boolean): void {
    const [first, ...rest] = order
    if (first === undefined) return
    ask(this.#world, this.#node, first, request, (answer) => this.#onAnswer(first, answer))
    if (rest.length === 0) return
    this.#node.after(ATTEMPT_MS, () => {
      if (!isDone()) this.#askNext(request, rest, isDone)
    })
  }

  #onAnswer(from: SimNode, answer: Answer): void {
    switch (answer.kind) {
      case 'attestations':
        for (const { shard, bytes } of answer.messages) {
          this.#node.receive(from, 'attestation', shard, bytes)
        }
        break
      case 'blocks':
        for (const bytes of answer.messages) {
          const decoded = decode(blockType, bytes)
          if (!decoded.ok) continue
          this.#node.take({ kind: 'block', block: decoded.value, nowMs: this.#node.nowMs })
        }
        break
      case 'views':
        for (const bytes of answer.messages) this.#node.receive(from, 'certificate', 0, bytes)
        break
      case 'certificates':
        this.#onCertificates(answer.messages, answer.state)
        break
      case 'highest':
        break
    }
  }

  /** Each certificate is verified, and the state against the root of the last (SPEC 11). */
  #onCertificates(messages: readonly Uint8Array[], stateBytes: Uint8Array | undefined): void {
    const node = this.#node
    let last: Certificate | undefined
    for (const bytes of messages) {
      const decoded = decode(certificateType, bytes)
      if (!decoded.ok) return
      const context = node.epochs[decoded.value.header.epoch]
      if (context === undefined) return
      if (!verifyCertificate(context, decoded.value, this.#world.scheme.verify).ok) return
      last = decoded.value
    }
    const state = stateBytes === undefined ? undefined : decode(stateType, stateBytes)
    if (last === undefined || state?.ok !== true) return
    if (Buffer.compare(getStateRoot(state.value), last.header.stateRoot) !== 0) return
    if (last.header.height <= (node.status?.finalHeight ?? 0)) return
    node.adopt(last, getHeaderDigest(this.#world.founding.networkId, last.header), state.value)
  }
}

/** One request and its answer, either of which may be lost. */
export function ask(
  { network }: World,
  node: SimNode,
  to: SimNode,
  request: Request,
  onAnswer: (answer: Answer) => void,
): void {
  const { life } = node
  network.send(node.index, to.index, () => {
    const answer = to.answer(request)
    if (answer === undefined) return
    network.send(to.index, node.index, () => {
      if (node.isUp && node.life === life) onAnswer(answer)
    })
  })
}
