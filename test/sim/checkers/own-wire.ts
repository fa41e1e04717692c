import { hash } from 'node:crypto'

// What the checkers know of the wire, written from SPEC 2 and 3 alone: no helper of production is
// used here, so that a mistake there is not repeated where it should be noticed.

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}

/** `sha256(domain(name) ‖ bytes)` (SPEC 2.1). */
export function tagged(name: string, bytes: Uint8Array): Buffer {
  return sha256(Buffer.concat([domain(name), bytes]))
}

const domains = new Map<string, Buffer>()

function domain(name: string): Buffer {
  const known = domains.get(name)
  if (known !== undefined) return known
  const made = Buffer.alloc(32)
  made.write(`watchfire:${name}`, 'ascii')
  domains.set(name, made)
  return made
}

/** SPEC 2.2. */
export function digest(
  network: Uint8Array,
  name: string,
  epoch: number,
  bytes: Uint8Array,
): Buffer {
  signedInput.set(domain(name))
  signedInput.writeUInt32LE(1, 32)
  signedInput.set(network, 36)
  signedInput.writeBigUInt64LE(BigInt(epoch), 68)
  signedInput.set(sha256(bytes), 76)
  return sha256(signedInput)
}

/** Written anew for each digest, all of it. */
const signedInput = Buffer.alloc(108)

export const VOTE_DOMAINS = ['', 'notarize', 'nullify', 'finalize'] as const

