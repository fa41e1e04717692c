import type { SourceMutant } from './mutant.ts'

// Bugs in the core: views, votes, proposals, finality, restarts (SPEC 6).

const core = 'packages/consensus/src'
const views = `${core}/views.ts`
const cast = `${core}/cast.ts`
const vote = `${core}/vote.ts`
const finality = `${core}/finality.ts`
const fetches = `${core}/fetches.ts`
const evidence = `${core}/evidence.ts`

export const agreementMutants: readonly SourceMutant[] = [
  {
    name: 'finalizes after it nullified',
    caughtBy: 'exclusion',
    scenario: 'clocks',
    edits: [
      {
        file: views,
        find: 'certificate === undefined || own.nullify ||',
        replace: 'certificate === undefined ||',
      },
      {
        file: cast,
        find: "invariant(!own.nullify, 'finalize never follows nullify')",
        replace: '',
      },
    ],
  },
  {
    name: 'has only its assertions left between nullify and finalize',
    caughtBy: 'no-throw',
    scenario: 'clocks',
    edits: [
      {
        file: views,
        find: 'certificate === undefined || own.nullify ||',
        replace: 'certificate === undefined ||',
      },
    ],
  },
  {
    name: 'nullifies after it finalized',
    caughtBy: 'exclusion',
    scenario: 'crashes',
    edits: [
      { file: cast, find: '!own.nullify && own.finalize === undefined', replace: '!own.nullify' },
      {
        file: cast,
        find: "invariant(own.finalize === undefined, 'nullify never follows finalize')",
        replace: '',
      },
    ],
  },
  {
    name: 'forgets its votes of the log when it restarts',
    caughtBy: 'exclusion',
    scenario: 'storm',
    isAlone: true,
    edits: [
      {
        file: `${core}/restore.ts`,
        find: 'for (const { message } of signedVotes) {',
        replace: 'for (const { message } of [] as typeof signedVotes) {',
      },
      {
        file: `${core}/mute.ts`,
        find: 'if (isKnown) return',
        replace: 'if (name.length > 0) return',
      },
    ],
  },
  {
    name: 'forgets its proposals of the log when it restarts',
    caughtBy: 'double-signature',
    scenario: 'storm',
    isAlone: true,
    edits: [
      {
        file: `${core}/restore.ts`,
        find: 'for (const { message } of signedProposals) {',
        replace: 'for (const { message } of [] as typeof signedProposals) {',
      },
      {
        file: `${core}/mute.ts`,
        find: 'if (isKnown) return',
        replace: 'if (name.length > 0) return',
      },
    ],
  },
  {
    name: 'never backs its timers off',
    caughtBy: 'liveness',
    scenario: 'clocks',
    edits: [
      {
        file: views,
        find: 'return isMost ? core.patience : core.patience + 1',
        replace: 'return isMost ? 0 : 0',
      },
    ],
  },
  {
    name: 'starts its timer before a proposal can be due',
    caughtBy: 'dead-leader',
    scenario: 'calm',
    edits: [
      {
        file: views,
        find: 'Math.max(core.enteredAtMs, proposeAtMs) + getTimeoutMs(core)',
        replace: 'Math.min(core.enteredAtMs, proposeAtMs) + getTimeoutMs(core)',
      },
    ],
  },
  {
    name: 'asks for no attestations that a block names',
    caughtBy: 'liveness',
    scenario: 'byzantine',
    vice: 'withholder',
    edits: [
      {
        file: fetches,
        find: 'for (const record of getWaitingBlocks(core)) {\n    needs',
        replace: 'for (const record of [] as readonly BlockRecord[]) {\n    needs',
      },
    ],
  },
  {
    name: 'never repeats what it signed',
    caughtBy: 'liveness',
    scenario: 'lossy',
    edits: [
      {
        file: `${core}/repeat.ts`,
        find: 'fromView: View): void {\n  draft.effects.push({',
        replace: 'fromView: View): void {\n  ;([] as unknown[]).push({',
      },
    ],
  },
  {
    name: 'proves a block final without the headers between',
    caughtBy: 'certificate',
    scenario: 'lossy',
    edits: [
      {
        file: finality,
        find: 'descendants = [header, ...descendants]',
        replace: 'descendants = []',
      },
    ],
  },
  {
    name: 'takes notarize and nullify in one view for a fault',
    caughtBy: 'honest-accused',
    scenario: 'dead-leader',
    edits: [
      {
        file: evidence,
        find: '(a.kind === finalize && b.kind === nullify)',
        replace: '(a.kind !== nullify && b.kind === nullify)',
      },
    ],
  },
  {
    name: 'votes for a block before it stored it, its assertions gone too',
    caughtBy: 'durability',
    scenario: 'calm',
    edits: [
      { file: vote, find: 'storeBlock(draft, proposal.hex)\n', replace: '' },
      {
        file: cast,
        find: "invariant(draft.blocks.get(hex)?.isStored === true, 'a block is durable before it is voted for')",
        replace: '',
      },
    ],
  },
  {
    name: 'hands over one block early',
    caughtBy: 'state',
    scenario: 'handover',
    edits: [
      {
        file: `${core}/block-checks.ts`,
        find: 'handover.lastHeight !== height',
        replace: 'handover.lastHeight !== height + 1',
      },
    ],
  },
]
