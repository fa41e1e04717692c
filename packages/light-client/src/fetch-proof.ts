import {
  areEqual,
  certificateType,
  decode,
  type Digest,
  type EpochContext,
  fail,
  fromHex,
  fromText,
  getCodeName,
  getValidUntilMs,
  type GroupState,
  groupStateType,
  type Header,
  type Height,
  listGroupIds,
  makeGenesisContext,
  type Manifest,
  type MonitorId,
  type Result,
  type Round,
  type StandingName,
  standings,
  type TargetId,
  type TargetState,
  targetStateType,
  type UnixMs,
  type VerdictName,
  verdicts,
  verifyCertificate,
  verifyGroupProof,
  verifyProof,
  verifySignature,
} from '@watchfire/attestation'
import { systemClock } from './clock.ts'
import type { FeedFaultCode } from './codes.ts'
import { fromBase64, getField } from './feed-events.ts'
import type { FetchOptions } from './fetch-latest.ts'
import { getBytes, trimUrl } from './http.ts'

/** What is proven to lie under a certified state root (SPEC 7.10). */
export interface Proven {
  readonly header: Header
  readonly height: Height
  readonly round: Round
  readonly signers: readonly MonitorId[]
  readonly validUntilMs: UnixMs
  /** Past its time by the reader's clock. */
  readonly stale: boolean
  readonly url: string
}

/** One target's agreed state, proven. */
export interface ProvenTarget extends Proven {
  readonly target: TargetState
  readonly verdict: VerdictName | 'none'
}

/** One group's agreed state, proven: how a chain is. */
export interface ProvenGroup extends Proven {
  readonly group: GroupState
  readonly standing: StandingName
}

/** How a proof is asked for. */
export interface FetchProofOptions extends Omit<FetchOptions, 'checkpoint'> {
  /** Height to prove it at; default: the newest. */
  readonly height?: Height | undefined
  /** Refuses proofs below this height, such as that of a state seen before. */
  readonly heightMin?: Height | undefined
}

/**
 * Asks servers in turn for one target with its inclusion proof, and checks both the certificate and
 * the proof: far fewer bytes than the whole state, as certain.
 *
 * @param urls one or more servers
 * @param trusted the manifest; or the context of the certificate's epoch, as a verified state has
 *   it, where that is not the manifest's
 * @returns the proven target; else why the last server asked gave none
 */
export async function fetchProof(
  urls: string | readonly string[],
  trusted: Manifest | EpochContext,
  target: TargetId,
  options: FetchProofOptions = {},
): Promise<Result<ProvenTarget, FeedFaultCode>> {
  const context = getContext(trusted)
  if (!context.targetIds.includes(target)) return fail('unknown-target', target)
  const proven = await fetchLeaf(urls, context, options, {
    path: encodeURIComponent(target),
    type: targetStateType,
    refute: (leaf, root, branch) => {
      if (!areEqual(leaf.id, fromText(target))) return 'of another target'
      const isProven = verifyProof(root, context.parameters, leaf, branch)
      return isProven ? undefined : 'the target is not under the state root'
    },
  })
  if (!proven.ok) return proven
  const { leaf, ...rest } = proven.value
  const verdict = leaf.verdict === 0 ? 'none' : (getCodeName(verdicts, leaf.verdict) as VerdictName)
  return { ok: true, value: { ...rest, target: leaf, verdict } }
}

/**
 * The same of a group: how a chain is, by one certificate and one leaf.
 *
 * @param group its id in the manifest
 */
export async function fetchGroupProof(
  urls: string | readonly string[],
  trusted: Manifest | EpochContext,
  group: string,
  options: FetchProofOptions = {},
): Promise<Result<ProvenGroup, FeedFaultCode>> {
  const context = getContext(trusted)
  if (!listGroupIds(context.parameters).includes(group)) return fail('unknown-group', group)
  const proven = await fetchLeaf(urls, context, options, {
    path: `groups/${encodeURIComponent(group)}`,
    type: groupStateType,
    refute: (leaf, root, branch) => {
      if (!areEqual(leaf.id, fromText(group))) return 'of another group'
      const isProven = verifyGroupProof(root, context.parameters, leaf, branch)
      return isProven ? undefined : 'the group is not under the state root'
    },
  })
  if (!proven.ok) return proven
  const { leaf, ...rest } = proven.value
  const standing = getCodeName(standings, leaf.standing) as StandingName
  return { ok: true, value: { ...rest, group: leaf, standing } }
}

