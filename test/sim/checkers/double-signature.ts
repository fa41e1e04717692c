import type { AuditContext, Checker, TopicName, Violate, Watched } from './checker.ts'
import { readAttestation, readProposal, readVote } from './own-wire.ts'

const NULLIFY = 2
const FINALIZE = 3

/**
 * An honest node never signs two things for one place, attestations included, whatever it forgot
 * (`double-signature`), and never both finalizes and nullifies a view (`exclusion`).
 */
export class DoubleSignatureChecker implements Checker {
  readonly name = 'double-signature'
  readonly #network: Uint8Array
  readonly #violate: Violate
  readonly #signed = new Map<string, string>()

  constructor(context: AuditContext, violate: Violate) {
    this.#network = context.founding.networkId
    this.#violate = violate
  }

  onSigned(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (!node.isHonest) return
    switch (topic) {
      case 'attestation': {
        const { epoch, round, shard, member, digest } = readAttestation(this.#network, bytes)
        this.#see(node, `attestation ${epoch}/${round}/${shard} of ${member}`, digest)
        break
      }
      case 'proposal': {
        const { epoch, view, member, header, parentView } = readProposal(this.#network, bytes)
        this.#see(node, `proposal ${epoch}/${view} of ${member}`, `${header} on ${parentView}`)
        break
      }
      case 'vote': {
        const { epoch, view, kind, member, header } = readVote(bytes)
        this.#see(node, `vote ${kind} ${epoch}/${view} of ${member}`, header)
        const other = kind === NULLIFY ? FINALIZE : kind === FINALIZE ? NULLIFY : undefined
        if (
          other !== undefined &&
          this.#signed.has(`vote ${other} ${epoch}/${view} of ${member}`)
        ) {
          this.#violate('exclusion', `node ${node.index} finalized and nullified ${epoch}/${view}`)
        }
        break
      }
      case 'certificate':
      case 'evidence':
        break
    }
  }

  #see(node: Watched, place: string, content: string): void {
    const before = this.#signed.get(place)
    if (before === undefined) this.#signed.set(place, content)
    else if (before !== content) {
      this.#violate(this.name, `node ${node.index} signed twice: ${place}: ${before}, ${content}`)
    }
  }
}
