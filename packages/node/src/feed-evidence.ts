import {
  type EpochContext,
  getEvidenceDigest,
  getOffender,
  type Height,
  makeEvidenceFile,
  type Round,
} from '@watchfire/attestation'
import type { FeedEvidence, FeedRecord } from './feed-source.ts'
import type { Store } from './ports.ts'

/** The evidence of this epoch as readers see it: at most one piece a member. */
export interface EvidenceList {
  /** The same list as before until something about it changes. */
  get(): readonly FeedEvidence[]
  /** More may be known than before. */
  renew(): void
}

/**
 * @param getLatest what is certified by now: it says who is excluded, and since which round
 */
export function makeEvidenceList(
  context: EpochContext,
  store: Store,
  getLatest: () => FeedRecord | undefined,
): EvidenceList {
  const heights = new Map<Round, Height | undefined>()
  let held: { readonly excluded: number; readonly list: readonly FeedEvidence[] } | undefined

  /** A block's height, read once: there are no more of these than members. */
  function getHeight(round: Round): Height | undefined {
    if (!heights.has(round)) heights.set(round, store.getFinalAtRound(round)?.header.height)
    return heights.get(round)
  }

  return {
    get() {
      const excluded = getLatest()?.state.meta.excluded ?? []
      // Within an epoch nobody is pardoned (SPEC 7.2), so as many are the same.
      if (held?.excluded === excluded.length) return held.list
      const list = store.listEvidence(context.epoch).map((evidence): FeedEvidence => {
        const member = getOffender(evidence)
        const offender = context.memberIds[member]
        if (offender === undefined) throw new Error(`evidence against a member ${member} of none`)
        const round = excluded.find((exclusion) => exclusion.member === member)?.round
        return {
          offender,
          evidence,
          digest: getEvidenceDigest(evidence),
          file: makeEvidenceFile(context.networkId, evidence, []),
          inclusion: round === undefined ? undefined : { round, height: getHeight(round) },
        }
      })
      held = { excluded: excluded.length, list }
      return list
    },
    renew() {
      held = undefined
    },
  }
}
