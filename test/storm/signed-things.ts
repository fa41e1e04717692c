import { digest, number, sha256 } from '../vectors/second-reader/hashes.ts'
import {
  byteList,
  container,
  list,
  type Struct,
  uint,
  vector,
} from '../vectors/second-reader/ssz.ts'
import { certificate, rawCertificate, rawFile } from '../vectors/second-reader/wire-types.ts'

// What monitors sign, read from bytes by SPEC 2 and 3 alone: it shares no code with ours but the
// second reader, which shares none either.

/** One signature of one member, for one place. */
export interface SignedThing {
  readonly member: number
  /** Where only one thing may be signed (SPEC 6.5, 8.2): kinds that exclude each other share one. */
  readonly place: string
  /** What is signed there: two of a place must be equal. */
  readonly what: string
  /** What the signature is over. */
  readonly digest: Uint8Array
  readonly signature: Uint8Array
}

const [u8, u16, u64] = [uint(1), uint(2), uint(8)]
const [b32, b64] = [vector(32), vector(64)]
const raw = byteList(2 ** 26)
const vote = container({ epoch: u64, view: u64, kind: u8, member: u16, header: b32 })
const signedVote = container({ message: vote, signature: b64 })
const signed = container({ message: raw, signature: b64 })
const attestation = container({
  epoch: u64,
  round: u64,
  shard: u16,
  member: u16,
  observations: raw,
})
const block = container({ header: raw, body: raw })
const proposal = container({ epoch: u64, view: u64, member: u16, parentView: u64, block: raw })
const viewCertificate = container({
  epoch: u64,
  view: u64,
  kind: u8,
  header: b32,
  signatures: list(container({ member: u16, signature: b64 }), 256),
})

const NOTARIZE = 1
const FINALIZE = 3
const DOMAINS: Readonly<Record<number, string>> = { 1: 'notarize', 2: 'nullify', 3: 'finalize' }

interface Vote {
  readonly epoch: number
  readonly view: number
  readonly kind: number
  readonly member: number
  readonly header: Uint8Array
}
interface Signed {
  readonly message: Uint8Array
  readonly signature: Uint8Array
}
interface MemberSignature {
  readonly member: number
  readonly signature: Uint8Array
}

/** Reads what was gossiped on a topic. Status records may be many; evidence is another matter. */
export function readMessage(network: Uint8Array, topic: string, bytes: Uint8Array): SignedThing[] {
  switch (topic) {
    case 'attestation':
      return [readAttestation(network, bytes)]
    case 'proposal':
      return [readProposal(network, bytes)]
    case 'vote':
      return [readVote(network, bytes)]
    case 'certificate':
      return readViewCertificate(network, bytes)
    default:
      return []
  }
}

/** Round and member of an attestation, for who wants to say something else for the same place. */
export function readAttestationPlace(bytes: Uint8Array): { round: number; member: number } {
  const { message } = signed.read(bytes) as unknown as Signed
  return attestation.read(message) as unknown as { round: number; member: number }
}

/** The digest of an attestation (SPEC 2.2), and its bytes before the signature. */
export function writeAttestation(
  network: Uint8Array,
  round: number,
  member: number,
  observations: Uint8Array,
): { message: Uint8Array; digest: Uint8Array } {
  const place = [number(0, 8), number(round, 8), number(0, 2), number(member, 2)]
  return {
    message: Buffer.concat([...place, number(24, 4), observations]),
    digest: digest(network, 'attestation', 0, Buffer.concat([...place, sha256(observations)])),
  }
}

function readAttestation(network: Uint8Array, bytes: Uint8Array): SignedThing {
  const { message, signature } = signed.read(bytes) as unknown as Signed
  const read = attestation.read(message) as unknown as {
    epoch: number
    round: number
    shard: number
    member: number
    observations: Uint8Array
  }
  const { epoch, round, shard, member } = read
  const place = [number(epoch, 8), number(round, 8), number(shard, 2), number(member, 2)]
  const claim = Buffer.concat([...place, sha256(read.observations)])
  const over = digest(network, 'attestation', epoch, claim)
  const where = `attestation of round ${round}, shard ${shard}, epoch ${epoch}`
  return { member, place: where, what: over.toString('hex'), digest: over, signature }
}

function readProposal(network: Uint8Array, bytes: Uint8Array): SignedThing {
  const { message, signature } = signed.read(bytes) as unknown as Signed
  const read = proposal.read(message) as unknown as {
    epoch: number
    view: number
    member: number
    parentView: number
    block: Uint8Array
  }
  const { epoch, view, member, parentView } = read
  const { header } = block.read(read.block) as Struct & { header: Uint8Array }
  const place = [number(epoch, 8), number(view, 8), number(member, 2), number(parentView, 8)]
  const claim = Buffer.concat([...place, digest(network, 'header', epoch, header)])
  const over = digest(network, 'proposal', epoch, claim)
  const where = `proposal in view ${view}, epoch ${epoch}`
  return { member, place: where, what: over.toString('hex'), digest: over, signature }
}

function readVote(network: Uint8Array, bytes: Uint8Array): SignedThing {
  const { message, signature } = signedVote.read(bytes) as unknown as {
    message: Vote
    signature: Uint8Array
  }
  return makeVote(network, message, signature)
}

function makeVote(network: Uint8Array, read: Vote, signature: Uint8Array): SignedThing {
  const { epoch, view, kind, member, header } = read
  const parts = [number(epoch, 8), number(view, 8), number(kind, 1), number(member, 2), header]
  const name = DOMAINS[kind]
  if (name === undefined) throw new Error(`a vote of kind ${kind}`)
  // Finalize and nullify exclude each other; notarize goes with either.
  const group = kind === NOTARIZE ? 'notarize' : 'finalize or nullify'
  return {
    member,
    place: `${group} in view ${view}, epoch ${epoch}`,
    what: `${name} ${Buffer.from(header).toString('hex')}`,
    digest: digest(network, name, epoch, Buffer.concat(parts)),
    signature,
  }
}

function readViewCertificate(network: Uint8Array, bytes: Uint8Array): SignedThing[] {
  const { signatures, ...place } = viewCertificate.read(bytes) as unknown as Omit<
    Vote,
    'member'
  > & {
    signatures: MemberSignature[]
  }
  return signatures.map(({ member, signature }) =>
    makeVote(network, { ...place, member }, signature),
  )
}

/** A certificate file: the finalize votes in it, and which block it proves (SPEC 9.1). */
export function readCertificateFile(
  network: Uint8Array,
  bytes: Uint8Array,
): { things: SignedThing[]; height: number; headerDigest: string } {
  const file = rawFile.read(bytes) as Struct & { certificate: Uint8Array }
  const { view, header, signatures } = certificate.read(file.certificate) as unknown as {
    view: number
    header: { epoch: number; height: number }
    signatures: MemberSignature[]
  }
  const { header: own, descendants } = rawCertificate.read(file.certificate) as Struct & {
    header: Uint8Array
    descendants: Uint8Array[]
  }
  const { epoch, height } = header
  const last = digest(network, 'header', epoch, descendants.at(-1) ?? own)
  return {
    things: signatures.map(({ member, signature }) =>
      makeVote(network, { epoch, view, kind: FINALIZE, member, header: last }, signature),
    ),
    height,
    headerDigest: digest(network, 'header', epoch, own).toString('hex'),
  }
}
