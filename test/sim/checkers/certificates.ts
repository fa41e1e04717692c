import type { Certificate } from '@watchfire/attestation'
import { areSameBytes } from './alike.ts'
import {
  type AuditContext,
  type Checker,
  describe,
  type Finalized,
  isQuorum,
  type TopicName,
  type Violate,
  type Watched,
} from './checker.ts'
import {
  digest,
  headerDigest,
  type PlainHeader,
  readViewCertificate,
  VOTE_DOMAINS,
  type WireSignature,
  writeVote,
} from './own-wire.ts'

const FINALIZE = 3

/** What a certificate says. */
interface Certified {
  readonly epoch: number
  readonly view: number
  readonly kind: number
  readonly header: Uint8Array
  /** The header in hex. */
  readonly hex: string
}

/**
 * What honest nodes take for a certificate is one by an independent count: members ascending, a
 * quorum of weight, every signature valid over bytes assembled here; and a view never has two
 * notarized headers, nor a nullification beside a finalization.
 */
export class CertificateChecker implements Checker {
  readonly name = 'certificate'
  readonly #context: AuditContext
  readonly #violate: Violate
  readonly #seen = new Set<Uint8Array>()
  readonly #checked = new Set<string>()
  readonly #byView = new Map<string, string>()
  /** Signatures found valid: by the vote they are for, then by member. */
  readonly #verified = new Map<string, (Uint8Array | undefined)[]>()

  constructor(context: AuditContext, violate: Violate) {
    this.#context = context
    this.#violate = violate
  }

  onPublish(node: Watched, topic: TopicName, bytes: Uint8Array): void {
    if (topic !== 'certificate' || !node.isHonest) return
    if (this.#seen.has(bytes)) return
    this.#seen.add(bytes)
    // Signer sets differ between nodes and repeats do not: count each once.
    const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    if (this.#checked.has(name)) return
    this.#checked.add(name)
    const { epoch, view, kind, header, signatures } = readViewCertificate(bytes)
    const what = `certificate ${kind} of view ${epoch}/${view} from node ${node.index}`
    const hex = Buffer.from(header).toString('hex')
    this.#count(what, { epoch, view, kind, header, hex }, signatures)
    this.#see(epoch, view, kind, hex)
  }

  onFinalize(node: Watched, { block, certificate }: Finalized): void {
    if (!node.isHonest) return
    const network = this.#context.founding.networkId
    const [mine, theirs] = [block.header, certificate.header].map((header) =>
      headerDigest(network, header).toString('hex'),
    )
    if (mine !== theirs) {
      this.#violate(this.name, `node ${node.index}: another header than ${describe(block.header)}`)
    }
    this.#checkFinal(node, certificate)
  }

  onSynced(node: Watched, certificate: Certificate): void {
    if (node.isHonest) this.#checkFinal(node, certificate)
  }

  #checkFinal(node: Watched, certificate: Certificate): void {
    const network = this.#context.founding.networkId
    const what = `certificate for ${describe(certificate.header)} at node ${node.index}`
    const { epoch } = certificate.header
    let last: PlainHeader = certificate.header
    let lastDigest = headerDigest(network, last)
    for (const descendant of certificate.descendants) {
      const isChild =
        lastDigest.equals(descendant.parent) &&
        descendant.height === last.height + 1 &&
        descendant.parentRound === last.round &&
        descendant.epoch === epoch
      if (!isChild) this.#violate(this.name, `${what}: ${describe(descendant)} is no child`)
      last = descendant
      lastDigest = headerDigest(network, last)
    }
    const [{ view, signatures }, hex] = [certificate, lastDigest.toString('hex')]
    this.#count(what, { epoch, view, kind: FINALIZE, header: lastDigest, hex }, signatures)
    this.#see(epoch, view, FINALIZE, hex)
  }

  #count(what: string, certified: Certified, signatures: readonly WireSignature[]): void {
    const { founding, verify } = this.#context
    const { epoch, view, kind, header, hex } = certified
    const members = signatures.map(({ member }) => member)
    if (members.some((member, index) => index > 0 && member <= (members[index - 1] ?? -1))) {
      this.#violate(this.name, `${what}: members not ascending: ${members.join()}`)
    }
    if (!isQuorum(founding, epoch, members)) {
      this.#violate(this.name, `${what}: no quorum: ${members.join()}`)
    }
    const domain = VOTE_DOMAINS[kind] ?? ''
    const name = `${epoch}/${view}/${kind}/${hex}`
    const verified = this.#verified.get(name) ?? []
    this.#verified.set(name, verified)
    for (const { member, signature } of signatures) {
      // Many certificates carry one signature: it is verified once for what it is over.
      const known = verified[member]
      if (known !== undefined && areSameBytes(known, signature)) continue
      const vote = writeVote(epoch, view, kind, member, header)
      const signed = digest(founding.networkId, domain, epoch, vote)
      const publicKey = founding.keys[member]?.publicKey
      if (publicKey === undefined || !verify(signature, signed, publicKey)) {
        this.#violate(this.name, `${what}: the signature of member ${member} is not one`)
      } else verified[member] = signature
    }
  }

  #see(epoch: number, view: number, kind: number, header: string): void {
    const place = `${epoch}/${view}`
    const [notarized, nullified, finalized] = [1, 2, 3].map((each) =>
      this.#byView.get(`${each} ${place}`),
    )
    const mine = this.#byView.get(`${kind} ${place}`)
    if (mine !== undefined && mine !== header) {
      this.#violate(this.name, `two headers certified in view ${place} (kind ${kind})`)
    }
    this.#byView.set(`${kind} ${place}`, header)
    if ((kind === 2 && finalized !== undefined) || (kind === 3 && nullified !== undefined)) {
      this.#violate('exclusion', `view ${place} has both a nullification and a finalization`)
    }
    if (kind === 3 && notarized !== undefined && notarized !== header) {
      this.#violate(this.name, `view ${place} finalized another header than it notarized`)
    }
  }
}
