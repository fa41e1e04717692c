import {
  type AuditContext,
  type Checker,
  getWeights,
  type TopicName,
  type Violate,
  type Watched,
} from './checker.ts'
import type { OwnMessage, OwnReader } from './own-messages.ts'
import { readProposal, type WireProposal } from './own-wire.ts'

const [NOTARIZE, NULLIFY, FINALIZE] = [1, 2, 3]

/**
 * An honest member votes only as SPEC 6.4 and 6.5 let it, counted apart from production: for what the
 * view's leader signed, in a round that its clock allows, on a parent that can be notarized, with all
 * views between nullified; and it finalizes only what can be notarized. What can be certified is what
 * honest votes, with all that the faulty could add, make a quorum of.
 */
export class BallotChecker implements Checker {
  readonly name = 'ballot'
  readonly #context: AuditContext
  readonly #reader: OwnReader
  readonly #violate: Violate
  readonly #seen = new Set<Uint8Array>()
  /** Proposals of leaders by view and header; one header may stand on several parent views. */
  readonly #proposals = new Map<string, WireProposal[]>()
  /** Honest voters by view, kind and header. */
  readonly #voters = new Map<string, Set<number>>()
  /** As `#voters`, of votes that were kept when their voter died: it counts them before it sends them. */
  readonly #keepers = new Map<string, Set<number>>()

  constructor(context: AuditContext, reader: OwnReader, violate: Violate) {
    this.#context = context
    this.#reader = reader
    this.#violate = violate
  }

  onPublish(_node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (topic !== 'proposal' || this.#seen.has(bytes)) return
    this.#seen.add(bytes)
    const message = this.#reader.read(topic, bytes)
    if (message?.isValid !== true || !this.#leads(message)) return
    const key = `${message.epoch}/${message.time}/${message.header}`
    const wire = readProposal(this.#context.founding.networkId, bytes)
    this.#proposals.set(key, [...(this.#proposals.get(key) ?? []), wire])
  }

  onSigned(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (!node.isHonest) return
    const message = this.#reader.read(topic, bytes)
    if (message === undefined || topic === 'attestation') return
    if (topic === 'proposal') {
      if (!this.#leads(message)) this.#say(node, message, 'does not lead the view')
      return
    }
    if (message.kind === NOTARIZE) this.#checkNotarize(node, message)
    if (
      message.kind === FINALIZE &&
      !this.#mayBeNotarized(message.epoch, message.time, message.header)
    ) {
      this.#say(node, message, 'the block cannot be notarized')
    }
    note(this.#voters, message)
  }

  /** Whether it was right to sign is looked at when it is sent. */
  onKept(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (!node.isHonest || topic !== 'vote') return
    const message = this.#reader.read(topic, bytes)
    if (message !== undefined) note(this.#keepers, message)
  }

  #leads({ epoch, time, member }: OwnMessage): boolean {
    const members = this.#context.founding.epochs[epoch]?.committee.members ?? []
    return member === time % members.length
  }

  /** What was voted for before, in another life perhaps, is only sent again. */
  #checkNotarize(node: Watched, message: OwnMessage): void {
    const { epoch, time: view, header } = message
    if (this.#voters.get(toKey(epoch, view, NOTARIZE, header))?.has(message.member) === true) return
    const proposals = this.#proposals.get(`${epoch}/${view}/${header}`) ?? []
    if (proposals.length === 0) {
      this.#say(node, message, 'the leader proposed no such block')
      return
    }
    const faults = proposals.map((proposal) => this.#findFault(node, proposal))
    if (faults.every((fault) => fault !== undefined)) this.#say(node, message, faults.join('; '))
  }

  #findFault(node: Watched, proposal: WireProposal): string | undefined {
    const { epoch, view, parentView, header, round, parent } = proposal
    if (parentView >= view) return `its parent's view ${parentView} is not below`
    const isAgain = parentView > 0 && this.#mayBeNotarized(epoch, parentView, header)
    if (parentView > 0 && !isAgain && !this.#mayBeNotarized(epoch, parentView, parent)) {
      return `its parent cannot be notarized in view ${parentView}`
    }
    for (let between = parentView + 1; between < view; between++) {
      if (!this.#mayBeCertified(epoch, between, NULLIFY, ZERO_HEADER)) {
        return `view ${between} cannot be nullified`
      }
    }
    if (isAgain) return undefined
    const behindMax = this.#context.founding.epochs[epoch]?.parameters.roundsBehindMax ?? 0
    // What an earlier life signed and did not come to send is sent late (SPEC 6.9).
    if (node.life > 0 && round < node.round) return undefined
    if (round > node.round) return `its round ${round} has not begun at ${node.round}`
    return round < node.round - 2 * behindMax
      ? `its round ${round} is too old at ${node.round}`
      : undefined
  }

  /** A finalization serves as a notarization (SPEC 6.2). */
  #mayBeNotarized(epoch: number, view: number, header: string): boolean {
    return (
      this.#mayBeCertified(epoch, view, NOTARIZE, header) ||
      this.#mayBeCertified(epoch, view, FINALIZE, header)
    )
  }

  #mayBeCertified(epoch: number, view: number, kind: number, header: string): boolean {
    const { weights, whole } = getWeights(this.#context.founding, epoch)
    const key = toKey(epoch, view, kind, header)
    const [voters, keepers] = [this.#voters.get(key), this.#keepers.get(key)]
    let part = 0n
    for (let index = 0; index < weights.length; index++) {
      const mayVote = voters?.has(index) === true || keepers?.has(index) === true
      if (mayVote || !this.#context.honest.has(index)) part += weights[index] ?? 0n
    }
    return 3n * part > 2n * whole
  }

  #say(node: Watched, { epoch, time, kind }: OwnMessage, why: string): void {
    const what = kind === 0 ? 'proposes' : `votes ${kind}`
    this.#violate(this.name, `node ${node.index} ${what} in view ${epoch}/${time}: ${why}`)
  }
}

function note(voters: Map<string, Set<number>>, message: OwnMessage): void {
  const { epoch, time, kind, header, member } = message
  const key = toKey(epoch, time, kind, header)
  voters.set(key, (voters.get(key) ?? new Set<number>()).add(member))
}

const ZERO_HEADER = '00'.repeat(32)

function toKey(epoch: number, view: number, kind: number, header: string): string {
  return `${epoch}/${view}/${kind}/${header}`
}
