import type { SourceMutant } from './mutant.ts'

// Bugs in what is agreed of groups: forks, heads, their pace, signals (SPEC 7.6, 7.11).

const core = 'packages/consensus/src'
const aggregate = `${core}/aggregate.ts`
const blocks = `${core}/known-blocks.ts`
const pace = `${core}/head-pace.ts`
const group = `${core}/group-state.ts`

export const groupMutants: readonly SourceMutant[] = [
  {
    name: 'takes nobody for astray',
    caughtBy: 'state',
    scenario: 'lossy',
    isQuick: true,
    edits: [
      { file: aggregate, find: 'comparison.off.has(index)', replace: 'comparison.off.size < 0' },
    ],
  },
  {
    name: 'forgets who was astray once it can be compared with nobody',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: aggregate,
        find: '!isGap && prior.targets[index]?.astray === 1',
        replace: '!isGap && prior.targets.length < 0',
      },
    ],
  },
  {
    name: 'remembers who was astray over a gap of any length',
    caughtBy: 'state',
    scenario: 'outage',
    edits: [
      {
        file: aggregate,
        find: '!isGap && prior.targets[index]?.astray === 1',
        replace: 'prior.targets[index]?.astray === 1',
      },
    ],
  },
  {
    name: 'takes half of the nodes for most of them',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: blocks,
        find: 'areEqual(other, value)).length > values.length',
        replace: 'areEqual(other, value)).length >= values.length',
      },
    ],
  },
  {
    name: 'compares nodes at every height that they have in common',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      { file: blocks, find: 'newest.get(target) === height && (', replace: 'target >= 0 && (' },
    ],
  },
  {
    name: 'keeps the first word on a height, not the last',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: blocks,
        find: '[{ height: agreed.reference, identities }, ...others]',
        replace:
          '[...before, { height: agreed.reference, identities }].filter(({ height }, at, all) => all.findIndex((each) => each.height === height) === at && others.length >= 0)',
      },
    ],
  },
  {
    name: 'lets who is astray tell the head',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: aggregate,
        find: '(target) => isAstray[target] === true',
        replace: '(target) => target < 0',
      },
    ],
  },
  {
    name: 'takes a verdict for up that a fork degrades',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: `${core}/verdict.ts`,
        find: 'astray && policy.astray > verdicts.up',
        replace: 'astray && policy.astray > verdicts.unknown',
      },
    ],
  },
  {
    name: 'counts signals of who is astray',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [{ file: group, find: 'target.astray === 0 && ', replace: '' }],
  },
  {
    name: 'counts signals of who is down',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: group,
        find: 'new Set([0, verdicts.down, verdicts.unknown])',
        replace: 'new Set([0, verdicts.unknown])',
      },
    ],
  },
  {
    name: 'never moves the marks of a head',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: pace,
        find: 'round - before.newer.round >= MARK_ROUNDS &&',
        replace: 'round < MARK_ROUNDS - before.newer.round &&',
      },
    ],
  },
  {
    name: 'measures a pace from the newer mark',
    caughtBy: 'state',
    scenario: 'lossy',
    isQuick: true,
    edits: [
      {
        file: pace,
        find: 'getIntervalUs(older, now, scale, roundMs)',
        replace: 'getIntervalUs(older.round < 0 ? older : { ...before.last }, now, scale, roundMs)',
      },
    ],
  },
  {
    name: 'keeps the pace of a head over a gap of any length',
    caughtBy: 'state',
    scenario: 'outage',
    edits: [
      {
        file: group,
        find: 'new Map(isGap ? [] : before?.paces',
        replace: 'new Map(isGap && round < 0 ? [] : before?.paces',
      },
    ],
  },
  {
    name: 'says since when a group stands so from this round on',
    caughtBy: 'state',
    scenario: 'lossy',
    edits: [
      {
        file: group,
        find: 'before?.standing === standing ? before.since : round',
        replace: 'before?.standing === -1 ? before.since : round',
      },
    ],
  },
]
