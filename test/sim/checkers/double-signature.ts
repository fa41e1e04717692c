import type { Checker, TopicName, Violate, Watched } from './checker.ts'
import type { OwnReader } from './own-messages.ts'

const NULLIFY = 2
const FINALIZE = 3

/**
 * An honest node never signs two things for one place, attestations included, whatever it forgot
 * (`double-signature`), and never both finalizes and nullifies a view (`exclusion`).
 */
export class DoubleSignatureChecker implements Checker {
  readonly name = 'double-signature'
  readonly #reader: OwnReader
  readonly #violate: Violate
  readonly #signed = new Map<string, string>()

  constructor(reader: OwnReader, violate: Violate) {
    this.#reader = reader
    this.#violate = violate
  }

  onSigned(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (!node.isHonest) return
    // What is no message at all is told by the `signature` checker.
    const message = this.#reader.read(topic, bytes)
    if (message === undefined) return
    const { epoch, time, kind, member, place, content } = message
    this.#see(node, `${place} of ${member}`, content)
    const other = kind === NULLIFY ? FINALIZE : kind === FINALIZE ? NULLIFY : undefined
    if (other !== undefined && this.#signed.has(`vote ${other} ${epoch}/${time} of ${member}`)) {
      this.#violate('exclusion', `node ${node.index} finalized and nullified ${epoch}/${time}`)
    }
  }

  /** What it kept and did not come to send, it will send. */
  onKept(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    this.onSigned(node, topic, bytes)
  }

  /** The log saved it this time. */
  onRefused(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    this.onSigned(node, topic, bytes)
  }

  #see(node: Watched, place: string, content: string): void {
    const before = this.#signed.get(place)
    if (before === undefined) this.#signed.set(place, content)
    else if (before !== content) {
      this.#violate(this.name, `node ${node.index} signed twice: ${place}: ${before}, ${content}`)
    }
  }
}
