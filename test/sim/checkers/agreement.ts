import type { Certificate } from '@watchfire/attestation'
import type { AuditContext, Checker, Finalized, Violate, Watched } from './checker.ts'
import { headerDigest } from './own-wire.ts'

/** No two final headers at one height, anywhere, ever. */
export class AgreementChecker implements Checker {
  readonly name = 'agreement'
  readonly #context: AuditContext
  readonly #violate: Violate
  readonly #finals = new Map<number, { digest: string; node: number }>()

  constructor(context: AuditContext, violate: Violate) {
    this.#context = context
    this.#violate = violate
  }

  onFinalize(node: Watched, { block }: Finalized): void {
    this.#see(node, block.header)
  }

  onSynced(node: Watched, certificate: Certificate): void {
    this.#see(node, certificate.header)
  }

  #see(node: Watched, header: Finalized['block']['header']): void {
    if (!node.isHonest) return
    const digest = headerDigest(this.#context.founding.networkId, header).toString('hex')
    const known = this.#finals.get(header.height)
    if (known === undefined) {
      this.#finals.set(header.height, { digest, node: node.index })
    } else if (known.digest !== digest) {
      const who = `node ${known.node} has ${known.digest}, node ${node.index} has ${digest}`
      this.#violate(this.name, `two final headers at height ${header.height}: ${who}`)
    }
  }
}
