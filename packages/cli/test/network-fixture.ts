import {
  type Certificate,
  type Digest,
  type Epoch,
  type Exclusion,
  fromText,
  getCommitteeHash,
  getHeaderDigest,
  getNetworkId,
  getParametersHash,
  getPublicKey,
  getStateRoot,
  getVoteDigest,
  type Header,
  type Height,
  getEvidenceDigest,
  getSignedDigests,
  makeCertificateFile,
  makeEvidenceFile,
  makeVoteEvidence,
  type SignedVote,
  type Manifest,
  type MemberIndex,
  parseManifest,
  type Round,
  signDigest,
  type State,
  toHex,
  verdicts,
  type View,
  voteKinds,
} from '@watchfire/attestation'

/** Seeds of four monitors, for tests alone. */
export const seeds = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))

/** A manifest in its file's form: four monitors, one TCP target. */
export function makeManifestValue(): Record<string, unknown> {
  return {
    format: 1,
    protocol: 1,
    name: 'sample',
    committee: seeds.map((seed, at) => ({
      id: `m${at + 1}`,
      publicKey: toHex(getPublicKey(seed)),
      weight: 1,
    })),
    parameters: {
      originMs: 1_763_683_200_000,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      targets: [
        {
          id: 'tcp',
          kind: 'tcp',
          timeoutMs: 800,
          params: { host: '127.0.0.1', port: 9 },
          signals: [{ name: 'latency', unit: 'us', scale: 0, aggregate: 'median' }],
          policy: {
            reachedMin: 667,
            failedMin: 667,
            fallRounds: 2,
            riseRounds: 2,
            thresholds: [{ signal: 'latency', above: 600_000, severity: 'degraded' }],
          },
        },
      ],
    },
  }
}

export function makeManifest(): Manifest {
  const parsed = parseManifest(makeManifestValue())
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.manifest
}

/** A state at height 1 in which the one target is up, seen by three of four. */
export function makeState(round: number, excluded: Exclusion[] = []): State {
  return {
    meta: {
      epoch: 0 as Epoch,
      height: 1 as Height,
      round: round as Round,
      excluded,
      handover: [],
    },
    targets: [
      {
        id: fromText('tcp'),
        verdict: verdicts.up,
        settled: verdicts.up,
        since: round as Round,
        streak: 0,
        streakCount: 0,
        crossed: 0,
        astray: 0,
        reasonKind: 0,
        reasonCode: 0,
        reached: 3,
        failed: 0,
        abstained: 0,
        absent: 1,
        outcome: 0,
        referenceKind: 0,
        reference: 0,
        signals: [{ index: 0, weight: 3, value: 1234n }],
        identities: [],
        vantages: [{ region: new Uint8Array(0), reached: 3, failed: 0, abstained: 0 }],
        blocks: [],
      },
    ],
    groups: [],
  }
}

/** A certificate of a state, signed by the members at these indexes. */
export function certify(manifest: Manifest, state: State, members: readonly number[]): Certificate {
  const networkId = getNetworkId(manifest)
  const header: Header = {
    epoch: 0 as Epoch,
    height: state.meta.height,
    round: state.meta.round,
    parentRound: 0 as Round,
    parent: new Uint8Array(32).fill(9) as Digest,
    committee: getCommitteeHash(manifest.committee),
    parameters: getParametersHash(manifest.parameters),
    body: new Uint8Array(32).fill(8) as Digest,
    stateRoot: getStateRoot(state),
    next: [],
  }
  const view = 3 as View
  const signatures = members.map((index) => {
    const member = index as MemberIndex
    const vote = {
      epoch: header.epoch,
      view,
      kind: voteKinds.finalize,
      member,
      header: getHeaderDigest(networkId, header),
    }
    const seed = seeds[index]
    if (seed === undefined) throw new Error(`no member has index ${index}`)
    return { member, signature: signDigest(getVoteDigest(networkId, vote), seed) }
  })
  return { view, header, descendants: [], signatures }
}

/** A certificate file of that state, signed by the members at these indexes. */
export function makeFile(
  manifest: Manifest,
  members: readonly number[],
  round = 7,
  excluded: Exclusion[] = [],
): Uint8Array {
  const state = makeState(round, excluded)
  const certificate = certify(manifest, state, members)
  return makeCertificateFile(getNetworkId(manifest), certificate, state, [])
}

/** Evidence that the member at this index voted notarize for two headers in view 4. */
export function makeEvidence(manifest: Manifest, member: number) {
  const networkId = getNetworkId(manifest)
  const vote = (header: number): SignedVote => {
    const message = {
      epoch: 0 as Epoch,
      view: 4 as View,
      kind: voteKinds.notarize,
      member: member as MemberIndex,
      header: new Uint8Array(32).fill(header) as Digest,
    }
    const seed = seeds[member]
    if (seed === undefined) throw new Error(`no member has index ${member}`)
    return { message, signature: signDigest(getVoteDigest(networkId, message), seed) }
  }
  const evidence = makeVoteEvidence(networkId, vote(1), vote(2))
  return {
    evidence,
    file: makeEvidenceFile(networkId, evidence, []),
    digest: toHex(getEvidenceDigest(evidence)),
    signed: getSignedDigests(networkId, evidence).map((each) => toHex(each)),
  }
}
