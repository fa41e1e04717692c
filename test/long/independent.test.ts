import assert from 'node:assert/strict'
import {
  type CertificateFileCode,
  type CertifiedState,
  decode,
  fromHex,
  getHeaderDigest,
  encode,
  makeGenesisContext,
  makeVerify,
  parametersType,
  parseManifest,
  stateType,
  toHex,
  toText,
  verdicts,
  verifyCertificateFile,
  verifyEvidenceFile,
} from '@watchfire/attestation'
import { getGenesisHeader } from '@watchfire/consensus'
import { fastVerify } from '../../packages/attestation/test/support/fast-verify.ts'
import {
  changeBytesOf,
  changeFields,
  install,
  installChanged,
  signChanged,
} from '../independent/changed-files.ts'
import { changeManifest } from '../independent/changed-manifests.ts'
import { drawChain } from '../independent/drawn-chains.ts'
import { type Draws, drawCases } from '../independent/draws.ts'
import { askPython, runPython } from '../independent/python-verifier.ts'
import { readVectors } from '../vectors/committed-vectors.ts'
import { listHandoverEdges } from '../vectors/handover-edges.ts'
import { wireTypes } from '../vectors/malformed-vectors.ts'
import { getContext, type NetworkName, networkJson } from '../vectors/networks.ts'
import { describeReadings, drawReading, readingContext } from '../vectors/reading-cases.ts'

const SEED = 20_261_121
const verify = makeVerify(fastVerify)

/** Every code of SPEC 9.2 that a change can lead to, so that none goes untried. */
const CODES: readonly (CertificateFileCode | 'valid')[] = [
  'valid',
  'malformed',
  'wrong-network',
  'unknown-epoch',
  'bad-handover',
  'wrong-committee',
  'broken-chain',
  'unknown-member',
  'unordered-signatures',
  'insufficient-weight',
  'bad-signature',
  'bad-round',
  'wrong-state',
]

interface Case {
  readonly manifest: NetworkName
  readonly file: Uint8Array
}

function judge({ manifest, file }: Case): unknown {
  const verified = verifyCertificateFile(file, getContext(manifest), verify)
  return verified.ok
    ? { result: 'valid', proves: describeProven(verified.value) }
    : { result: verified.code }
}

function judgeEvidence(verified: ReturnType<typeof verifyEvidenceFile>): unknown {
  if (!verified.ok) return { result: verified.code }
  const { offender, place, signed, digest } = verified.value
  const proves = { offender, ...place, signed: signed.map(toHex), digest: toHex(digest) }
  return { result: 'valid', proves }
}

function admitManifest(value: unknown) {
  const parsed = parseManifest(value)
  if (!parsed.ok) return { admitted: false }
  const context = makeGenesisContext(parsed.manifest)
  return {
    admitted: true,
    networkId: toHex(context.networkId),
    genesis: toHex(getHeaderDigest(context.networkId, getGenesisHeader(context))),
    warnings: parsed.warnings.map(({ code }) => code),
  }
}

function describeProven({ header, headerDigest, signers, state }: CertifiedState): unknown {
  const { epoch, height, round } = header
  const names = ['none', ...Object.keys(verdicts)]
  return {
    epoch,
    height,
    round,
    headerDigest: toHex(headerDigest),
    signers,
    verdicts: Object.fromEntries(
      state.targets.map(({ id, verdict }) => [toText(id), names[verdict]]),
    ),
  }
}

