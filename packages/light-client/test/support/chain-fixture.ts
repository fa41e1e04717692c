import assert from 'node:assert/strict'
import {
  certificateType,
  type Digest,
  type EpochContext,
  encode,
  type Exclusion,
  fromText,
  getHeaderDigest,
  getPublicKey,
  getStateRoot,
  getVoteDigest,
  groupStateType,
  type Header,
  type Height,
  type Manifest,
  type MemberIndex,
  makeCertificateFile,
  makeGenesisContext,
  listGroupIds,
  makeGroupProof,
  makeProof,
  parseManifest,
  type Round,
  type State,
  sha256,
  standings,
  signDigest,
  targetStateType,
  type TargetIndex,
  toHex,
  toText,
  type View,
  voteKinds,
} from '@watchfire/attestation'

export const originMs = 1_763_683_200_000
const memberIds = ['m1', 'm2', 'm3', 'm4']
const targetIds = ['chain', 'web']
const getSecret = (id: string) => sha256(fromText(`watchfire test key of ${id}`))

export function makeManifestJson(name = 'example') {
  return {
    format: 1,
    protocol: 1,
    name,
    committee: memberIds.map((id) => ({
      id,
      publicKey: toHex(getPublicKey(getSecret(id))),
      weight: 1,
    })),
    parameters: {
      originMs,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      targets: targetIds.map((id) => ({
        id,
        kind: 'http',
        group: id === 'chain' ? 'evm' : '',
        timeoutMs: 800,
        params: { url: `http://${id}.example/` },
        signals: [],
        policy: { reachedMin: 667, failedMin: 667, fallRounds: 3, riseRounds: 2, thresholds: [] },
      })),
    },
  }
}

export function makeManifest(json = makeManifestJson()): Manifest {
  const parsed = parseManifest(json)
  if (!parsed.ok) assert.fail(JSON.stringify(parsed.problems))
  return parsed.manifest
}

export interface ProofJson {
  readonly certificate: string
  readonly leaf: string
  readonly branch: string[]
}

/** A certified block with everything a server gives out about it. */
export interface Block {
  readonly height: number
  readonly round: number
  readonly header: Header
  readonly headerDigest: Digest
  readonly file: Uint8Array
  /** What `/v1/proofs` answers for a target, and for a group under `groups/`. */
  readonly proofs: ReadonlyMap<string, ProofJson>
}

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** Makes certified blocks above `parent`, one a round given; `mark` makes forks differ. */
export function makeBlocks(
  context: EpochContext,
  rounds: readonly number[],
  parent?: Block,
  mark = '',
  excluded: Exclusion[] = [],
): Block[] {
  const blocks: Block[] = []
  let before = parent
  for (const each of rounds) {
    const height = ((before?.height ?? 0) + 1) as Height
    const round = each as Round
    const { epoch } = context
    const state: State = {
      meta: { epoch, height, round, excluded, handover: [] },
      targets: context.parameters.targets.map(({ id }) => ({
        id,
        verdict: 1,
        settled: 1,
        since: 1 as Round,
        streak: 0,
        streakCount: 0,
        crossed: 0,
        astray: 0,
        reasonKind: 0,
        reasonCode: 0,
        reached: 4,
        failed: 0,
        abstained: 0,
        absent: 0,
        outcome: 0,
        referenceKind: 0,
        reference: 0,
        signals: [],
        identities: [],
        vantages: [],
        blocks: [],
      })),
      groups: listGroupIds(context.parameters).map((id) => ({
        id: fromText(id),
        standing: standings.still,
        since: 1 as Round,
        heads: [],
        paces: [],
        forks: [],
        signals: [],
      })),
    }
    const header: Header = {
      epoch,
      height,
      round,
      parentRound: (before?.round ?? 0) as Round,
      parent: before?.headerDigest ?? (new Uint8Array(32) as Digest),
      committee: context.committeeHash,
      parameters: context.parametersHash,
      body: sha256(fromText(`body ${mark}`)) as Digest,
      stateRoot: getStateRoot(state),
      next: [],
    }
    const headerDigest = getHeaderDigest(context.networkId, header)
    const view = (height + 5) as View
    const certificate = {
      view,
      header,
      descendants: [],
      signatures: memberIds.slice(0, 3).map((id, index) => {
        const member = index as MemberIndex
        const vote = { epoch, view, kind: voteKinds.finalize, member, header: headerDigest }
        const digest = getVoteDigest(context.networkId, vote)
        return { member, signature: signDigest(digest, getSecret(id)) }
      }),
    }
    const block: Block = {
      height,
      round,
      header,
      headerDigest,
      file: makeCertificateFile(context.networkId, certificate, state, []),
      proofs: new Map([
        ...state.targets.map((target, index): [string, ProofJson] => [
          toText(target.id),
          {
            certificate: toBase64(encode(certificateType, certificate)),
            leaf: toBase64(encode(targetStateType, target)),
            branch: makeProof(state, index as TargetIndex).map((sibling) => toHex(sibling)),
          },
        ]),
        ...state.groups.map((group, index): [string, ProofJson] => [
          `groups/${toText(group.id)}`,
          {
            certificate: toBase64(encode(certificateType, certificate)),
            leaf: toBase64(encode(groupStateType, group)),
            branch: makeGroupProof(state, index).map((sibling) => toHex(sibling)),
          },
        ]),
      ]),
    }
    blocks.push(block)
    before = block
  }
  return blocks
}

export const makeContext = (json = makeManifestJson()): EpochContext =>
  makeGenesisContext(makeManifest(json))

/** A copy with one bit of one byte turned. */
export function flipBit(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const index = at < 0 ? bytes.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}
