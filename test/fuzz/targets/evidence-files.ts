import {
  areEqual,
  encode,
  type EvidenceFile,
  type EvidenceFileCode,
  evidenceFileType,
  fromHex,
  makeEpochContext,
  makeGenesisContext,
  type EpochContext,
  verifyEvidenceFile,
} from '@watchfire/attestation'
import type { Prng } from '../../sim/world/prng.ts'
import { readVectors } from '../../vectors/committed-vectors.ts'
import { networks } from '../../vectors/networks.ts'
import { changeWire } from '../draw-wire.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget, listCodes } from '../target.ts'
import { resignEvidence, signCheaply, verifyCheaply } from './cheap-signatures.ts'

const genesis = makeGenesisContext(networks.main)
const files = readVectors('evidence')
  .files.filter(({ result }) => result !== 'malformed')
  .map(({ file }) => fromHex(file))

/** The epoch in which a file's evidence would have to be signed, whether or not its hand-overs hold. */
function getEpoch({ handovers }: EvidenceFile): EpochContext {
  const last = handovers.at(-1)
  if (last === undefined) return genesis
  const epoch = (last.certificate.header.epoch + 1) as EpochContext['epoch']
  return makeEpochContext(genesis.networkId, epoch, last.committee, last.parameters)
}

function drawFile(prng: Prng): Uint8Array {
  const base = prng.pick(files)
  let file: unknown = evidenceFileType.deserialize(base)
  for (let left = prng.between(0, 2); left > 0; left--) {
    file = changeWire(prng, evidenceFileType, file)
  }
  const value = file as EvidenceFile
  const isSigned = prng.chance(800) && value.handovers.length <= 1
  const evidence = isSigned
    ? resignEvidence(signCheaply, getEpoch(value), value.evidence)
    : value.evidence
  const bytes = encode(evidenceFileType, { ...value, evidence })
  return prng.chance(300) ? mutateBytes(prng, bytes, [prng.pick(files)]) : bytes
}

/** SPEC 9.6 with signatures that anybody can make: what holds then does not rest on them. */
export const evidenceFiles: FuzzTarget = {
  name: 'evidence-files',
  codes: listCodes<EvidenceFileCode>({
    malformed: true,
    'wrong-network': true,
    'unknown-epoch': true,
    'bad-handover': true,
    'wrong-epoch': true,
    'unknown-member': true,
    'different-places': true,
    'bad-vote': true,
    'no-conflict': true,
    'unordered-pair': true,
    'bad-signature': true,
  }),
  share: 2,
  open: () => ({
    draw: drawFile,
    run(input) {
      const before = Uint8Array.from(input)
      const verified = verifyEvidenceFile(input, genesis, verifyCheaply)
      check(areEqual(before, input), 'verifying changed the bytes')
      if (!verified.ok) return { code: verified.code, trace: verified.detail }
      const { file, offender, signed, context } = verified.value
      check(areEqual(encode(evidenceFileType, file), input), 'accepted is not what came')
      check(!areEqual(...signed), 'one message proves equivocation')
      check(context.memberIds.includes(offender), 'the guilty is no member')
      return { code: 'accepted', trace: offender }
    },
  }),
}
