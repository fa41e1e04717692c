import {
  decode,
  type Digest,
  getHeaderDigest,
  signedProposalType,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { readVote, signVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/** Votes remembered as cast. */
const REMEMBERED = 2000

/**
 * Votes for everything, notarize and finalize both: whatever block it hears of in any view, by a
 * proposal or by a vote of others. Beside a leader that shows two blocks to two halves, it lends its
 * weight to each.
 */
export class Supporter implements Vice {
  readonly name = 'supporter'
  readonly answers = true
  /** A node that met its own votes in certificates would keep silent, and not vote nullify beside finalize. */
  readonly isShameless = true
  readonly #cast = new Set<string>()

  corrupt: Vice['corrupt'] = (_powers, topic, shard, bytes, receivers) =>
    sendToAll(topic, shard, bytes, receivers)

  hear(powers: Powers, topic: Sending['topic'], _shard: number, bytes: Uint8Array): Sending[] {
    const heard = readSupported(powers, topic, bytes)
    if (heard === undefined) return []
    const key = `${heard.view}/${heard.header.join()}`
    if (this.#cast.has(key)) return []
    if (this.#cast.size >= REMEMBERED) this.#cast.clear()
    this.#cast.add(key)
    powers.count('votes for all it hears of')
    const { epoch, member, others } = powers
    return [voteKinds.notarize, voteKinds.finalize].flatMap((kind) =>
      sendToAll('vote', 0, signVote(powers, { epoch, kind, member, ...heard }), others),
    )
  }
}

function readSupported(
  { founding, epoch }: Powers,
  topic: Sending['topic'],
  bytes: Uint8Array,
): { readonly view: View; readonly header: Digest } | undefined {
  if (topic === 'vote') {
    const message = readVote(bytes)?.message
    if (message === undefined || message.epoch !== epoch) return undefined
    return message.kind === voteKinds.nullify
      ? undefined
      : { view: message.view, header: message.header }
  }
  const decoded = topic === 'proposal' ? decode(signedProposalType, bytes) : undefined
  if (decoded?.ok !== true || decoded.value.message.epoch !== epoch) return undefined
  const { view, block } = decoded.value.message
  return { view, header: getHeaderDigest(founding.networkId, block.header) }
}
