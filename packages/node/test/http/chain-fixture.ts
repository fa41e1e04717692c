import assert from 'node:assert/strict'
import {
  type Certificate,
  type EpochContext,
  encode,
  fromText,
  getAttestationDigest,
  getBodyHash,
  getHeaderDigest,
  getPublicKey,
  getRoundStartMs,
  getStateRoot,
  getVoteDigest,
  type Header,
  type Height,
  type Manifest,
  type MemberIndex,
  makeCertificateFile,
  makeGenesisContext,
  type Observation,
  observationStatuses,
  outcomes,
  parseManifest,
  type Round,
  type State,
  sha256,
  signDigest,
  signedAttestationType,
  toBits,
  toHex,
  type TargetIndex,
  type UnixMs,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { computeState, getGenesisHeader, getGenesisState } from '@watchfire/consensus'
import type { FeedAttestation, FeedRecord } from '../../src/feed-source.ts'

// A chain as a network makes it: observations signed, aggregated, certified by real keys.

export const memberIds = ['m1', 'm2', 'm3', 'm4'] as const
const originMs = 1_763_683_200_000

/** No secret at all, and the same on every machine. */
export const getSecret = (id: string): Uint8Array => sha256(fromText(`watchfire test key of ${id}`))

const policy = { reachedMin: 667, failedMin: 667, fallRounds: 2, riseRounds: 2, thresholds: [] }

export function makeManifest(name = 'example'): Manifest {
  const parsed = parseManifest({
    format: 1,
    protocol: 1,
    name,
    committee: memberIds.map((id, index) => ({
      id,
      publicKey: toHex(getPublicKey(getSecret(id))),
      weight: 1,
      region: index < 2 ? 'eu' : 'us',
    })),
    parameters: {
      originMs,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      targets: [
        {
          id: 'chain',
          kind: 'evm-rpc',
          group: 'evm',
          timeoutMs: 800,
          params: { url: 'http://127.0.0.1:8545/' },
          signals: [{ name: 'height', unit: '', scale: 0, aggregate: 'corroborated' }],
          identities: [{ name: 'block' }],
          policy,
        },
        {
          id: 'feed',
          kind: 'price-feed',
          timeoutMs: 800,
          params: { url: 'http://127.0.0.1:8545/' },
          signals: [
            { name: 'price', unit: 'USD', scale: 8, aggregate: 'median' },
            { name: 'age', unit: 's', scale: 0, aggregate: 'median' },
          ],
          policy: { ...policy, thresholds: [{ signal: 'age', above: 60, severity: 'degraded' }] },
        },
        {
          id: 'web',
          kind: 'http',
          provider: 'example',
          timeoutMs: 800,
          params: { url: 'http://127.0.0.1:8080/' },
          signals: [{ name: 'latency', unit: 'us', scale: 0, aggregate: 'median' }],
          policy,
        },
      ],
    },
  })
  if (!parsed.ok) assert.fail(JSON.stringify(parsed.problems))
  return parsed.manifest
}

/** What the members saw in one block's round; rounds that no block covers are left out. */
export interface BlockPlan {
  readonly round: number
  /** Targets that no member reached. */
  readonly down?: readonly string[]
  readonly ageS?: number
}

export interface Chain {
  readonly manifest: Manifest
  readonly context: EpochContext
  readonly records: readonly FeedRecord[]
  readonly attestations: readonly FeedAttestation[]
}

function observe(context: EpochContext, plan: BlockPlan): Observation[] {
  const reached = { status: observationStatuses.reached, code: 0 }
  const values: Record<string, Partial<Observation>> = {
    chain: {
      ...reached,
      referenceKind: 1,
      reference: 100 + plan.round,
      signals: [{ index: 0, value: BigInt(100 + plan.round) }],
      identities: [{ index: 0, value: sha256(fromText(`block ${plan.round}`)) }],
    },
    feed: {
      ...reached,
      signals: [
        { index: 0, value: toBits(199_950_000_000n) },
        { index: 1, value: BigInt(plan.ageS ?? 5) },
      ],
    },
    web: { ...reached, signals: [{ index: 0, value: 12_345n }] },
  }
  return context.targetIds.map((id, index) => ({
    target: index as TargetIndex,
    referenceKind: 0,
    reference: 0,
    signals: [],
    identities: [],
    ...(plan.down?.includes(id)
      ? { status: observationStatuses.failed, code: outcomes.timeout }
      : { status: observationStatuses.reached, code: 0, ...values[id] }),
  }))
}

/** Finalize votes by all members named, as a certificate of `header`. */
export function certify(
  context: EpochContext,
  header: Header,
  view: View,
  members: readonly number[] = [0, 1, 2, 3],
): Certificate {
  const digest = getHeaderDigest(context.networkId, header)
  const { epoch } = context
  return {
    view,
    header,
    descendants: [],
    signatures: members.map((index) => {
      const member = index as MemberIndex
      const vote = { epoch, view, kind: voteKinds.finalize, member, header: digest }
      const id = context.memberIds[index]
      assert.ok(id !== undefined)
      return {
        member,
        signature: signDigest(getVoteDigest(context.networkId, vote), getSecret(id)),
      }
    }),
  }
}

/** Makes a chain of one block a plan, everything in it signed and verifiable. */
export function makeChain(plans: readonly BlockPlan[], manifest = makeManifest()): Chain {
  const context = makeGenesisContext(manifest)
  const records: FeedRecord[] = []
  const attestations: FeedAttestation[] = []
  let parent = getGenesisHeader(context)
  let state: State = getGenesisState(context)
  for (const [index, plan] of plans.entries()) {
    const round = plan.round as Round
    const height = (index + 1) as Height
    const signed = memberIds.map((id, member): FeedAttestation => {
      const message = {
        epoch: context.epoch,
        round,
        shard: 0,
        member: member as MemberIndex,
        observations: observe(context, plan),
      }
      const digest = getAttestationDigest(context.networkId, message)
      const signature = signDigest(digest, getSecret(id))
      return {
        digest,
        receivedAtMs: (getRoundStartMs(context.parameters, round) + 900) as UnixMs,
        bytes: encode(signedAttestationType, { message, signature }),
        message,
        signature,
      }
    })
    attestations.push(...signed)
    const place = { height, round, parentRound: parent.round }
    state = computeState(state, context, place, [], signed)
    const header: Header = {
      ...place,
      epoch: context.epoch,
      parent: getHeaderDigest(context.networkId, parent),
      committee: context.committeeHash,
      parameters: context.parametersHash,
      body: getBodyHash({
        attestations: signed.map(({ digest, message }) => ({
          shard: 0,
          member: message.member,
          digest,
        })),
        evidence: [],
      }),
      stateRoot: getStateRoot(state),
      next: [],
    }
    const certificate = certify(context, header, (height + 2) as View)
    records.push({
      height,
      round,
      header,
      headerDigest: getHeaderDigest(context.networkId, header),
      certificate,
      state,
      file: makeCertificateFile(context.networkId, certificate, state, []),
    })
    parent = header
  }
  return { manifest, context, records, attestations }
}
