import { groupMutants } from './group-mutants.ts'
import type { SourceMutant } from './mutant.ts'

// Bugs in aggregation, verdicts and the state's root (SPEC 7).

const core = 'packages/consensus/src'
const aggregate = `${core}/aggregate.ts`
const verdict = `${core}/verdict.ts`
const thresholds = `${core}/thresholds.ts`
const weighed = `${core}/weighed.ts`

export const aggregationMutants: readonly SourceMutant[] = [
  {
    name: 'takes the median from the upper half',
    caughtBy: 'state',
    scenario: 'lossy',
    isQuick: true,
    edits: [
      {
        file: weighed,
        find: 'cumulated >= whole - cumulated',
        replace: 'cumulated > whole - cumulated',
      },
    ],
  },
  {
    name: 'sorts signals as if they had no sign',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: weighed,
        find: 'signed: toSigned(item.value)',
        replace: 'signed: item.value + 0n * toSigned(0n)',
      },
    ],
  },
  {
    name: 'believes a head that f alone saw',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [{ file: weighed, find: 'cumulated > faultyLive', replace: 'cumulated >= faultyLive' }],
  },
  {
    name: 'takes half for a majority',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: weighed,
        find: 'weight > observing - weight',
        replace: 'weight >= observing - weight',
      },
    ],
  },
  {
    name: 'settles a verdict one round late',
    caughtBy: 'state',
    scenario: 'lossy',
    isQuick: true,
    edits: [{ file: verdict, find: 'count >= needed', replace: 'count > needed' }],
  },
  {
    name: 'lets a streak go on where it turns',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: verdict,
        find: 'streak !== 0 && streak > settled === isWorse',
        replace: 'streak !== 0',
      },
    ],
  },
  {
    name: 'keeps a streak over a gap of any length',
    caughtBy: 'state',
    scenario: 'outage',
    edits: [
      {
        file: verdict,
        find: 'const isGap = isLongGap(rounds)',
        replace: 'const isGap = rounds.round < 0 && isLongGap(rounds)',
      },
    ],
  },
  {
    name: 'forgets that a threshold was crossed',
    caughtBy: 'state',
    scenario: 'lossy',
    isQuick: true,
    edits: [
      {
        file: thresholds,
        find: '(before & bit) === 0 ? value : clear',
        replace: 'before < 0 ? clear : value',
      },
    ],
  },
  {
    name: 'takes where a threshold clears for its bound',
    caughtBy: 'validity',
    scenario: 'lossy',
    isAlone: true,
    edits: [
      {
        file: thresholds,
        find: '(before & bit) === 0 ? value : clear',
        replace: '(before & bit) === 0 ? clear : clear + 0n * value',
      },
    ],
  },
  {
    name: 'forgets what was crossed where nobody tells the value',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [{ file: thresholds, find: 'crossed |= before & bit', replace: 'crossed |= 0' }],
  },
  {
    name: 'remembers what was crossed over a gap of any length',
    caughtBy: 'validity',
    scenario: 'outage',
    edits: [
      {
        file: aggregate,
        find: 'isGap ? 0 : before.crossed',
        replace: 'isGap && round < 0 ? 0 : before.crossed',
      },
    ],
  },
  {
    name: 'keeps what was crossed over the end of an epoch',
    caughtBy: 'state',
    scenario: 'handover',
    edits: [
      {
        file: `${core}/state.ts`,
        find: 'return { ...fresh, verdict, settled, since, streak, streakCount }',
        replace:
          'return { ...fresh, verdict, settled, since, streak, streakCount, crossed: kept.crossed }',
      },
    ],
  },
  ...groupMutants,
  {
    name: 'needs more than the share that makes a target down',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: verdict,
        find: 'BigInt(part) * 1000n >= BigInt(whole) * BigInt(perMille)',
        replace: 'BigInt(part) * 1000n > BigInt(whole) * BigInt(perMille)',
      },
    ],
  },
  {
    name: 'calls a target known that twice f saw and no more',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [{ file: verdict, find: 'weight - other > other', replace: 'weight - other >= other' }],
  },
  {
    name: 'asks for no distinct regions before down',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [{ file: verdict, find: 'regions >= policy.regionsMin &&', replace: '' }],
  },
  {
    name: 'counts the observations of the excluded',
    caughtBy: 'state',
    scenario: 'byzantine',
    vices: ['vote-equivocator', 'lawless-leader'],
    isAlone: true,
    edits: [
      {
        file: aggregate,
        find: 'weight === undefined || excluded.has(member)',
        replace: 'weight === undefined || excluded.size < 0',
      },
      // Otherwise no block rests on them in the first place.
      {
        file: `${core}/block-checks.ts`,
        find: 'if (excluded.has(member)) {',
        replace: 'if (excluded.size < 0) {',
      },
    ],
  },
  {
    name: 'thinks that the excluded may still lie',
    caughtBy: 'state',
    scenario: 'byzantine',
    vices: ['vote-equivocator'],
    edits: [
      {
        file: aggregate,
        find: 'Math.max(0, context.faulty - weight)',
        replace: 'Math.max(0, context.faulty - 0 * weight)',
      },
    ],
  },
  {
    name: 'excludes from the block after the one with the evidence',
    caughtBy: 'state',
    scenario: 'byzantine',
    vices: ['vote-equivocator'],
    edits: [
      {
        file: aggregate,
        find: 'const out = new Set(excluded.map(({ member }) => member))',
        replace: 'const out = new Set(prior.meta.excluded.map(({ member }) => member))',
      },
    ],
  },
  {
    name: 'keeps exclusions over the end of an epoch',
    caughtBy: 'block',
    scenario: 'storm',
    vices: ['vote-equivocator'],
    edits: [
      {
        file: `${core}/state.ts`,
        find: 'excluded: [],\n      handover: context',
        replace: 'handover: context',
      },
    ],
  },
  {
    name: 'forgets what was settled at the end of an epoch',
    caughtBy: 'state',
    scenario: 'handover',
    edits: [
      {
        file: `${core}/state.ts`,
        find: 'return { ...fresh, verdict, settled, since, streak, streakCount }',
        replace: 'return { ...fresh, verdict, since, streak, streakCount, settled: 0 * settled }',
      },
    ],
  },
  {
    name: 'hashes no group anew',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: 'packages/attestation/src/state-root.ts',
        find: 'group !== previous.state.groups[index]',
        replace: 'group === undefined',
      },
    ],
  },
  {
    name: 'takes a target for unchanged where only its weights are',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: `${core}/reuse.ts`,
        find: 'areEqual(before.id, after.id) &&\n    targetStateType.equals(before, after)',
        replace: 'areEqual(before.id, after.id)',
      },
    ],
  },
  {
    name: 'believes the highest value that anyone saw',
    caughtBy: 'validity',
    scenario: 'byzantine',
    vices: ['colluding-liar'],
    isAlone: true,
    edits: [{ file: weighed, find: 'cumulated > faultyLive', replace: 'cumulated > 0' }],
  },
  {
    name: 'takes the greatest value for the median',
    caughtBy: 'validity',
    scenario: 'byzantine',
    vices: ['liar'],
    isAlone: true,
    edits: [
      { file: weighed, find: 'cumulated >= whole - cumulated', replace: 'cumulated === whole' },
    ],
  },
  {
    name: 'calls a target down that one did not reach',
    caughtBy: 'validity',
    scenario: 'byzantine',
    vices: ['colluding-liar'],
    isAlone: true,
    edits: [
      {
        file: verdict,
        find: 'if (isShareAtLeast(failed, observing, policy.failedMin)) {',
        replace: 'if (failed > 0) {',
      },
    ],
  },
  {
    name: 'believes an identity that one gave',
    caughtBy: 'validity',
    scenario: 'byzantine',
    vices: ['colluding-liar'],
    isAlone: true,
    edits: [{ file: weighed, find: 'weight > observing - weight', replace: 'weight > 0' }],
  },
]
