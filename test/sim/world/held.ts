import {
  type Block,
  blockType,
  type Certificate,
  certificateType,
  encode,
  type Epoch,
  type MemberIndex,
  type SignedAttestation,
  type State,
  stateType,
  type View,
  type ViewCertificate,
  viewCertificateType,
  voteKinds,
} from '@watchfire/attestation'
import { type SimDisk, toCertificateName, toName } from './disk.ts'
import type { listOwn } from './recovery.ts'
import { type Answer, CERTIFICATES_MAX, type Request } from './requests.ts'

interface HeldAttestation {
  readonly shard: number
  readonly bytes: Uint8Array
  readonly message: SignedAttestation
}

interface HeldFinal {
  readonly certificate: Certificate
  readonly state: State
}

/** What a node has at hand to answer others with. */
export class Held {
  readonly attestations = new Map<string, HeldAttestation>()
  readonly blocks = new Map<string, Block>()
  readonly certificates = new Map<string, ViewCertificate>()
  readonly finals = new Map<number, HeldFinal>()
  #highest: ViewCertificate | undefined

  /**
   * Begins anew with what the disk kept.
   *
   * @param own attestations of this node that its log kept and the store was not told of
   */
  reload(disk: SimDisk, own: ReturnType<typeof listOwn>): void {
    this.attestations.clear()
    this.blocks.clear()
    this.certificates.clear()
    this.finals.clear()
    this.#highest = undefined
    for (const record of disk.store.records) {
      switch (record.kind) {
        case 'attestation': {
          const { name, bytes, message } = record
          this.attestations.set(name, { shard: message.message.shard, bytes, message })
          break
        }
        case 'block':
          this.blocks.set(record.name, record.block)
          break
        case 'certificate':
          this.addCertificate(record.certificate)
          break
        case 'final': {
          const { header, certificate, state } = record.record
          this.finals.set(header.height, { certificate, state })
          break
        }
        case 'alarm':
        case 'evidence':
          break
      }
    }
    for (const { signed, digest, bytes } of own) {
      this.attestations.set(toName(digest), { shard: signed.message.shard, bytes, message: signed })
    }
  }

  addCertificate(certificate: ViewCertificate): void {
    this.certificates.set(toCertificateName(certificate), certificate)
    const best = this.#highest
    if (
      best === undefined ||
      certificate.epoch > best.epoch ||
      (certificate.epoch === best.epoch && certificate.view > best.view)
    ) {
      this.#highest = certificate
    }
  }

  /** Above it no view of the epoch is held. */
  #getHighestView(epoch: Epoch): number {
    const highest = this.#highest
    if (highest === undefined || highest.epoch < epoch) return 0
    return highest.epoch > epoch ? Infinity : highest.view
  }

  /** The view in which a header is notarized, as far as certificates here tell. */
  getNotarizedView(header: Uint8Array): View | undefined {
    for (const { kind, view, header: certified } of this.certificates.values()) {
      if (kind !== voteKinds.nullify && Buffer.compare(certified, header) === 0) return view
    }
    return undefined
  }

  /** @param member of whoever answers */
  answer(request: Request, member: MemberIndex | undefined, epoch: Epoch, round: number): Answer {
    switch (request.kind) {
      case 'attestations':
        return {
          kind: 'attestations',
          messages: request.digests.flatMap((name) => this.attestations.get(name) ?? []),
        }
      case 'blocks': {
        const blocks = request.digests.flatMap((name) => this.blocks.get(name) ?? [])
        return { kind: 'blocks', messages: blocks.map((block) => encode(blockType, block)) }
      }
      case 'views': {
        const messages: Uint8Array[] = []
        const to = Math.min(request.to, this.#getHighestView(request.epoch))
        for (let view: number = request.from; view <= to; view++) {
          for (const kind of [1, 2, 3]) {
            const name = `${request.epoch}/${view}/${kind}`
            const certificate = this.certificates.get(name)
            if (certificate !== undefined) messages.push(encode(viewCertificateType, certificate))
          }
        }
        return { kind: 'views', messages }
      }
      case 'certificates': {
        const messages: Uint8Array[] = []
        let state: State | undefined
        for (
          let height: number = request.fromHeight;
          messages.length < CERTIFICATES_MAX;
          height++
        ) {
          const final = this.finals.get(height)
          if (final === undefined) break
          messages.push(encode(certificateType, final.certificate))
          state = final.state
        }
        return {
          kind: 'certificates',
          messages,
          state: state === undefined ? undefined : encode(stateType, state),
        }
      }
      case 'highest':
        break
    }
    const certificate =
      this.#highest === undefined ? undefined : encode(viewCertificateType, this.#highest)
    return { kind: 'highest', member, certificate, epoch, round }
  }
}
