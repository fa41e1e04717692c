import assert from 'node:assert/strict'
import type { Type } from '@chainsafe/ssz'
import {
  attestationClaimType,
  bodyType,
  checkHandoverCommittee,
  checkHandoverParameters,
  committeeType,
  type Digest,
  decode,
  decodeParams,
  encode,
  encodeParams,
  evidenceType,
  fromHex,
  fromText,
  getAttestationClaim,
  getAttestationDigest,
  getBodyHash,
  getCodeName,
  getCommitteeHash,
  getFaulty,
  getHeaderDigest,
  getNetworkId,
  getParametersHash,
  getProposalClaim,
  getProposalDigest,
  getQuorum,
  getRoundAt,
  getRoundStartMs,
  getStateRoot,
  groupStateType,
  getStatusDigest,
  getValidUntilMs,
  getVoteDigest,
  headerType,
  isAdmissibleKey,
  makeGenesisContext,
  makeGroupProof,
  makeProof,
  manifestType,
  type Parameters,
  parametersType,
  parseManifest,
  proposalClaimType,
  type Round,
  signDigest,
  signedAttestationType,
  signedProposalType,
  signedStatusType,
  signedVoteType,
  stateType,
  type TargetIndex,
  type TargetState,
  targetStateType,
  toHex,
  type UnixMs,
  verdicts,
  verifyCertificateFile,
  verifyEvidenceFile,
  verifyGroupProof,
  verifyProof,
  verifySignature,
  verifyViewCertificate,
  viewCertificateType,
  checkEvidence,
  toSignatureCheck,
} from '@watchfire/attestation'
import { type CommittedVectors, readVectors, readVectorText } from './committed-vectors.ts'
import { wireTypes } from './malformed-vectors.ts'
import { describeReadings, readingContext } from './reading-cases.ts'
import { formatVectors, vectorFiles } from './vector-files.ts'

/** For what computes for a second alone, and for much longer where all cores are taken. */
const SLOW_MS = 60_000

/** The value that committed bytes must decode to. */
function read<T>(type: Type<T>, ssz: string): T {
  const decoded = decode(type, fromHex(ssz))
  if (!decoded.ok) assert.fail(decoded.detail)
  return decoded.value
}

function readManifest(value: unknown) {
  const parsed = parseManifest(value)
  if (!parsed.ok) assert.fail(JSON.stringify(parsed.problems))
  return parsed.manifest
}

