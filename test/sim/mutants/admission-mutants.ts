import type { SourceMutant } from './mutant.ts'

// Bugs in the validators (SPEC 8) and in what they remember.

const validate = 'packages/consensus/src/validate'
const admission = `${validate}/admission.ts`
const admit = `${validate}/admit.ts`
const attestation = `${validate}/attestation.ts`
const proposal = `${validate}/proposal.ts`
const vote = `${validate}/vote.ts`
const noSignature = { find: 'if (unsigned !== undefined) return unsigned', replace: '' }

export const admissionMutants: readonly SourceMutant[] = [
  {
    name: 'lets anyone propose in any view',
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [
      {
        file: proposal,
        find: 'message.member !== getLeader(context, message.view)',
        replace: 'message.member < 0 * getLeader(context, message.view)',
      },
    ],
  },
  {
    name: 'looks at no signature of a vote',
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [{ file: vote, ...noSignature }],
  },
  {
    name: 'looks at no signature of an attestation',
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [{ file: attestation, ...noSignature }],
  },
  {
    name: 'looks at no signature of a proposal',
    caughtBy: 'alarm',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [{ file: proposal, ...noSignature }],
  },
  {
    name: 'marks a vote as seen before it looked at the signature',
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [
      {
        file: vote,
        find: '  // [REJECT] signature; of a conflicting vote too',
        replace:
          '  if (conflicting === undefined) getOrMake(books.votes, message.view, () => new Map()).set(place, signed)\n  // ',
      },
    ],
  },
  {
    name: 'marks an attestation as seen before it looked at the signature',
    caughtBy: 'honest-accused',
    scenario: 'byzantine',
    vices: ['impersonator'],
    edits: [
      {
        file: attestation,
        find: '  // [REJECT] signature; of a second version too',
        replace:
          '  if (seen === undefined) getOrMake(books.attestations, message.round, () => new Map()).set(place, { hex, claim })\n  // ',
      },
    ],
  },
  {
    name: 'keeps attestations of any round',
    caughtBy: 'memory',
    scenario: 'byzantine',
    vices: ['flooder'],
    edits: [
      {
        file: attestation,
        find: 'round: Round): AdmissionResult | undefined {',
        replace: 'round: Round): AdmissionResult | undefined {\n  if (round >= 0) return undefined',
      },
    ],
  },
  {
    name: 'forgets no round of attestations',
    caughtBy: 'memory',
    scenario: 'lossy',
    edits: [
      {
        file: attestation,
        find: 'if (round < floor) books.attestations.delete(round)',
        replace: '',
      },
    ],
  },
  {
    name: 'keeps messages of any view ahead',
    caughtBy: 'memory',
    scenario: 'byzantine',
    vices: ['flooder'],
    edits: [
      {
        file: admission,
        find: "if (view > books.window.view + ahead) return ignore('view-too-far')",
        replace: '',
      },
    ],
  },
  {
    name: 'keeps proposals a hundred times further ahead',
    caughtBy: 'memory',
    scenario: 'byzantine',
    vices: ['flooder'],
    edits: [
      {
        file: 'packages/consensus/src/vote.ts',
        find: 'export const PROPOSALS_AHEAD = 16',
        replace: 'export const PROPOSALS_AHEAD = 1600',
      },
    ],
  },
  {
    name: 'remembers what is settled',
    caughtBy: 'memory',
    scenario: 'calm',
    isQuick: true,
    edits: [
      { file: admit, find: 'if (view <= window.finalView) map.delete(view)', replace: 'void view' },
    ],
  },
  {
    name: 'takes messages of settled views',
    caughtBy: 'memory',
    scenario: 'lossy',
    edits: [{ file: admission, find: 'view <= books.window.finalView', replace: 'view < 0' }],
  },
  {
    name: 'drops no rounds of its pool',
    caughtBy: 'memory',
    scenario: 'lossy',
    edits: [
      {
        file: 'packages/consensus/src/attestation-pool.ts',
        find: 'draft.pool = dropBelow(draft.pool, getPoolWindow(draft)[0])',
        replace: 'void dropBelow',
      },
    ],
  },
]
