import {
  areEqual,
  type Block,
  blockType,
  decode,
  type Digest,
  type EpochContext,
  getBodyHash,
  getHeaderDigest,
  getOffender,
  type Hex,
  type State,
  toHex,
} from '@watchfire/attestation'
import type { Counters, Network, Store } from '../ports.ts'

/** Blocks asked for at once (SPEC 10); who is excluded by more of them waits for another sync. */
const blocksMax = 64

export interface ExcludedEvidenceOptions {
  readonly context: EpochContext
  readonly store: Store
  readonly counters: Counters
  readonly getNetwork: () => Network
  /** Evidence became known here, and is kept. */
  readonly onEvidence: () => void
}

/**
 * A node that took over a state by a sync knows who is excluded, and not why: the blocks with the
 * evidence lie below. They are asked for by the digests that the certificates prove, as long as
 * peers keep them.
 *
 * @returns keeps what comes of the evidence against those excluded in a state
 */
export function makeExcludedEvidence(
  options: ExcludedEvidenceOptions,
): (state: State, signal: AbortSignal) => Promise<void> {
  const { context, store, counters, getNetwork, onEvidence } = options

  /** Digests of final blocks that excluded somebody for what is not held. */
  function listWanted(state: State): ReadonlyMap<Hex, Digest> {
    const known = new Set(store.listEvidence(context.epoch).map(getOffender))
    const wanted = new Map<Hex, Digest>()
    for (const { member, round } of state.meta.excluded) {
      const final = known.has(member) ? undefined : store.getFinalAtRound(round)
      if (final !== undefined && wanted.size < blocksMax)
        wanted.set(toHex(final.headerDigest), final.headerDigest)
    }
    return wanted
  }

  /** Whether a block is one that was asked for: its header's digest is certified, and binds the body. */
  function isWanted({ header, body }: Block, wanted: ReadonlyMap<Hex, Digest>): boolean {
    return (
      wanted.has(toHex(getHeaderDigest(context.networkId, header))) &&
      areEqual(getBodyHash(body), header.body)
    )
  }

  return async (state, signal) => {
    const wanted = listWanted(state)
    if (wanted.size === 0) return
    const fetched = await getNetwork().fetchBlocks([...wanted.values()], undefined, signal)
    for (const { bytes, from } of fetched) {
      const decoded = decode(blockType, bytes)
      if (!decoded.ok || !isWanted(decoded.value, wanted)) {
        const code = decoded.ok ? 'wrong-block' : decoded.code
        counters.add('sync-refusals', code)
        getNetwork().reportPeer(from, code)
        continue
      }
      const evidence = decoded.value.body.evidence.map((each) => ({
        offender: getOffender(each),
        evidence: each,
        isFinal: true,
      }))
      store.put({ evidence })
      onEvidence()
    }
  }
}
