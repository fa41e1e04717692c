import assert from 'node:assert/strict'
import {
  type Committee,
  committeeType,
  type Digest,
  decode,
  type Epoch,
  type Evidence,
  evidenceType,
  fromHex,
  getStateRoot,
  makeEpochContext,
  type Parameters,
  parametersType,
  type SignedAttestation,
  signedAttestationType,
  type State,
  stateType,
  toHex,
} from '@watchfire/attestation'
import { type BlockPlace, computeState, getGenesisState } from '@watchfire/consensus'
import type { Type } from '@chainsafe/ssz'
import { computeOwnState } from '../sim/checkers/own-aggregation.ts'
import { computeOwnStateRoot } from '../sim/checkers/own-state-root.ts'
import { readVectors } from './committed-vectors.ts'

function read<T>(type: Type<T>, hex: string): T {
  const decoded = decode(type, fromHex(hex))
  if (!decoded.ok) assert.fail(decoded.detail)
  return decoded.value
}

describe('aggregation vectors', () => {
  const chains = readVectors('aggregation')

  for (const { name, epochs, blocks } of chains) {
    const contexts = epochs.map(({ committee, parameters }, epoch) =>
      makeEpochContext(
        new Uint8Array(32) as Digest,
        epoch as Epoch,
        read<Committee>(committeeType, committee),
        read<Parameters>(parametersType, parameters),
      ),
    )
    const [first] = contexts
    assert.ok(first)

    it(`${name}: both the core and the checkers' own arithmetic come to these states`, () => {
      let state: State = getGenesisState(first)
      for (const block of blocks) {
        const context = contexts[block.epoch]
        assert.ok(context)
        const evidence = block.evidence.map((hex) => read<Evidence>(evidenceType, hex))
        const attestations = block.attestations.map((hex) =>
          read<SignedAttestation>(signedAttestationType, hex),
        )
        const place = block as unknown as BlockPlace
        // The order in which attestations come must not count.
        const reversed = attestations.toReversed()
        const own = computeOwnState(state, context.committee, context.parameters, {
          ...block,
          offenders: evidence.map(({ value }) => value.first.message.member),
          attestations: reversed.map(({ message }) => message),
        })
        state = computeState(state, context, place, evidence, reversed)
        assert.deepEqual(state, read<State>(stateType, block.state))
        assert.deepEqual(own, state)
        assert.equal(toHex(getStateRoot(state)), block.root)
        assert.equal(computeOwnStateRoot(state).toString('hex'), block.root)
      }
    })
  }
})
