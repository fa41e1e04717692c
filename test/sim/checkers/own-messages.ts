import type { AuditContext, TopicName } from './checker.ts'
import { digest, readAttestation, readProposal, readVote, VOTE_DOMAINS } from './own-wire.ts'

/** A vote of 51 bytes and its signature. */
const VOTE_BYTES = 115

/** One signed thing for one place, read apart from production. */
export interface OwnMessage {
  readonly topic: 'attestation' | 'proposal' | 'vote'
  readonly epoch: number
  readonly member: number
  /** A round for an attestation, else a view. */
  readonly time: number
  /** Of a vote: 1 notarize, 2 nullify, 3 finalize; else 0. */
  readonly kind: number
  /** An honest member signs one content for it. */
  readonly place: string
  readonly content: string
  /** Header that a vote is for or a proposal holds; empty for an attestation. */
  readonly header: string
  readonly isValid: boolean
}

/**
 * Reads messages and judges their signatures, once for the same bytes object, which many nodes
 * receive.
 */
export class OwnReader {
  readonly #context: AuditContext
  readonly #known = new Map<Uint8Array, OwnMessage | undefined>()

  constructor(context: AuditContext) {
    this.#context = context
  }

  /** @returns undefined for what is no signed message at all */
  read(topic: TopicName, bytes: Uint8Array): OwnMessage | undefined {
    const known = this.#known.get(bytes)
    if (known !== undefined || this.#known.has(bytes)) return known
    const message = this.#read(topic, bytes)
    this.#known.set(bytes, message)
    return message
  }

  #read(topic: TopicName, bytes: Uint8Array): OwnMessage | undefined {
    const network = this.#context.founding.networkId
    // What is cut short or garbled is read beyond its end: no signed message.
    try {
      switch (topic) {
        case 'attestation': {
          const wire = readAttestation(network, bytes)
          const { epoch, member, round: time, digest: content } = wire
          const place = `attestation ${epoch}/${time}/${wire.shard}`
          const fields = { topic, epoch, member, time, kind: 0, place, content, header: '' }
          return this.#judge(fields, Buffer.from(content, 'hex'), wire.signature)
        }
        case 'proposal': {
          const wire = readProposal(network, bytes)
          // No signature covers a body but by its hash: with another one it is no proposal (SPEC 8.3).
          if (!wire.isWhole) return undefined
          const { epoch, member, view: time, header } = wire
          const place = `proposal ${epoch}/${time}`
          const content = `${header} on ${wire.parentView}`
          const fields = { topic, epoch, member, time, kind: 0, place, content, header }
          return this.#judge(fields, wire.digest, wire.signature)
        }
        case 'vote': {
          if (bytes.length !== VOTE_BYTES) return undefined
          const wire = readVote(bytes)
          const { epoch, member, view: time, kind, header } = wire
          const place = `vote ${kind} ${epoch}/${time}`
          const fields = { topic, epoch, member, time, kind, place, content: header, header }
          const signed = digest(network, VOTE_DOMAINS[kind] ?? '', epoch, wire.signed)
          return this.#judge(fields, signed, wire.signature)
        }
        case 'certificate':
        case 'evidence':
          break
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    return undefined
  }

  #judge(
    fields: Omit<OwnMessage, 'isValid'>,
    signed: Uint8Array,
    signature: Uint8Array,
  ): OwnMessage {
    const { founding, verify } = this.#context
    const { epoch, member } = fields
    const publicKey = founding.keys[member]?.publicKey
    const isMember = member < (founding.epochs[epoch]?.committee.members.length ?? 0)
    const isValid = isMember && publicKey !== undefined && verify(signature, signed, publicKey)
    return { ...fields, isValid }
  }
}

/** Whether an honest member never signs both: two contents for a place, or finalize with nullify (SPEC 6.5). */
export function areInConflict(a: OwnMessage, b: OwnMessage): boolean {
  if (a.member !== b.member || a.topic !== b.topic || a.epoch !== b.epoch) return false
  if (a.place === b.place) return a.content !== b.content
  return a.topic === 'vote' && a.time === b.time && Math.min(a.kind, b.kind) === 2
}
