import type { Digest, Epoch } from './brands.ts'
import { areEqual, fromText } from './bytes.ts'
import { voteKinds } from './codes.ts'
import { encode, encodeBriefly } from './decode.ts'
import { type BegunHash, beginHash, finishHash, sha256 } from './hashing.ts'
import {
  type Attestation,
  type AttestationClaim,
  attestationClaimType,
  type Body,
  bodyType,
  type Committee,
  committeeType,
  type Header,
  headerType,
  type Manifest,
  manifestType,
  observationsType,
  type Parameters,
  parametersType,
  type Proposal,
  type ProposalClaim,
  proposalClaimType,
  type Status,
  statusType,
  type Vote,
  voteType,
} from './schema.ts'

/** The version that every digest binds (SPEC 2.2). */
export const PROTOCOL = 1

const DOMAIN_BYTES = 32

/** Each kind of message has a domain of its own, so that no signature means two things (SPEC 2). */
const domains = {
  manifest: makeDomain('manifest'),
  committee: makeDomain('committee'),
  parameters: makeDomain('parameters'),
  header: makeDomain('header'),
  body: makeDomain('body'),
  meta: makeDomain('meta'),
  target: makeDomain('target'),
  group: makeDomain('group'),
  attestation: makeDomain('attestation'),
  proposal: makeDomain('proposal'),
  notarize: makeDomain('notarize'),
  nullify: makeDomain('nullify'),
  finalize: makeDomain('finalize'),
  status: makeDomain('status'),
} as const

/** What comes after `watchfire:` in a domain (SPEC 2). */
export type DomainName = keyof typeof domains

function makeDomain(name: string): Uint8Array {
  const domain = new Uint8Array(DOMAIN_BYTES)
  domain.set(fromText(`watchfire:${name}`))
  return domain
}

/** Hash of what belongs to no network or epoch, or founds them (SPEC 2.1). */
export function getTagged(name: DomainName, bytes: Uint8Array): Digest {
  let begun = begunTags[name]
  begun ??= begunTags[name] = beginHash(domains[name])
  return finishHash(begun, bytes) as Digest
}

const begunTags: BegunDomains = {}
type BegunDomains = { [Name in DomainName]?: BegunHash }

/** What the digests of the network that was asked for last begin with. */
let lastNetwork: { readonly id: Uint8Array; readonly begun: BegunDomains } | undefined

/** A hash of domain, protocol and network, with which all digests of a kind begin. */
function beginDigest(networkId: Digest, name: DomainName): BegunHash {
  if (lastNetwork === undefined || !areEqual(lastNetwork.id, networkId)) {
    lastNetwork = { id: networkId.slice(), begun: {} }
  }
  const known = lastNetwork.begun[name]
  if (known !== undefined) return known
  const prefix = new Uint8Array(68)
  prefix.set(domains[name])
  new DataView(prefix.buffer).setUint32(32, PROTOCOL, true)
  prefix.set(networkId, 36)
  return (lastNetwork.begun[name] = beginHash(prefix))
}

/** Epoch and hash, which end every digest; hashed as soon as they are written. */
const ending = new Uint8Array(40)
const endingView = new DataView(ending.buffer)

/**
 * The 32 bytes that get signed: they bind kind, protocol, network and epoch (SPEC 2.2).
 *
 * @param bytes canonical bytes of what is signed, hashed here
 */
export function getDigest(
  networkId: Digest,
  name: DomainName,
  epoch: Epoch,
  bytes: Uint8Array,
): Digest {
  endingView.setBigUint64(0, BigInt(epoch), true)
  ending.set(sha256(bytes), 8)
  return finishHash(beginDigest(networkId, name), ending) as Digest
}

/** The network id, which is the trust root (SPEC 2.1). */
export function getNetworkId(manifest: Manifest): Digest {
  return getTagged('manifest', encode(manifestType, manifest))
}

