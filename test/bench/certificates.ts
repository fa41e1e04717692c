import { hash } from 'node:crypto'
import {
  type Certificate,
  certificateType,
  type Digest,
  decode,
  encode,
  fromText,
  getBodyHash,
  getHeaderDigest,
  getStateRoot,
  getVoteDigest,
  type Header,
  type Height,
  type MemberIndex,
  makeCertificateFile,
  makeVerify,
  type Round,
  sha256,
  type SignedAttestation,
  signedAttestationType,
  type State,
  verifyCertificate,
  verifyCertificateFile,
  type View,
  voteKinds,
} from '@watchfire/attestation'
import { computeState, getGenesisState } from '@watchfire/consensus'
import { makeFastVerify } from '../../packages/node/src/loop/fast-verify.ts'
import { attest, type BenchNetwork, foundBenchNetwork, getKey } from './bench-network.ts'
import { type Benchmark, type Measurement, makeMeasurement } from './measurement.ts'
import { compare, type PairedOptions } from './paired.ts'

const TARGETS = 10
const COMMITTEES = [4, 31] as const
/** Operations of a batch, in signatures, so that batches take about as long for every committee. */
const SIGNATURES_A_BATCH = 400
/** Encodings and hashes of a batch: each takes microseconds. */
const CODINGS_A_BATCH = 4000
/** Different certificates; batches go through them in turn. */
const CERTIFICATES = 32

/** A certificate in every form, and what a bare verification of its signatures needs. */
interface Certified {
  readonly certificate: Certificate
  readonly bytes: Uint8Array
  readonly file: Uint8Array
  readonly votes: readonly {
    readonly digest: Digest
    readonly signature: Uint8Array
    readonly publicKey: Uint8Array
  }[]
}

const getNames = (members: number) => ({
  file: `certificate-file-verification-${members}`,
  catchUp: `catch-up-${members}`,
  decoding: `certificate-decoding-${members}`,
  encoding: `certificate-encoding-${members}`,
})

/**
 * What a reader pays for a certificate beyond its signatures: a whole file with its state (SPEC 9.2),
 * and, for a node that catches up, certificates alone (SPEC 11). Every member has signed.
 */
export const certificatesBenchmark: Benchmark = {
  names: COMMITTEES.flatMap((members) => Object.values(getNames(members))),
  run: (say) =>
    COMMITTEES.flatMap((members) => {
      say(`certificates of ${members} signers`)
      return measureCertificates(members)
    }),
}

/** @param members all of whom sign */
export function measureCertificates(
  members: number,
  options: PairedOptions = {},
): readonly Measurement[] {
  const network = foundBenchNetwork(members, TARGETS)
  const { context } = network
  const certified = Array.from({ length: CERTIFICATES }, (_, index) => certify(network, index + 1))
  const verifications = Math.ceil(SIGNATURES_A_BATCH / members)
  const fast = makeFastVerify()
  const verify = makeVerify(fast)
  const repeat = (run: (each: Certified) => boolean, operations = verifications) => ({
    operations,
    run(batch: number) {
      for (let i = 0; i < operations; i++) {
        const each = certified[(batch * operations + i) % CERTIFICATES]
        if (each === undefined || !run(each)) throw new Error('a certificate does not hold')
      }
    },
  })
  const bare = repeat(({ votes }) =>
    votes.every(({ signature, digest, publicKey }) => fast(signature, digest, publicKey)),
  )
  const hashing = repeat(
    ({ bytes }) => hash('sha256', bytes, 'buffer').length === 32,
    CODINGS_A_BATCH,
  )
  const names = getNames(members)
  const of = `of ${members} signers per second of one core`

  return [
    makeMeasurement({
      name: names.file,
      unit: `certificate files with ${TARGETS} targets ${of}`,
      against: 'bare verification of as many signatures by the same verifier',
      aim: { atLeast: 0.5 },
      ...compare(
        repeat(({ file }) => verifyCertificateFile(file, context, verify).ok),
        bare,
        options,
      ),
    }),
    makeMeasurement({
      name: names.catchUp,
      unit: `certificates decoded and verified ${of}`,
      against: 'bare verification of as many signatures by the same verifier',
      aim: { atLeast: 0.5 },
      ...compare(
        repeat(({ bytes }) => {
          const decoded = decode(certificateType, bytes)
          return decoded.ok && verifyCertificate(context, decoded.value, verify).ok
        }),
        bare,
        options,
      ),
    }),
    makeMeasurement({
      name: names.decoding,
      unit: `certificates decoded ${of}`,
      against: 'SHA-256 of their bytes by node:crypto',
      ...compare(
        repeat(({ bytes }) => decode(certificateType, bytes).ok, CODINGS_A_BATCH),
        hashing,
        options,
      ),
    }),
    makeMeasurement({
      name: names.encoding,
      unit: `certificates encoded ${of}`,
      against: 'SHA-256 of their bytes by node:crypto',
      ...compare(
        repeat(
          ({ certificate }) => encode(certificateType, certificate).length > 0,
          CODINGS_A_BATCH,
        ),
        hashing,
        options,
      ),
    }),
  ]
}

/** The bytes of a certificate file of the network, signed by all. */
export function makeOneCertificate(network: BenchNetwork): Uint8Array {
  return certify(network, 1).file
}

/** The certificate of one round in which everyone saw every target, aggregated as a node does it. */
function certify(network: BenchNetwork, round: number): Certified {
  const { context, keys } = network
  const header: Header = {
    epoch: context.epoch,
    height: 1 as Height,
    round: round as Round,
    parentRound: 0 as Round,
    parent: sha256(fromText('parent')) as Digest,
    committee: context.committeeHash,
    parameters: context.parametersHash,
    body: getBodyHash({ attestations: [], evidence: [] }),
    stateRoot: sha256(fromText('none yet')) as Digest,
    next: [],
  }
  const attestations = keys.map((_, member) => {
    const decoded = decode(signedAttestationType, attest(network, round, member).bytes)
    if (!decoded.ok) throw new Error(decoded.detail)
    return decoded.value satisfies SignedAttestation
  })
  const state: State = computeState(getGenesisState(context), context, header, [], attestations)
  const final = { ...header, stateRoot: getStateRoot(state) }
  const view = (round + 1) as View
  const headerDigest = getHeaderDigest(context.networkId, final)
  const votes = keys.map((_, index) => {
    const member = index as MemberIndex
    const kind = voteKinds.finalize
    const vote = { epoch: context.epoch, view, kind, member, header: headerDigest }
    const key = getKey(keys, member)
    const digest = getVoteDigest(context.networkId, vote)
    return { member, digest, publicKey: key.publicKey, signature: key.sign(digest) }
  })
  const certificate: Certificate = {
    view,
    header: final,
    descendants: [],
    signatures: votes.map(({ member, signature }) => ({ member, signature })),
  }
  return {
    certificate,
    bytes: encode(certificateType, certificate),
    file: makeCertificateFile(context.networkId, certificate, state, []),
    votes,
  }
}
