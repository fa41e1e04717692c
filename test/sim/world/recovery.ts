import type { Epoch, Round } from '@watchfire/attestation'
import type { Recovery } from '@watchfire/consensus'
import type { VoteLog } from '../../../packages/node/src/ports.ts'
import { listUntold, recover } from '../../../packages/node/src/store/recover.ts'
import type { SimDisk } from './disk.ts'

/**
 * What a restarting node hands its core, by the real `recover`. That knows one epoch, as nodes do now; the
 * world has two, and a node may have signed in the second before its disk kept the first one's end.
 *
 * @param epochs how many the network has
 */
export function recoverNode(
  disk: SimDisk,
  log: VoteLog | undefined,
  isDoubtful: boolean,
  epochs: number,
): Recovery {
  const final = disk.getFinal()
  const first = final?.header.epoch ?? (0 as Epoch)
  const recovered = recover(disk.readStore(final), log, first, isDoubtful)
  const fromGenesis = disk.readStore(undefined)
  const later = Array.from({ length: epochs - first - 1 }, (_, index) =>
    recover(fromGenesis, log, (first + 1 + index) as Epoch, isDoubtful),
  )
  return later.reduce(
    (all, each) => ({
      ...all,
      attestations: [...new Set([...all.attestations, ...each.attestations])],
      certificates: [...all.certificates, ...each.certificates],
      evidence: [...(all.evidence ?? []), ...(each.evidence ?? [])],
      signedProposals: [...all.signedProposals, ...each.signedProposals],
      signedVotes: [...all.signedVotes, ...each.signedVotes],
    }),
    recovered,
  )
}

/** What only the log kept of a restarting node's attestations: others may ask for it, as in production. */
export function listOwn(
  disk: SimDisk,
  log: VoteLog,
  epochs: number,
): ReturnType<typeof listUntold> {
  const { epoch, round } = disk.getFinal()?.header ?? { epoch: 0, round: 0 }
  const store = disk.readStore(undefined)
  return Array.from({ length: epochs - epoch }, (_, index) =>
    listUntold(store, log, (epoch + index) as Epoch, round as Round),
  ).flat()
}
