import type { Epoch, Round, View } from '@watchfire/attestation'
import type { Clock, Store } from '../ports.ts'

/** Final blocks between two prunings of the store. */
const blocksBetween = 64
/** And at the latest after this long: attestations come in whether or not anything becomes final. */
const msBetween = 600_000

export interface Pruning {
  /** A block became final. @throws {StorageFault} */
  noteFinal(): void
  stop(): void
}

/**
 * Keeps a store within its bounds.
 *
 * @param guard runs what may fail on storage; a failure stops the node
 */
export function startPruning(
  store: Store,
  clock: Clock,
  epoch: Epoch,
  guard: (work: () => void) => void,
): Pruning {
  let blocks = 0
  function prune(): void {
    blocks = 0
    const tip = store.getFinalTip()
    const round = tip?.header.round ?? (0 as Round)
    store.prune({ round, finalView: tip?.certificate.view ?? (0 as View), epoch })
  }
  function turn(): void {
    guard(prune)
    cancel = clock.setTimer(msBetween, turn)
  }
  let cancel = clock.setTimer(msBetween, turn)
  return {
    noteFinal() {
      blocks += 1
      if (blocks >= blocksBetween) prune()
    },
    stop: () => cancel(),
  }
}
