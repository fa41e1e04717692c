import {
  type Committee,
  type Epoch,
  type EpochContext,
  type HandoverProof,
  type Manifest,
  type MemberIndex,
  makeCertificateFile,
  makeEpochContext,
  type Parameters,
} from '@watchfire/attestation'
import {
  makeCertificate,
  makeChild,
  makeHandover,
  makeHeader,
  makeState,
} from '../../packages/attestation/test/support/certificate-fixture.ts'
import { makeNextEpoch } from '../../packages/attestation/test/support/network-fixture.ts'
import type { CertificateCase } from './certificate-cases.ts'
import { getContext } from './networks.ts'

const genesis = getContext('main')
/** Epochs 1 and 2 of the main network, and what leads there. */
export const second = enter(1, makeNextEpoch(['m2', 'm3', 'm4', 'm5']))
export const third = enter(2, makeNextEpoch(['m3', 'm4', 'm5', 'm6', 'm7']))
export const handover = makeHandover(genesis, second)
export const following = makeHandover(second, third)

function enter(
  epoch: number,
  { committee, parameters }: Pick<Manifest, 'committee' | 'parameters'>,
): EpochContext {
  return makeEpochContext(genesis.networkId, epoch as Epoch, committee, parameters)
}

/** A file of `context`'s epoch with these hand-overs. */
function make(context: EpochContext, ...handovers: HandoverProof[]): Uint8Array {
  const state = makeState(context)
  const certificate = makeCertificate(context, makeHeader(context, state))
  return makeCertificateFile(genesis.networkId, certificate, state, handovers)
}

/** Certificates of later epochs, with hand-overs that lead to them and that do not (SPEC 9.2, 3 and 4). */
export function listHandoverCases(): CertificateCase[] {
  const of = (
    result: CertificateCase['result'],
    name: string,
    file: Uint8Array,
  ): CertificateCase => ({ name: `hand-over: ${name}`, manifest: 'main', file, result })
  const unknown = 'unknown-epoch'
  return [
    of('valid', 'from epoch 0 to 1', make(second, handover)),
    of('valid', 'from epoch 0 to 2', make(third, handover, following)),
    of(unknown, 'missing', make(second)),
    of(unknown, 'the second missing', make(third, handover)),
    of(unknown, 'the first missing', make(third, following)),
    of(unknown, 'one too many', make(second, handover, following)),
    of(unknown, 'one to a certificate of epoch 0', make(genesis, handover)),
    of(unknown, 'the same twice', make(third, handover, handover)),
    of(unknown, 'in the wrong order', make(third, following, handover)),
    ...listBad().map(([name, proof]) => of('bad-handover', name, make(second, proof))),
    of('wrong-committee', 'left out, the header posing as of epoch 0', make(pose(second))),
    of('bad-signature', 'right, but signed by the committee before', signAs(second, genesis)),
  ]
}

function pose(context: EpochContext): EpochContext {
  return { ...context, epoch: 0 as Epoch }
}

/** A header of `context`'s epoch under the signatures of the committee of another. */
function signAs(context: EpochContext, signers: EpochContext): Uint8Array {
  const state = makeState(context)
  const header = makeHeader(context, state)
  const certificate = makeCertificate({ ...signers, epoch: context.epoch }, header)
  return makeCertificateFile(genesis.networkId, certificate, state, [handover])
}

function install(committee: Committee, parameters: Parameters): HandoverProof {
  return makeHandover(genesis, enter(1, { committee, parameters }))
}

function listBad(): [string, HandoverProof][] {
  const { committee, parameters } = second
  const { members } = committee
  const plain = makeHeader(genesis, makeState(genesis))
  const next = [{ committee: second.committeeHash, parameters: second.parametersHash }]
  const last = makeHeader(genesis, makeState(genesis), { next })
  const weigh = (...weights: number[]): Committee => ({
    members: members.map((member, index) => ({ ...member, weight: weights[index] ?? 1 })),
  })
  const prove = (certificate: HandoverProof['certificate']) => ({ ...handover, certificate })
  return [
    ['too little weight', prove(makeCertificate(genesis, last, [], [0, 1] as MemberIndex[]))],
    ['signed by the next committee', makeHandover(pose(second), second)],
    ['its header installs nothing', prove(makeCertificate(genesis, plain))],
    [
      'only a descendant installs',
      prove(makeCertificate(genesis, plain, [makeChild(genesis, plain, { next })])),
    ],
    ['another committee than installed', { ...handover, committee: genesis.committee }],
    ['other parameters than installed', { ...handover, parameters: { ...parameters, gapMax: 31 } }],
    [
      'the parent round not before the round',
      prove(makeCertificate(genesis, { ...last, parentRound: last.round })),
    ],
    ['installs no members', install({ members: [] }, parameters)],
    ['installs a zero weight', install(weigh(1, 0, 1, 1), parameters)],
    ['installs a member heavier than f', install(weigh(2, 1, 1, 1), parameters)],
    ['installs members out of order', install({ members: members.toReversed() }, parameters)],
    [
      'installs a member twice',
      install({ members: [...members.slice(0, 1), ...members] }, parameters),
    ],
    [
      'installs a key of small order',
      install(
        {
          members: members.map((member, index) =>
            index === 0 ? { ...member, publicKey: new Uint8Array(32) } : member,
          ),
        },
        parameters,
      ),
    ],
    ['installs rounds of no length', install(committee, { ...parameters, roundMs: 0 })],
    [
      'installs targets out of order',
      install(committee, { ...parameters, targets: parameters.targets.toReversed() }),
    ],
    [
      'installs params that are not canonical',
      install(committee, {
        ...parameters,
        targets: parameters.targets.map((target) => ({
          ...target,
          params: new Uint8Array([0x7b, 0x20, 0x7d]),
        })),
      }),
    ],
  ]
}
