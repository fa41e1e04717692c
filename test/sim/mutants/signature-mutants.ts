import type { SourceMutant } from './mutant.ts'

// Bugs in what is signed and in how signatures are counted (SPEC 1, 2, 6.6).

const context = 'packages/attestation/src/epoch-context.ts'
const domains = 'packages/attestation/src/domains.ts'
const tally = 'packages/consensus/src/tally.ts'

export const signatureMutants: readonly SourceMutant[] = [
  {
    name: 'takes a quorum to be one less',
    caughtBy: 'certificate',
    scenario: 'lossy',
    isQuick: true,
    edits: [
      {
        file: context,
        find: 'return weightTotal - third + 1',
        replace: 'return weightTotal - third',
      },
    ],
  },
  {
    name: 'takes a quorum to be one less, where a leader of two blocks has friends that vote for both',
    caughtBy: 'agreement',
    scenario: 'partition',
    vices: ['proposal-equivocator', 'supporter'],
    isAlone: true,
    edits: [
      {
        file: context,
        find: 'return weightTotal - third + 1',
        replace: 'return weightTotal - third',
      },
    ],
  },
  {
    name: 'takes a quorum to be one more',
    caughtBy: 'liveness',
    scenario: 'dead-leader',
    isAlone: true,
    edits: [
      {
        file: context,
        find: 'return weightTotal - third + 1',
        replace: 'return weightTotal - third + 2',
      },
    ],
  },
  {
    name: 'rounds a third of the weight down',
    caughtBy: 'state',
    scenario: 'dead-leader',
    edits: [{ file: context, find: '(remainder === 0 ? 0 : 1)', replace: '0' }],
  },
  {
    name: 'counts members and not their weight',
    caughtBy: 'certificate',
    scenario: 'lossy',
    edits: [
      {
        file: tally,
        find: 'weight += context.committee.members[member]?.weight ?? 0',
        replace:
          'weight += Math.ceil(context.weightTotal / context.committee.members.length) + 0 * member',
      },
    ],
  },
  {
    name: 'counts votes for other headers too',
    caughtBy: 'certificate',
    scenario: 'byzantine',
    vices: ['vote-equivocator'],
    edits: [{ file: tally, find: 'vote?.hex !== hex', replace: 'vote === undefined' }],
  },
  {
    name: 'binds no epoch into what it signs',
    caughtBy: 'signature',
    scenario: 'handover',
    edits: [{ file: domains, find: 'BigInt(epoch), true)', replace: '0n, true)' }],
  },
  {
    name: 'binds no network into what it signs',
    caughtBy: 'signature',
    scenario: 'calm',
    edits: [{ file: domains, find: 'prefix.set(networkId, 36)', replace: '' }],
  },
  {
    name: 'binds no round into an attestation',
    caughtBy: 'signature',
    scenario: 'calm',
    edits: [
      {
        file: domains,
        find: 'round: attestation.round,',
        replace: 'round: 0 as typeof attestation.round,',
      },
    ],
  },
  {
    name: 'signs nullify as notarize',
    caughtBy: 'signature',
    scenario: 'dead-leader',
    edits: [{ file: domains, find: "return 'nullify'", replace: "return 'notarize'" }],
  },
]
