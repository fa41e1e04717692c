import {
  type Certificate,
  certificateType,
  decode,
  type Digest,
  encode,
  type Header,
  type Height,
  type MemberSignature,
  type Round,
  type SignedVote,
  type View,
  type ViewCertificate,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import type { Answer } from '../world/requests.ts'
import { readVote } from './messages.ts'
import { type Powers, type Sending, sendToAll, type Vice } from './vice.ts'

/** Views for which it collects votes. */
const VIEWS_COLLECTED = 40

/**
 * Makes certificates that none are, out of true votes as they come in, so as to be first: with the
 * heaviest signature missing, with its own twice, with a false one added, of another view, kind or
 * header; and serves certificates in which a true quorum stands behind another block.
 */
export class CertificateForger implements Vice {
  readonly name = 'certificate-forger'
  readonly answers = true
  /** Votes heard, by view, kind and header. */
  readonly #votes = new Map<string, SignedVote[]>()

  corrupt: Vice['corrupt'] = (powers, topic, shard, bytes, receivers) => {
    const decoded = topic === 'certificate' ? decode(viewCertificateType, bytes) : undefined
    if (decoded?.ok !== true) return sendToAll(topic, shard, bytes, receivers)
    const forged = encode(viewCertificateType, distort(powers, decoded.value))
    return [
      ...sendToAll(topic, shard, forged, receivers),
      ...sendToAll(topic, shard, bytes, receivers),
    ]
  }

  hear(powers: Powers, topic: Sending['topic'], _shard: number, bytes: Uint8Array): Sending[] {
    const heard = topic === 'vote' ? readVote(bytes) : undefined
    if (heard === undefined || heard.message.epoch !== powers.epoch) return []
    const { epoch, view, kind, header } = heard.message
    const key = `${epoch}/${view}/${kind}/${header.join()}`
    const known = this.#votes.get(key) ?? []
    if (known.some(({ message }) => message.member === heard.message.member)) return []
    const votes = [...known, heard]
    this.#votes.set(key, votes)
    const [oldest] = this.#votes.keys()
    if (this.#votes.size > VIEWS_COLLECTED && oldest !== undefined) this.#votes.delete(oldest)
    const certificate = { epoch, view, kind, header, signatures: toSignatures(votes) }
    const forged = encode(viewCertificateType, complete(powers, certificate))
    powers.count('forges a certificate before there is one')
    return sendToAll('certificate', 0, forged, powers.others)
  }

  corruptAnswer(powers: Powers, answer: Answer): Answer {
    if (answer.kind !== 'certificates') return answer
    const messages = answer.messages.map((bytes, index) => {
      const decoded = decode(certificateType, bytes)
      if (!decoded.ok || index < answer.messages.length - 1) return bytes
      const forged = graft(decoded.value)
      if (forged === undefined) return bytes
      powers.count('serves a forged certificate')
      return encode(certificateType, forged)
    })
    return { ...answer, messages }
  }
}

function toSignatures(votes: readonly SignedVote[]): MemberSignature[] {
  return votes
    .map(({ message, signature }) => ({ member: message.member, signature }))
    .toSorted((a, b) => a.member - b.member)
}

/** What is there of a certificate, as it is, or filled up with what is no signature of the others. */
function complete({ prng, founding }: Powers, certificate: ViewCertificate): ViewCertificate {
  const members = founding.epochs[certificate.epoch]?.committee.members ?? []
  const [first] = certificate.signatures
  const present = new Map(certificate.signatures.map((each) => [each.member, each.signature]))
  switch (prng.between(0, 2)) {
    case 0:
      return certificate
    case 1: {
      // One signature under every name.
      const signature = first?.signature ?? new Uint8Array(64)
      const signatures = members.map((_, member) => ({
        member: member as MemberSignature['member'],
        signature: present.get(member as MemberSignature['member']) ?? signature,
      }))
      return { ...certificate, signatures }
    }
    default:
      // One signature as often as there are members.
      return {
        ...certificate,
        signatures: members.flatMap((_, index) => {
          const each = certificate.signatures[index] ?? certificate.signatures.at(-1)
          return each === undefined ? [] : [each]
        }),
      }
  }
}

/** A true certificate made false in one way. */
function distort({ prng, count }: Powers, certificate: ViewCertificate): ViewCertificate {
  count('distorts a certificate')
  switch (prng.between(0, 3)) {
    case 0:
      return { ...certificate, view: (certificate.view + prng.between(1, 3)) as View }
    case 1:
      return { ...certificate, signatures: certificate.signatures.slice(1) }
    case 2: {
      const isNullify = certificate.kind === voteKinds.nullify
      const kind = isNullify ? voteKinds.finalize : voteKinds.nullify
      const header = isNullify ? certificate.header : (new Uint8Array(32) as Digest)
      return { ...certificate, kind, header }
    }
    default:
      return { ...certificate, header: new Uint8Array(32).fill(7) as Digest }
  }
}

/**
 * Another block in the place of a final one, with the true certificate said to be of its child: all
 * numbers fit, and only the child names another parent.
 */
function graft({ view, header, descendants, signatures }: Certificate): Certificate | undefined {
  if (descendants.length > 0) {
    const forged = { ...header, parent: new Uint8Array(32).fill(9) as Digest }
    return { view, header: forged, descendants, signatures }
  }
  const { height, parentRound } = header
  if (height < 2 || parentRound < 1 || header.next.length > 0) return undefined
  const forged: Header = {
    ...header,
    height: (height - 1) as Height,
    round: parentRound,
    parentRound: (parentRound - 1) as Round,
  }
  return { view, header: forged, descendants: [header], signatures }
}