/** The committee as headers and hand-overs name it (SPEC 2.1). */
export function getCommitteeHash(committee: Committee): Digest {
  return getTagged('committee', encode(committeeType, committee))
}

/** The parameters as headers and hand-overs name them (SPEC 2.1). */
export function getParametersHash(parameters: Parameters): Digest {
  return getTagged('parameters', encode(parametersType, parameters))
}

/** The body as its header names it (SPEC 2.1). */
export function getBodyHash(body: Body): Digest {
  return getTagged('body', encodeBriefly(bodyType, body))
}

/** What names a block: as parent, in proposals and in votes (SPEC 2.2). */
export function getHeaderDigest(networkId: Digest, header: Header): Digest {
  return getDigest(networkId, 'header', header.epoch, encodeBriefly(headerType, header))
}

/** What is signed of an attestation: a hash stands for the observations (SPEC 2.2). */
export function getAttestationClaim(attestation: Attestation): AttestationClaim {
  return makeAttestationClaim(
    attestation,
    encodeBriefly(observationsType, attestation.observations),
  )
}

/** Bytes of a SignedAttestation before its observations: an offset, the signature, the message's fixed part. */
const OBSERVATIONS_START = 4 + 64 + 24

/**
 * The claim of a received attestation without encoding it again.
 *
 * @param attestation what `bytes` decoded to
 * @param bytes the SignedAttestation as received, which strict decoding has accepted
 */
export function getReceivedAttestationClaim(
  attestation: Attestation,
  bytes: Uint8Array,
): AttestationClaim {
  return makeAttestationClaim(attestation, bytes.subarray(OBSERVATIONS_START))
}

function makeAttestationClaim(
  attestation: Attestation,
  observations: Uint8Array,
): AttestationClaim {
  return {
    epoch: attestation.epoch,
    round: attestation.round,
    shard: attestation.shard,
    member: attestation.member,
    observations: sha256(observations),
  }
}

/** @param message the attestation, or its claim where that is at hand */
export function getAttestationDigest(
  networkId: Digest,
  message: Attestation | AttestationClaim,
): Digest {
  const claim = isAttestation(message) ? getAttestationClaim(message) : message
  return getDigest(
    networkId,
    'attestation',
    claim.epoch,
    encodeBriefly(attestationClaimType, claim),
  )
}

function isAttestation(message: Attestation | AttestationClaim): message is Attestation {
  return Array.isArray(message.observations)
}

/** What is signed of a proposal: the header's digest stands for the block (SPEC 2.2). */
export function getProposalClaim(networkId: Digest, proposal: Proposal): ProposalClaim {
  return {
    epoch: proposal.epoch,
    view: proposal.view,
    member: proposal.member,
    parentView: proposal.parentView,
    header: getHeaderDigest(networkId, proposal.block.header),
  }
}

/** What a proposal’s signature is over (SPEC 2.2). */
export function getProposalDigest(networkId: Digest, claim: ProposalClaim): Digest {
  return getDigest(networkId, 'proposal', claim.epoch, encodeBriefly(proposalClaimType, claim))
}

/**
 * What a vote's signature is over. The member who votes is part of it.
 *
 * @throws RangeError for a kind outside the closed set: check it first
 */
export function getVoteDigest(networkId: Digest, vote: Vote): Digest {
  return getDigest(networkId, getVoteDomain(vote.kind), vote.epoch, encodeBriefly(voteType, vote))
}

function getVoteDomain(kind: number): DomainName {
  switch (kind) {
    case voteKinds.notarize:
      return 'notarize'
    case voteKinds.nullify:
      return 'nullify'
    case voteKinds.finalize:
      return 'finalize'
    default:
      throw new RangeError(`no vote has kind ${kind}`)
  }
}

/** What a status record’s signature is over (SPEC 2.2). */
export function getStatusDigest(networkId: Digest, status: Status): Digest {
  return getDigest(networkId, 'status', status.epoch, encodeBriefly(statusType, status))
}
