/** What a run of the checker can come to. */
export type Outcome = 'holds' | 'agreement refuted' | 'progress refuted'

/** One run of the checker: the rules, or the rules without one of them. */
export interface Variant {
  readonly name: string
  /** What is checked, or what was taken out, in words. */
  readonly about: string
  /** Settings of `settings.pml`. */
  readonly settings: Readonly<Record<string, number>>
  readonly expected: Outcome
  /** Whether the quick configuration has it too. */
  readonly isQuick: boolean
}

const base = (
  name: string,
  about: string,
  settings: Variant['settings'],
  isQuick = true,
): Variant => ({ name, about, settings, expected: 'holds', isQuick })

const unsafe = (name: string, about: string, settings: Variant['settings']): Variant => ({
  name,
  about,
  settings: { V: 2, ...settings },
  expected: 'agreement refuted',
  isQuick: true,
})

const stuck = (name: string, about: string, settings: Variant['settings']): Variant => ({
  name,
  about,
  settings: { V: 2, PROGRESS: 1, ...settings },
  expected: 'progress refuted',
  isQuick: true,
})

/** The rules of SPEC 6 as they are. Every search is exhaustive. */
const bases: readonly Variant[] = [
  base('rules-2', 'two views, every order of votes', { V: 2 }),
  base('rules-2-siblings', 'as rules-2, three proposals a view', { V: 2, K: 3 }),
  base('rules-3', 'three views', { V: 3, ORDERED: 2 }),
  base('epoch-2', 'two views, the epoch ends at height 1, every order', { V: 2, LAST: 1 }),
  base('epoch-3-first', 'three views, the epoch ends at height 1', { V: 3, LAST: 1, ORDERED: 2 }),
  base('epoch-3', 'three views, the epoch ends at height 2', { V: 3, LAST: 2, ORDERED: 2 }),
  base('progress-2', 'progress, two views, every order', { V: 2, PROGRESS: 1 }),
  base('progress-2-epoch', 'as progress-2, the epoch ends', { V: 2, LAST: 1, PROGRESS: 1 }),
  base(
    'progress-3-epoch',
    'progress, three views, the epoch ends at height 1',
    { V: 3, LAST: 1, PROGRESS: 1, ORDERED: 2 },
    false,
  ),
  base('progress-3', 'progress, three views', { V: 3, PROGRESS: 1, ORDERED: 2 }, false),
  base('clock-moves-views', 'safety without: views pass by certificates only (6.2)', {
    V: 2,
    CLOCK_MOVES_VIEWS: 1,
  }),
  base('nullify-any-view', 'safety without: nullify only in the current view (6.5)', {
    V: 2,
    NULLIFY_ANY_VIEW: 1,
  }),
]

/** Each without one rule: the checker must find what the rule is for. */
const mutants: readonly Variant[] = [
  unsafe('finalize-after-nullify', 'finalize is signed although nullify was (6.5)', {
    FINALIZE_AFTER_NULLIFY: 1,
  }),
  unsafe('nullify-after-finalize', 'nullify is signed although finalize was (6.5)', {
    NULLIFY_AFTER_FINALIZE: 1,
  }),
  unsafe('notarize-twice', 'two notarize votes in one view (6.5)', { NOTARIZE_TWICE: 1 }),
  unsafe('gap-unchecked', 'no nullifications between parent and view (6.4.4)', {
    GAP_UNCHECKED: 1,
  }),
  unsafe('parent-unchecked', 'the parent need not be notarized (6.4.4)', { PARENT_UNCHECKED: 1 }),
  unsafe('quorum-below', 'a quorum is floor(2W/3) (6.6)', { Q: 2 }),
  unsafe('two-byzantine', 'more than f of the weight is faulty (6.7)', { BYZ: 2 }),
  unsafe('notarize-forgotten', 'notarize votes are not replayed on restart (6.9)', {
    FORGET_NOTARIZE: 1,
  }),
  unsafe('nullify-forgotten', 'nullify votes are not replayed on restart (6.9)', {
    FORGET_NULLIFY: 1,
  }),
  unsafe('finalize-forgotten', 'finalize votes are not replayed on restart (6.9)', {
    FORGET_FINALIZE: 1,
  }),
  unsafe('child-of-last', 'a child of the epoch’s last block is voted for (6.4.6)', {
    LAST: 1,
    CHILD_OF_LAST: 1,
  }),
  unsafe('next-epoch-early', 'the next epoch begins from a last block not final (6.1)', {
    LAST: 1,
    NEXT_EPOCH_EARLY: 1,
  }),
  stuck('certificates-lost', 'a restart keeps votes and no certificate they rest on (6.5, 6.9)', {
    CERTIFICATES_LOST: 1,
  }),
  stuck('finalize-unnotarized', 'finalize is signed before the notarization is held (6.5)', {
    FINALIZE_UNNOTARIZED: 1,
  }),
  stuck('nullify-not-after-notarize', 'who notarized may not nullify (6.5)', {
    NULLIFY_AFTER_NOTARIZE_FORBIDDEN: 1,
  }),
  stuck('no-reproposal', 'the last block is not proposed again (6.3, 6.4.5)', {
    LAST: 1,
    NO_REPROPOSAL: 1,
  }),
  stuck('quorum-above', 'a quorum is all of the weight (6.6)', { Q: 4 }),
  stuck('clock-skips-views', 'views pass without certificate (6.2)', { CLOCK_MOVES_VIEWS: 1 }),
]

export const variants: readonly Variant[] = [...bases, ...mutants]