describe('test vectors', () => {
  for (const { name, make } of vectorFiles) {
    it(`${name}.json is what npm run vectors writes`, () => {
      assert.ok(formatVectors(make()) === readVectorText(name), 'run: npm run vectors')
    })
  }

  it('of arithmetic: quorums and rounds are these', () => {
    const { quorums, rounds } = readVectors('arithmetic')
    for (const { weightTotal, quorum, faulty } of quorums) {
      assert.deepEqual([getQuorum(weightTotal), getFaulty(weightTotal)], [quorum, faulty])
    }
    const parameters = rounds.parameters as unknown as Parameters
    for (const { nowMs, round, startMs, validUntilMs } of rounds.cases) {
      assert.equal(getRoundAt(parameters, nowMs as UnixMs), round)
      assert.equal(getRoundStartMs(parameters, round as Round), startMs)
      assert.equal(getValidUntilMs(parameters, round as Round), validUntilMs)
    }
    for (const nowMs of rounds.noRoundAt) {
      assert.equal(getRoundAt(parameters, nowMs as UnixMs), undefined)
    }
  })

  it('of manifests: each is admitted, encodes to these bytes and has this id', () => {
    for (const vector of readVectors('manifests').accepted) {
      const parsed = parseManifest(vector.value)
      assert.ok(parsed.ok, vector.name)
      const { manifest } = parsed
      assert.equal(toHex(encode(manifestType, manifest)), vector.ssz, vector.name)
      assert.deepEqual(read(manifestType, vector.ssz), manifest)
      assert.equal(toHex(getNetworkId(manifest)), vector.networkId)
      assert.equal(toHex(encode(committeeType, manifest.committee)), vector.committee.ssz)
      assert.equal(toHex(getCommitteeHash(manifest.committee)), vector.committee.hash)
      assert.equal(toHex(encode(parametersType, manifest.parameters)), vector.parameters.ssz)
      assert.equal(toHex(getParametersHash(manifest.parameters)), vector.parameters.hash)
      assert.deepEqual(
        parsed.warnings.map(({ code }) => code),
        vector.warnings,
      )
    }
  })

  it('of manifests: each of the others is refused for the field and reason it names', () => {
    for (const { name, value, code, path } of readVectors('manifests').rejected) {
      const parsed = parseManifest(value)
      assert.ok(!parsed.ok, name)
      assert.deepEqual(
        { code: parsed.problems[0]?.code, path: parsed.problems[0]?.path },
        { code, path },
        name,
      )
    }
  })

  it('of hand-overs: these committees and parameters may be installed, and no others', () => {
    for (const { name, type, ssz, admitted } of readVectors('handovers')) {
      const problems =
        type === 'Committee'
          ? checkHandoverCommittee(read(committeeType, ssz))
          : checkHandoverParameters(read(parametersType, ssz))
      assert.equal(problems.length === 0, admitted, name)
    }
  })

  it('of params: each has these bytes, and none of the other bytes are params', () => {
    const { accepted, rejected } = readVectors('params')
    for (const { name, value, bytes } of accepted) {
      assert.equal(toHex(encodeParams(value)), bytes, name)
      assert.deepEqual(decodeParams(fromHex(bytes)), value, name)
    }
    for (const { name, bytes } of rejected)
      assert.equal(decodeParams(fromHex(bytes)), undefined, name)
  })

  it('of signatures and keys: each has this verdict', function () {
    this.timeout(SLOW_MS)
    const { signatures, keys } = readVectors('signatures')
    for (const { name, signature, message, publicKey, valid } of signatures) {
      const verdict = verifySignature(fromHex(signature), fromHex(message), fromHex(publicKey))
      assert.equal(verdict, valid, name)
    }
    for (const { name, publicKey, admissible } of keys) {
      assert.equal(isAdmissibleKey(fromHex(publicKey)), admissible, name)
    }
  })

  it('of malformed bytes: strict decoding accepts these and no others', () => {
    for (const { name, type, bytes, valid } of readVectors('malformed')) {
      const decoded = decode(wireTypes[type] as unknown as Type<unknown>, fromHex(bytes))
      assert.equal(decoded.ok, valid, name)
      if (decoded.ok) {
        const again = encode(wireTypes[type] as unknown as Type<unknown>, decoded.value)
        assert.equal(toHex(again), bytes, name)
      }
    }
  })

  it('of states: each has this root, and a proof of each of its targets and groups', () => {
    const { states, rejectedProofs } = readVectors('states')
    for (const { name, ssz, root, proofs = [], groupProofs = [], targetIds = [] } of states) {
      const state = read(stateType, ssz)
      assert.equal(toHex(getStateRoot(state)), root, name)
      for (const { index, target, branch } of proofs) {
        assert.deepEqual(makeProof(state, index as TargetIndex).map(toHex), branch, name)
        const isProven = verifyTarget(root, targetIds, read(targetStateType, target), branch)
        assert.equal(isProven, true, name)
      }
      for (const { index, group, branch } of groupProofs) {
        assert.deepEqual(makeGroupProof(state, index).map(toHex), branch, name)
        const targets = state.groups.map(({ id }) => ({ group: id }))
        const leaf = read(groupStateType, group)
        const own = { targets } as unknown as Parameters
        const hashes = branch.map(fromHex)
        assert.ok(verifyGroupProof(fromHex(root) as Digest, own, leaf, hashes), name)
      }
    }
    for (const { name, root, targetIds, target, branch } of rejectedProofs) {
      const isProven = verifyTarget(root, targetIds, read(targetStateType, target), branch)
      assert.equal(isProven, false, name)
    }
  })

  describe('of messages', () => {
    const vectors: CommittedVectors['messages'] = readVectors('messages')
    const context = makeGenesisContext(readManifest(vectors.network.manifest))
    const { networkId } = context

    it('name a network, and headers and bodies by their hashes', () => {
      assert.equal(toHex(networkId), vectors.network.networkId)
      assert.deepEqual(
        context.committee.members.map(({ publicKey }) => toHex(publicKey)),
        vectors.network.members.map(({ publicKey }) => publicKey),
      )
      for (const { ssz, digest } of vectors.blocks.headers) {
        assert.equal(toHex(getHeaderDigest(networkId, read(headerType, ssz))), digest)
      }
      for (const { ssz, hash } of vectors.blocks.bodies) {
        assert.equal(toHex(getBodyHash(read(bodyType, ssz))), hash)
      }
    })

    it('have these claims, digests and signatures', () => {
      for (const vector of vectors.messages) {
        const { name, member, digest, signature, valid } = vector
        const found = getSigned(vector)
        assert.equal(toHex(found.digest), digest, name)
        assert.equal(toHex(found.signature), signature, name)
        assert.equal(found.member, member, name)
        assert.equal(found.claim, vector.claim, name)
        const keys = vectors.network.members[member]
        assert.ok(keys !== undefined)
        const verdict = verifySignature(found.signature, found.digest, fromHex(keys.publicKey))
        assert.equal(verdict, valid, name)
        if (valid && !name.includes('torsion')) {
          assert.equal(toHex(signDigest(found.digest, fromHex(keys.secretKey))), signature, name)
        }
      }
    })

    function getSigned({ type, ssz }: (typeof vectors.messages)[number]): {
      digest: Digest
      signature: Uint8Array
      member: number
      claim: string | undefined
    } {
      switch (type) {
        case 'SignedAttestation': {
          const { message, signature } = read(signedAttestationType, ssz)
          const claim = toHex(encode(attestationClaimType, getAttestationClaim(message)))
          const digest = getAttestationDigest(networkId, message)
          return { digest, signature, member: message.member, claim }
        }
        case 'SignedProposal': {
          const { message, signature } = read(signedProposalType, ssz)
          const claim = getProposalClaim(networkId, message)
          const digest = getProposalDigest(networkId, claim)
          return {
            digest,
            signature,
            member: message.member,
            claim: toHex(encode(proposalClaimType, claim)),
          }
        }
        case 'SignedVote': {
          const { message, signature } = read(signedVoteType, ssz)
          const digest = getVoteDigest(networkId, message)
          return { digest, signature, member: message.member, claim: undefined }
        }
        default: {
          const { message, signature } = read(signedStatusType, ssz)
          const digest = getStatusDigest(networkId, message)
          return { digest, signature, member: message.member, claim: undefined }
        }
      }
    }

    it('prove of evidence what it says, or nothing', () => {
      for (const { name, ssz, valid } of vectors.evidence) {
        const evidence = read(evidenceType, ssz)
        const checked = checkEvidence(context, evidence, toSignatureCheck(verifySignature))
        assert.equal(checked.ok, valid, name)
      }
    })

    it('give view certificates these verdicts', () => {
      for (const { name, ssz, result } of vectors.viewCertificates) {
        const certificate = read(viewCertificateType, ssz)
        const checked = verifyViewCertificate(context, certificate, verifySignature)
        assert.equal(checked.ok ? 'valid' : checked.code, result, name)
      }
    })
  })

  it('of certificate files: each proves what it says, or is refused with its code', function () {
    this.timeout(SLOW_MS)
    const { manifests, files } = readVectors('certificates')
    const codes = new Set<string>()
    for (const { name, manifest, file, result, proves } of files) {
      const { value, networkId } = manifests[manifest]
      const context = makeGenesisContext(readManifest(value))
      assert.equal(toHex(context.networkId), networkId)
      const checked = verifyCertificateFile(fromHex(file), context, verifySignature)
      assert.equal(checked.ok ? 'valid' : checked.code, result, name)
      codes.add(result)
      if (!checked.ok) continue
      const { header, headerDigest, signers, state } = checked.value
      const { epoch, height, round } = header
      const shown = state.targets.map(({ id, verdict }): [string, string] => [
        Buffer.from(id).toString('latin1'),
        getCodeName(verdicts, verdict),
      ])
      assert.deepEqual(
        {
          epoch,
          height,
          round,
          headerDigest: toHex(headerDigest),
          signers,
          verdicts: Object.fromEntries(shown),
        },
        proves,
        name,
      )
    }
    // Every code of SPEC 9.2 is shown at least once.
    assert.deepEqual([...codes].toSorted(), [
      'bad-handover',
      'bad-round',
      'bad-signature',
      'broken-chain',
      'insufficient-weight',
      'malformed',
      'unknown-epoch',
      'unknown-member',
      'unordered-signatures',
      'valid',
      'wrong-committee',
      'wrong-network',
      'wrong-state',
    ])
  })

  it('of readings: states decode to what is read from them', () => {
    const { cases, parameters } = readVectors('readings')
    assert.deepEqual(read(parametersType, parameters), readingContext.parameters)
    for (const { name, state, readings } of cases) {
      assert.deepEqual(describeReadings(read(stateType, state)), readings, name)
    }
  })

  it('of evidence files: each proves what it says, or is refused with its code', function () {
    this.timeout(SLOW_MS)
    const { manifests, files } = readVectors('evidence')
    const codes = new Set<string>()
    for (const { name, manifest, file, result, proves } of files) {
      const { value, networkId } = manifests[manifest]
      const context = makeGenesisContext(readManifest(value))
      assert.equal(toHex(context.networkId), networkId)
      const checked = verifyEvidenceFile(fromHex(file), context, verifySignature)
      assert.equal(checked.ok ? 'valid' : checked.code, result, name)
      codes.add(result)
      if (!checked.ok) continue
      const { offender, place, signed, digest } = checked.value
      const shown = { offender, ...place, signed: signed.map(toHex), digest: toHex(digest) }
      assert.deepEqual(shown, proves, name)
    }
    // Every code of SPEC 9.6 is shown at least once.
    assert.deepEqual([...codes].toSorted(), [
      'bad-handover',
      'bad-signature',
      'bad-vote',
      'different-places',
      'malformed',
      'no-conflict',
      'unknown-epoch',
      'unknown-member',
      'unordered-pair',
      'valid',
      'wrong-epoch',
      'wrong-network',
    ])
  })
})

/** A proof under parameters of which these vectors name only the targets' ids. */
function verifyTarget(
  root: string,
  targetIds: readonly string[],
  target: TargetState,
  branch: readonly string[],
): boolean {
  const targets = targetIds.map((id) => ({ id: fromText(id) }))
  const parameters = { targets } as unknown as Parameters
  return verifyProof(fromHex(root) as Digest, parameters, target, branch.map(fromHex))
}
