import type { SourceMutant } from './mutant.ts'

// Bugs in the core: views, votes, proposals, finality, restarts (SPEC 6).

const core = 'packages/consensus/src'
const views = `${core}/views.ts`
const cast = `${core}/cast.ts`
const vote = `${core}/vote.ts`
const finality = `${core}/finality.ts`

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
        find: 'return Math.max(core.enteredAtMs, proposeAtMs)',
        replace: 'return Math.min(core.enteredAtMs, proposeAtMs)',
      },
    ],
  },
  {
    name: 'never repeats what it signed',
    caughtBy: 'liveness',
    scenario: 'partition',
    edits: [
      {
        file: `${core}/repeat.ts`,
        find: "draft.effects.push({\n    kind: 'repeat'",
        replace: ";([] as unknown[]).push({\n    kind: 'repeat'",
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
    caughtBy: 'block',
    scenario: 'handover',
    edits: [
      {
        file: `${core}/block-checks.ts`,
        find: 'handover.lastHeight !== height',
        replace: 'handover.lastHeight !== height + 1',
      },
    ],
  },
  {
    name: 'counts the votes of a member as often as they come',
    caughtBy: 'certificate',
    scenario: 'lossy',
    edits: [
      {
        file: `${core}/tally.ts`,
        find: 'record.certificates[name] !== undefined || tally[member] !== undefined',
        replace: 'record.certificates[name] !== undefined',
      },
      {
        file: `${core}/tally.ts`,
        find: 'tally.with(member, {',
        replace:
          'tally.with(tally[member] === undefined ? member : Math.max(0, tally.indexOf(undefined)), {',
      },
      {
        file: `${core}/validate/vote.ts`,
        find: "if (conflicting === undefined && places?.has(place) === true) return ignore('seen')",
        replace: '',
      },
    ],
  },
  {
    name: 'finalizes what it only voted to notarize',
    caughtBy: 'ballot',
    scenario: 'calm',
    edits: [
      {
        file: vote,
        find: 'import { canSign, castNotarize,',
        replace: 'import { canSign, castFinalize, castNotarize,',
      },
      {
        file: vote,
        find: 'castNotarize(draft, proposal.hex)\n',
        replace:
          'castNotarize(draft, proposal.hex)\n      castFinalize(draft, draft.view, draft.blocks.get(proposal.hex)!.digest, proposal.hex)\n',
      },
    ],
  },
  {
    name: 'proposes in every view',
    caughtBy: 'signature',
    scenario: 'calm',
    isQuick: true,
    edits: [
      {
        file: `${core}/propose.ts`,
        find: 'getLeader(core.context, core.view) === core.me &&',
        replace: '',
      },
    ],
  },
  {
    name: 'leaves out every other round',
    caughtBy: 'coverage',
    scenario: 'lossy',
    edits: [
      {
        file: `${core}/propose.ts`,
        find: 'for (let at = first; at <= now; at++) {',
        replace: 'for (let at = first + 1; at <= now; at++) {',
      },
    ],
  },
  {
    name: 'proposes the attestations of the excluded',
    caughtBy: 'liveness',
    scenario: 'byzantine',
    vices: ['vote-equivocator'],
    edits: [
      {
        file: `${core}/propose.ts`,
        find: 'held === undefined || excluded.has(held.message.message.member) ?',
        replace: 'held === undefined ?',
      },
    ],
  },
  {
    name: 'votes for a round that has not begun',
    caughtBy: 'ballot',
    scenario: 'clocks',
    edits: [
      {
        file: vote,
        find: 'if (now === undefined || header.round > now) {',
        replace: 'if (now === undefined) {',
      },
    ],
  },
  {
    name: 'votes for a block beside the parent that it says it has',
    caughtBy: 'ballot',
    scenario: 'partition',
    vices: ['forker'],
    edits: [
      {
        file: vote,
        find: "if (record.parentHex !== notarized) return refuse('wrong-parent')",
        replace: '',
      },
    ],
  },
  {
    name: 'refuses blocks as old as leaders with slower clocks propose',
    caughtBy: 'liveness',
    scenario: 'behind',
    edits: [{ file: vote, find: 'const VOTED_BEHIND = 2', replace: 'const VOTED_BEHIND = 1' }],
  },
  {
    name: 'takes an old view for a justification, though views after it were not nullified',
    caughtBy: 'ballot',
    scenario: 'partition',
    vices: ['forker'],
    edits: [
      {
        file: vote,
        find: 'if (notarized === undefined || getGap(core, parentView) !== undefined) return hold',
        replace: 'if (notarized === undefined) return hold',
      },
    ],
  },
]