describe('The verifier in Python that was written from SPEC.md and the vectors alone', () => {
  it('finds every vector as SPEC.md says', () => {
    const { status, stdout, stderr } = runPython([])
    assert.match(stdout, /^[1-9]\d* passed, 0 failed\n$/, stderr)
    assert.equal(status, 0)
  })

  it('agrees with ours on certificate files changed at random, in code as in what they prove', () => {
    const vectors = readVectors('certificates').files
    const ofMain = vectors.filter(({ manifest, file }) => manifest === 'main' && file.length > 400)
    const files = ofMain.map(({ file }) => fromHex(file))
    const valid = ofMain.filter(({ result }) => result === 'valid').map(({ file }) => fromHex(file))
    const makers: readonly [count: number, make: (draws: Draws) => Uint8Array][] = [
      [80, (draws) => changeBytesOf(files, draws)],
      [100, (draws) => changeFields(valid, draws)],
      [60, signChanged],
      [160, installChanged],
    ]
    const full = toHex(getContext('full').networkId)
    const cases = makers.flatMap(([count, make], index) =>
      drawCases(SEED + index, count).map((draws): Case => {
        const file = make(draws)
        return { file, manifest: toHex(file.subarray(8, 40)) === full ? 'full' : 'main' }
      }),
    )
    const theirs = askPython(
      cases.flatMap(({ manifest, file }) => [
        { manifest: networkJson[manifest] },
        { file: toHex(file) },
      ]),
    )
    const seen = new Map<string, number>()
    for (const [index, each] of cases.entries()) {
      const ours = judge(each)
      assert.deepEqual(theirs[index], ours, `case ${index}: ${toHex(each.file)}`)
      const { result } = ours as { result: string }
      seen.set(result, (seen.get(result) ?? 0) + 1)
    }
    const untried = CODES.filter((code) => !seen.has(code))
    assert.deepEqual(untried, [], JSON.stringify([...seen]))
  })

  it('agrees with ours on evidence files changed at random, in code as in what they prove', () => {
    const ofMain = readVectors('evidence').files.filter(({ file }) => file.length > 400)
    const files = ofMain.map(({ file }) => fromHex(file))
    const cases = drawCases(SEED, 600).map((draws) =>
      draws.below(6) === 0 ? draws.pick(files) : changeBytesOf(files, draws),
    )
    const theirs = askPython([
      { manifest: networkJson.main },
      ...cases.map((file) => ({ evidence: toHex(file) })),
    ])
    let valid = 0
    for (const [index, file] of cases.entries()) {
      const verified = verifyEvidenceFile(file, getContext('main'), verify)
      valid += verified.ok ? 1 : 0
      assert.deepEqual(theirs[index], judgeEvidence(verified), `case ${index}: ${toHex(file)}`)
    }
    assert.ok(valid > 10 && valid < 300, `${valid} valid`)
  })

  it('makes of certified states what ours does', () => {
    const parameters = toHex(encode(parametersType, readingContext.parameters))
    const states = drawCases(SEED, 300).map(drawReading)
    const theirs = askPython(
      states.map((state) => ({ parameters, read: toHex(encode(stateType, state)) })),
    )
    for (const [index, state] of states.entries())
      assert.deepEqual(theirs[index], describeReadings(state), `state ${index}`)
  })

  it('admits with ours what a hand-over may just install, and refuses what it just may not', () => {
    const listed = listHandoverEdges().map((each) => ({ ...each, file: install(each) }))
    const theirs = askPython([
      { manifest: networkJson.main },
      ...listed.map(({ file }) => ({ file: toHex(file) })),
    ])
    for (const [index, { name, isAdmitted, file }] of listed.entries()) {
      const result = isAdmitted ? 'valid' : 'bad-handover'
      const ours = judge({ manifest: 'main', file })
      assert.equal((ours as { result: string }).result, result, `ours: ${name}`)
      assert.deepEqual(theirs[index], ours, name)
    }
  })

  it('admits the manifests that ours does, and founds the same networks on them', () => {
    const values = drawCases(SEED, 600).map(changeManifest)
    const theirs = askPython(values.map((value) => ({ admit: value })))
    let admitted = 0
    for (const [index, value] of values.entries()) {
      const ours = admitManifest(value)
      assert.deepEqual(theirs[index], ours, JSON.stringify(value))
      admitted += ours.admitted ? 1 : 0
    }
    assert.ok(admitted > 60 && admitted < 540, `${admitted} admitted`)
  })

  it('decodes and refuses what ours does of every type of the wire, changed at random', () => {
    const samples = readVectors('malformed').filter(({ valid }) => valid)
    const asked = drawCases(SEED, 1500).map((draws) => {
      const { type, bytes } = draws.pick(samples)
      return { type, bytes: toHex(changeBytesOf([fromHex(bytes)], draws)) }
    })
    const theirs = askPython(asked)
    let decoded = 0
    for (const [index, { type, bytes }] of asked.entries()) {
      const isValid = decode<unknown>(wireTypes[type], fromHex(bytes)).ok
      assert.deepEqual(theirs[index], { valid: isValid }, `${type} ${bytes}`)
      decoded += isValid ? 1 : 0
    }
    assert.ok(decoded > 150 && decoded < 1350, `${decoded} decoded`)
  })

  it('computes the states that ours does, over drawn chains with exclusions and a hand-over', () => {
    const chains = drawCases(SEED, 250).map(drawChain)
    const theirs = askPython(chains.map(({ chain }) => ({ chain })))
    for (const [index, { chain, states }] of chains.entries()) {
      assert.deepEqual(theirs[index], { states }, `chain ${index}: ${JSON.stringify(chain)}`)
    }
  })
})
