import type { Checker, TopicName, Violate, Watched } from './checker.ts'
import type { OwnReader } from './own-messages.ts'

/** What an honest member signs verifies under its key, over bytes assembled apart from production (SPEC 2.2). */
export class SignatureChecker implements Checker {
  readonly name = 'signature'
  readonly #reader: OwnReader
  readonly #violate: Violate

  constructor(reader: OwnReader, violate: Violate) {
    this.#reader = reader
    this.#violate = violate
  }

  onSigned(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (!node.isHonest) return
    const message = this.#reader.read(topic, bytes)
    if (message?.isValid !== true || message.member !== node.member) {
      this.#violate(this.name, `node ${node.index} sends a ${topic} that is not validly signed`)
    }
  }
}