export interface WireVote {
  readonly epoch: number
  readonly view: number
  readonly kind: number
  readonly member: number
  readonly header: string
  /** The 51 bytes that are hashed and signed. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** Vote: epoch 8, view 8, kind 1, member 2, header 32. SignedVote: that and 64. */
export function readVote(bytes: Uint8Array): WireVote {
  const buffer = asBuffer(bytes)
  return {
    epoch: Number(buffer.readBigUInt64LE(0)),
    view: Number(buffer.readBigUInt64LE(8)),
    kind: buffer.readUInt8(16),
    member: buffer.readUInt16LE(17),
    header: buffer.toString('hex', 19, 51),
    signed: bytes.subarray(0, 51),
    signature: bytes.subarray(51, 115),
  }
}

export function writeVote(
  epoch: number,
  view: number,
  kind: number,
  member: number,
  header: Uint8Array,
): Buffer {
  const bytes = Buffer.alloc(51)
  bytes.writeBigUInt64LE(BigInt(epoch), 0)
  bytes.writeBigUInt64LE(BigInt(view), 8)
  bytes.writeUInt8(kind, 16)
  bytes.writeUInt16LE(member, 17)
  bytes.set(header, 19)
  return bytes
}

export interface WireAttestation {
  readonly epoch: number
  readonly round: number
  readonly shard: number
  readonly member: number
  /** What a block names it by (SPEC 2.2). */
  readonly digest: string
  readonly signature: Uint8Array
}

/** SignedAttestation: offset 4, signature 64, message: epoch 8, round 8, shard 2, member 2, offset 4, observations. */
export function readAttestation(network: Uint8Array, bytes: Uint8Array): WireAttestation {
  const buffer = asBuffer(bytes)
  const message = buffer.readUInt32LE(0)
  const observations = message + buffer.readUInt32LE(message + 20)
  const epoch = Number(buffer.readBigUInt64LE(message))
  // The claim: the same fixed fields, then the hash of the observations (SPEC 2.2).
  const claim = Buffer.concat([
    buffer.subarray(message, message + 20),
    sha256(bytes.subarray(observations)),
  ])
  return {
    epoch,
    round: Number(buffer.readBigUInt64LE(message + 8)),
    shard: buffer.readUInt16LE(message + 16),
    member: buffer.readUInt16LE(message + 18),
    digest: digest(network, 'attestation', epoch, claim).toString('hex'),
    signature: bytes.subarray(4, 68),
  }
}

export interface WireProposal {
  readonly epoch: number
  readonly view: number
  readonly member: number
  readonly parentView: number
  /** Digest of the proposed block's header. */
  readonly header: string
  /** What that header says. */
  readonly height: number
  readonly round: number
  readonly parent: string
  /** Whether the body is the one that the header names. */
  readonly isWhole: boolean
  readonly signature: Uint8Array
  /** The 32 bytes that are signed (SPEC 2.2). */
  readonly digest: Buffer
}

/** SignedProposal: offset 4, signature 64, message: epoch 8, view 8, member 2, parentView 8, offset 4, block: offset 4, offset 4, header, body. */
export function readProposal(network: Uint8Array, bytes: Uint8Array): WireProposal {
  const buffer = asBuffer(bytes)
  const message = buffer.readUInt32LE(0)
  const block = message + buffer.readUInt32LE(message + 26)
  const header = block + buffer.readUInt32LE(block)
  const body = block + buffer.readUInt32LE(block + 4)
  const headerEpoch = Number(buffer.readBigUInt64LE(header))
  const named = digest(network, 'header', headerEpoch, bytes.subarray(header, body))
  const epoch = Number(buffer.readBigUInt64LE(message))
  // The claim: the same fixed fields, then the header's digest (SPEC 2.2).
  const claim = Buffer.concat([buffer.subarray(message, message + 26), named])
  return {
    epoch,
    view: Number(buffer.readBigUInt64LE(message + 8)),
    member: buffer.readUInt16LE(message + 16),
    parentView: Number(buffer.readBigUInt64LE(message + 18)),
    header: named.toString('hex'),
    height: Number(buffer.readBigUInt64LE(header + 8)),
    round: Number(buffer.readBigUInt64LE(header + 16)),
    parent: buffer.toString('hex', header + 32, header + 64),
    isWhole: buffer
      .subarray(header + 128, header + 160)
      .equals(tagged('body', bytes.subarray(body))),
    signature: bytes.subarray(4, 68),
    digest: digest(network, 'proposal', epoch, claim),
  }
}

export interface WireSignature {
  readonly member: number
  readonly signature: Uint8Array
}

export interface WireViewCertificate {
  readonly epoch: number
  readonly view: number
  readonly kind: number
  readonly header: Uint8Array
  readonly signatures: readonly WireSignature[]
}

/** ViewCertificate: epoch 8, view 8, kind 1, header 32, offset 4, then 66 a signature. */
export function readViewCertificate(bytes: Uint8Array): WireViewCertificate {
  const buffer = asBuffer(bytes)
  const signatures: WireSignature[] = []
  for (let at = buffer.readUInt32LE(49); at < bytes.length; at += 66) {
    signatures.push({
      member: buffer.readUInt16LE(at),
      signature: bytes.subarray(at + 2, at + 66),
    })
  }
  return {
    epoch: Number(buffer.readBigUInt64LE(0)),
    view: Number(buffer.readBigUInt64LE(8)),
    kind: buffer.readUInt8(16),
    header: bytes.subarray(17, 49),
    signatures,
  }
}

/** What the checkers use of a header; production's headers fit. */
export interface PlainHeader {
  readonly epoch: number
  readonly height: number
  readonly round: number
  readonly parentRound: number
  readonly parent: Uint8Array
  readonly committee: Uint8Array
  readonly parameters: Uint8Array
  readonly body: Uint8Array
  readonly stateRoot: Uint8Array
  readonly next: readonly { readonly committee: Uint8Array; readonly parameters: Uint8Array }[]
}

/** Four numbers of 8, five hashes of 32, an offset of 4, then `next`. */
export function writeHeader(header: PlainHeader): Buffer {
  const fixed = Buffer.alloc(196)
  const numbers = [header.epoch, header.height, header.round, header.parentRound]
  for (const [index, number] of numbers.entries()) fixed.writeBigUInt64LE(BigInt(number), index * 8)
  const hashes = [header.parent, header.committee, header.parameters, header.body, header.stateRoot]
  for (const [index, each] of hashes.entries()) fixed.set(each, 32 + index * 32)
  fixed.writeUInt32LE(196, 192)
  return Buffer.concat([fixed, ...header.next.flatMap((next) => [next.committee, next.parameters])])
}

const headerDigests = new WeakMap<PlainHeader, { network: Uint8Array; digest: Buffer }>()

/** Worked out once for a header object, which nobody changes: many nodes come to hold the same. */
export function headerDigest(network: Uint8Array, header: PlainHeader): Buffer {
  const known = headerDigests.get(header)
  if (known?.network === network) return known.digest
  const made = digest(network, 'header', header.epoch, writeHeader(header))
  headerDigests.set(header, { network, digest: made })
  return made
}

export function text(bytes: Uint8Array): string {
  let characters = ''
  for (const byte of bytes) characters += String.fromCharCode(byte)
  return characters
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
