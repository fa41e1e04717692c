import {
  decode,
  type EpochContext,
  getAttestationDigest,
  getReceivedAttestationClaim,
  getRoundAt,
  getRoundStartMs,
  type Observation,
  observationStatuses,
  referenceKinds,
  type Round,
  type SignedAttestation,
  signedAttestationType,
  toHex,
  type Verified,
  makeAttestationEvidence,
} from '@watchfire/attestation'
import {
  type AdmissionResult,
  accuse,
  type Books,
  type Candidate,
  checkEpochAndMember,
  checkSignature,
  getOrMake,
  ignore,
  queue,
  reject,
} from './admission.ts'

/** Reserved codes end here (SPEC 3). */
const CODE_MAX = 999

/**
 * SPEC 8.2.
 *
 * @param shard that of the topic; undefined where the message came by another way
 */
export function admitAttestation(candidate: Candidate, shard: number | undefined): AdmissionResult {
  const { books, bytes, nowMs } = candidate
  const { context } = books
  // [REJECT] strict decoding
  const decoded = decode(signedAttestationType, bytes)
  if (!decoded.ok) return reject('malformed', decoded.detail)
  const { message, signature } = decoded.value
  // [QUEUE] epoch above, [IGNORE] epoch below, [REJECT] no such member
  const misplaced = checkEpochAndMember(books, message)
  if (misplaced !== undefined) return misplaced
  // [REJECT] the topic's shard, and one that exists
  if (message.shard >= context.parameters.shards) return reject('wrong-shard')
  if (shard !== undefined && shard !== message.shard) return reject('wrong-shard')
  // [REJECT] observations in order
  const problem = findProblem(context, message.shard, message.observations)
  if (problem !== undefined) return reject('bad-observations', problem)
  // [QUEUE] early, [IGNORE] late, unless a block names it
  const claim = { message: getReceivedAttestationClaim(message, bytes), signature }
  const digest = getAttestationDigest(context.networkId, claim.message)
  const hex = toHex(digest)
  const isWanted = books.window.wanted.has(hex)
  const untimely = isWanted ? undefined : checkRound(candidate, message.round)
  if (untimely !== undefined) return untimely
  // [IGNORE] seen, or a further version of an accused member
  const places = books.attestations.get(message.round)
  const place = message.shard * context.committee.members.length + message.member
  const seen = places?.get(place)
  if (seen?.hex === hex && !isWanted) return ignore('seen')
  const isSecond = seen !== undefined && seen.hex !== hex
  const isAccused = books.accused.has(message.member)
  if (isSecond && isAccused && !isWanted) return ignore('already-accused')
  // [REJECT] signature; of a second version too, which then is evidence
  const unsigned = checkSignature(candidate, message.member, signature, digest)
  if (unsigned !== undefined) return unsigned
  const input = {
    kind: 'attestation',
    message: decoded.value as Verified<SignedAttestation>,
    digest,
  } as const
  if (isSecond) {
    if (isAccused) return { action: 'accept', input, digest }
    const evidence = makeAttestationEvidence(context.networkId, seen.claim, claim)
    const refused = accuse(books, message.member, evidence)
    return isWanted ? { action: 'accept', input, digest, evidence } : refused
  }
  // Mark seen, last. What is outside the window is not remembered: nothing would forget it.
  if (checkRound(candidate, message.round) === undefined) {
    forgetRounds(books, getRoundAt(context.parameters, nowMs) ?? context.parameters.originRound)
    getOrMake(books.attestations, message.round, () => new Map()).set(place, { hex, claim })
  }
  return { action: 'accept', input, digest }
}

/** The window of SPEC 8.2. A round so far ahead that no clock explains it is not kept either. */
function checkRound({ books, nowMs }: Candidate, round: Round): AdmissionResult | undefined {
  const { parameters } = books.context
  const now = getRoundAt(parameters, nowMs)
  const origin = parameters.originRound
  if (round > (now ?? origin) + parameters.roundsBehindMax) return ignore('far-future')
  if (now === undefined || round > now) return queue('early', getRoundStartMs(parameters, round))
  if (round < now - parameters.roundsBehindMax) return ignore('too-old')
  return undefined
}

function forgetRounds(books: Books, now: number): void {
  const floor = now - books.context.parameters.roundsBehindMax
  for (const round of books.attestations.keys()) {
    if (round < floor) books.attestations.delete(round)
  }
}

/** @returns what is wrong with observations (SPEC 3, 8.2), or undefined */
export function findProblem(
  context: EpochContext,
  shard: number,
  observations: readonly Observation[],
): string | undefined {
  let previous = -1
  for (const observation of observations) {
    const target = context.parameters.targets[observation.target]
    if (target === undefined) return `no target has index ${observation.target}`
    if (observation.target <= previous) return 'targets ascend'
    previous = observation.target
    if (target.shard !== shard) return `target ${observation.target} is of another shard`
    const problem =
      findStatusProblem(observation) ??
      findOrderProblem('signal', observation.signals, target.signals.length) ??
      findOrderProblem('identity', observation.identities, target.identities.length)
    if (problem !== undefined) return `target ${observation.target}: ${problem}`
  }
  return undefined
}

function findStatusProblem(observation: Observation): string | undefined {
  const { status, code, referenceKind, reference, signals, identities } = observation
  switch (status) {
    case observationStatuses.reached:
      if (code !== 0) return 'a target that was reached has no code'
      break
    case observationStatuses.failed:
    case observationStatuses.abstained:
      if (code < 1 || code > CODE_MAX) return `no code ${code}`
      if (signals.length > 0 || identities.length > 0) return 'values without having reached it'
      break
    default:
      return `no status ${status}`
  }
  if (referenceKind > referenceKinds.time) return `no kind of reference ${referenceKind}`
  if (referenceKind === referenceKinds.none && reference !== 0) return 'a reference of no kind'
  return undefined
}

function findOrderProblem(
  what: string,
  values: readonly { readonly index: number }[],
  count: number,
): string | undefined {
  let previous = -1
  for (const { index } of values) {
    if (index >= count) return `no ${what} has index ${index}`
    if (index <= previous) return `each ${what} once, ascending`
    previous = index
  }
  return undefined
}
