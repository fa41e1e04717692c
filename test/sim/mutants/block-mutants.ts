import type { SourceMutant } from './mutant.ts'

// Bugs in what a voter asks of a block (SPEC 6.4).

const checks = 'packages/consensus/src/block-checks.ts'

/** One check left out or wrong, met by leaders that break each rule in turn. */
function lawless(
  name: string,
  caughtBy: SourceMutant['caughtBy'],
  find: string,
  replace: string,
): SourceMutant {
  return {
    name,
    caughtBy,
    scenario: 'byzantine',
    vices: ['lawless-leader'],
    edits: [{ file: checks, find, replace }],
  }
}

export const blockMutants: readonly SourceMutant[] = [
  lawless(
    'asks for no height',
    'no-throw',
    'header.height !== parent.height + 1',
    'header.height < 0',
  ),
  lawless(
    'asks for no round of the parent',
    'block',
    'header.parentRound !== parent.round',
    'header.parentRound < 0',
  ),
  lawless(
    'takes the round of the parent again',
    'block',
    'header.round <= parent.round',
    'header.round < parent.round',
  ),
  lawless(
    'counts an attestation as often as it is named',
    'block',
    'place <= previous',
    'place < previous',
  ),
  lawless(
    'needs one less than the weight that a block must rest on',
    'block',
    'weight < needed',
    'weight + 1 < needed',
  ),
  lawless(
    'takes attestations of another round',
    'state',
    'message.round !== block.header.round',
    'message.round < 0',
  ),
  lawless(
    'believes evidence in a block as it stands',
    'block',
    'if (!checked.ok) {',
    'if (!checked.ok && evidence === undefined) {',
  ),
  lawless(
    'lets a leader end the epoch',
    'block',
    'return isRight ? undefined',
    'return isRight || next !== undefined ? undefined',
  ),
  {
    name: 'rests on what the excluded say',
    caughtBy: 'block',
    scenario: 'byzantine',
    vices: ['vote-equivocator', 'lawless-leader'],
    edits: [
      { file: checks, find: 'if (excluded.has(member)) {', replace: 'if (excluded.size < 0) {' },
    ],
  },
  {
    name: 'takes any state root',
    caughtBy: 'state',
    scenario: 'byzantine',
    vices: ['wrong-root-leader'],
    edits: [
      {
        file: checks,
        find: 'if (!areEqual(tree.root, header.stateRoot)) {',
        replace: 'if (tree === undefined) {',
      },
      {
        file: 'packages/consensus/src/finality.ts',
        find: "invariant(areEqual(tree.root, block.header.stateRoot), 'a final state has the agreed root')",
        replace: '',
      },
    ],
  },
  {
    name: 'does not look at the state that it caught up with',
    caughtBy: 'catch-up',
    scenario: 'outage',
    vices: ['false-server'],
    edits: [
      {
        file: 'packages/consensus/src/finality.ts',
        find: 'if (!areEqual(tree.root, header.stateRoot)) return',
        replace: '',
      },
      {
        file: 'test/sim/world/fetcher.ts',
        find: 'if (Buffer.compare(getStateRoot(state.value), last.header.stateRoot) !== 0) return',
        replace: 'void getStateRoot',
      },
    ],
  },
]