const getContext = (trusted: Manifest | EpochContext): EpochContext =>
  'networkId' in trusted ? trusted : makeGenesisContext(trusted)

/** A kind of leaf of the state's tree. */
interface Leaf<T> {
  readonly path: string
  readonly type: Parameters<typeof decode<T>>[0]
  /** Why it is not proven to be what was asked for; undefined if it is. */
  refute(leaf: T, root: Digest, branch: readonly Uint8Array[]): string | undefined
}

type FetchedLeaf<T> = Result<Proven & { readonly leaf: T }, FeedFaultCode>

async function fetchLeaf<T>(
  urls: string | readonly string[],
  context: EpochContext,
  options: FetchProofOptions,
  wanted: Leaf<T>,
): Promise<FetchedLeaf<T>> {
  let failure: FetchedLeaf<T> = fail('unreachable', 'no server was named')
  for (const url of [urls].flat().map(trimUrl)) {
    const proven = await askServer(url, context, options, wanted)
    if (proven.ok) return proven
    failure = proven
  }
  return failure
}

async function askServer<T>(
  url: string,
  context: EpochContext,
  options: FetchProofOptions,
  wanted: Leaf<T>,
): Promise<FetchedLeaf<T>> {
  const { signal, height, heightMin, clock = systemClock, verify = verifySignature } = options
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
  const query = height === undefined ? '' : `?height=${height}`
  const address = `${url}/v1/proofs/${wanted.path}${query}`
  const answer = await getBytes(fetch, address, 'application/json', signal)
  if (!answer.ok) return answer
  const parts = readParts(answer.bytes)
  if (parts === undefined) return fail('bad-answer', 'the answer is no proof')

  const certificate = decode(certificateType, parts.certificate)
  if (!certificate.ok) return certificate
  const { header } = certificate.value
  if (header.epoch !== context.epoch)
    return fail('unknown-epoch', `of epoch ${header.epoch}, while ${context.epoch} is known`)
  const verified = verifyCertificate(context, certificate.value, verify)
  if (!verified.ok) return verified
  if (height !== undefined && header.height !== height)
    return fail('bad-answer', `height ${header.height} in place of ${height}`)
  if (heightMin !== undefined && header.height < heightMin)
    return fail('went-back', `height ${header.height} after ${heightMin}`)

  const leaf = decode(wanted.type, parts.leaf)
  if (!leaf.ok) return leaf
  const fault = wanted.refute(leaf.value, header.stateRoot, parts.branch)
  if (fault !== undefined) return fail('bad-proof', fault)
  const validUntilMs = getValidUntilMs(context.parameters, header.round)
  return {
    ok: true,
    value: {
      leaf: leaf.value,
      header,
      height: header.height,
      round: header.round,
      signers: certificate.value.signatures.map(({ member }) => {
        const signer = context.memberIds[member]
        if (signer === undefined) throw new RangeError(`no member has index ${member}`)
        return signer
      }),
      validUntilMs,
      stale: clock.nowMs() > validUntilMs,
      url,
    },
  }
}

interface ProofParts {
  readonly certificate: Uint8Array
  readonly leaf: Uint8Array
  readonly branch: readonly Uint8Array[]
}

function readParts(bytes: Uint8Array): ProofParts | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // Not JSON: no proof.
    return undefined
  }
  const certificate = readBytes(getField(value, 'certificate'))
  const leaf = readBytes(getField(value, 'leaf'))
  const siblings = getField(value, 'branch')
  if (certificate === undefined || leaf === undefined || !Array.isArray(siblings)) return undefined
  const branch: Uint8Array[] = []
  for (const sibling of siblings as unknown[]) {
    if (typeof sibling !== 'string' || !/^[0-9a-f]{64}$/.test(sibling)) return undefined
    branch.push(fromHex(sibling))
  }
  return { certificate, leaf, branch }
}

const readBytes = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' ? fromBase64(value) : undefined
