import {
  areEqual,
  type CertificateFile,
  type CertificateFileCode,
  certificateFileType,
  decode,
  encode,
  fromHex,
  getHeaderDigest,
  getStateRoot,
  getVoteDigest,
  makeGenesisContext,
  type Verify,
  verifyCertificateFile,
  verifySignature,
  voteKinds,
} from '@watchfire/attestation'
import { makeFastVerify } from '../../../packages/node/src/loop/fast-verify.ts'
import type { Prng } from '../../sim/world/prng.ts'
import { readVectors } from '../../vectors/committed-vectors.ts'
import { type NetworkName, networks } from '../../vectors/networks.ts'
import { changeWire } from '../draw-wire.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget, listCodes, type Outcome } from '../target.ts'
import { signCheaply, verifyCheaply } from './cheap-signatures.ts'

const codes = listCodes<CertificateFileCode>({
  malformed: true,
  'wrong-network': true,
  'unknown-epoch': true,
  'bad-handover': true,
  'wrong-committee': true,
  'broken-chain': true,
  'unknown-member': true,
  'unordered-signatures': true,
  'insufficient-weight': true,
  'bad-signature': true,
  'bad-round': true,
  'wrong-state': true,
})

const names = Object.keys(networks) as NetworkName[]
const contexts = names.map((name) => makeGenesisContext(networks[name]))

/** The first byte of an input says against which manifest. */
function getContextOf(input: Uint8Array) {
  const found = contexts[(input[0] ?? 0) % contexts.length]
  if (found === undefined) throw new RangeError('there is no such network')
  return found
}

const files = readVectors('certificates')
  .files.map(({ manifest, file }) => ({ index: names.indexOf(manifest), bytes: fromHex(file) }))
  .filter(({ bytes }) => bytes.length <= 65_536)

/** Puts root and signatures right again, as a liar with every key would, so that more is reached. */
function repair(file: CertificateFile, prng: Prng): CertificateFile {
  const { certificate, state } = file
  const isRooted = prng.chance(700)
  const header = isRooted
    ? { ...certificate.header, stateRoot: getStateRoot(state) }
    : certificate.header
  const last = certificate.descendants.at(-1) ?? header
  const context = contexts.find(({ networkId }) => areEqual(networkId, file.network))
  if (context === undefined) return file
  const place = {
    epoch: context.epoch,
    view: certificate.view,
    kind: voteKinds.finalize,
    header: getHeaderDigest(context.networkId, last),
  }
  const signatures = certificate.signatures.map(({ member }) => ({
    member,
    signature: signCheaply(context, member, getVoteDigest(context.networkId, { ...place, member })),
  }))
  return { ...file, certificate: { ...certificate, header, signatures } }
}

function drawFile(prng: Prng, isCheap: boolean): Uint8Array {
  const { index, bytes } = prng.pick(files)
  const trusted = prng.chance(970) ? index : prng.between(0, contexts.length - 1)
  const decoded = decode(certificateFileType, bytes)
  let changed = bytes
  if (decoded.ok && (isCheap || prng.chance(500))) {
    let file: unknown = decoded.value
    for (let left = prng.between(0, 2); left > 0; left--) {
      file = changeWire(prng, certificateFileType, file)
    }
    const value = file as CertificateFile
    changed = encode(certificateFileType, isCheap ? repair(value, prng) : value)
  }
  if (prng.chance(400)) changed = mutateBytes(prng, changed, [prng.pick(files).bytes])
  return join(Uint8Array.of(trusted), changed)
}

function run(input: Uint8Array, verify: Verify): Outcome {
  const context = getContextOf(input)
  const bytes = input.subarray(1)
  const before = Uint8Array.from(bytes)
  const verified = verifyCertificateFile(bytes, context, verify)
  check(areEqual(before, bytes), 'verifying changed the bytes')
  if (!verified.ok) return { code: verified.code, trace: verified.detail }
  const { file, header, signers, state } = verified.value
  check(areEqual(encode(certificateFileType, file), bytes), 'accepted is not what came')
  check(new Set(signers).size === signers.length, 'a signer counts twice')
  check(areEqual(getStateRoot(state), header.stateRoot), 'a state that was not certified')
  return { code: 'accepted', trace: signers.join(' ') }
}

/** SPEC 9.2 with signatures that anybody can make: what holds then does not rest on them. */
export const certificateFiles: FuzzTarget = {
  name: 'certificate-files',
  codes,
  share: 3,
  open: () => ({
    draw: (prng) => drawFile(prng, true),
    run: (input) => run(input, verifyCheaply),
  }),
}

/**
 * How a file may be accepted for real: of these headers and no others. One that is of another network
 * than its vector is judged by may be fed to that other network.
 */
function listTrueHeaders(): Set<string> {
  return new Set(
    files.flatMap(({ bytes }) =>
      contexts.flatMap((context) => {
        const verified = verifyCertificateFile(bytes, context, verifySignature)
        return verified.ok ? [verified.value.headerDigest.join()] : []
      }),
    ),
  )
}

/** SPEC 9.2 with Ed25519: whatever is changed, nothing is proven but what members signed. */
export const certificateFilesReal: FuzzTarget = {
  name: 'certificate-files-ed25519',
  codes,
  share: 0.25,
  open() {
    const fast = makeFastVerify()
    const headers = listTrueHeaders()
    return {
      draw: (prng) => drawFile(prng, false),
      run(input) {
        const verify: Verify = (...signed) => fast(...signed) || verifySignature(...signed)
        const outcome = run(input, verify)
        if (outcome.code !== 'accepted') return outcome
        const verified = verifyCertificateFile(input.subarray(1), getContextOf(input), verify)
        check(verified.ok, 'accepted once, and not again')
        check(headers.has(verified.value.headerDigest.join()), 'a header that nobody signed')
        return outcome
      },
    }
  },
}
