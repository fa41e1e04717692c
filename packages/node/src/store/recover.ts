import {
  decode,
  type Epoch,
  type Round,
  type SignedAttestation,
  type SignedProposal,
  type SignedVote,
  signedAttestationType,
  signedProposalType,
  signedVoteType,
  type View,
} from '@watchfire/attestation'
import type { HaltCode, Recovery } from '@watchfire/consensus'
import { type KeptMessage, StorageFault, type Store, type VoteLog } from '../ports.ts'

const haltCodes: readonly string[] = [
  'state-root-mismatch',
  'invalid-notarization',
  'conflicting-finality',
] satisfies HaltCode[]

/**
 * What a node starts from: its store, and what its key signed (SPEC 6.9).
 *
 * @param isDoubtful whether the log may not be all that the key signed
 * @throws {StorageFault}
 */
export function recover(
  store: Pick<Store, 'recover' | 'listEvidence' | 'listAlarms' | 'getAttestation'>,
  voteLog: VoteLog | undefined,
  epoch: Epoch,
  isDoubtful: boolean,
): Recovery {
  const known = { ...store.recover(epoch), evidence: store.listEvidence(epoch) }
  const halted = store.listAlarms().find(({ code }) => haltCodes.includes(code))
  const base = halted === undefined ? known : { ...known, halted: halted.code as HaltCode }
  if (voteLog === undefined) return { ...base, signedProposals: [], signedVotes: [] }

  const finalView = known.final?.certificate?.view ?? (0 as View)
  const finalRound = known.final?.header.round ?? 0
  const highest = Number.MAX_SAFE_INTEGER as View
  const kept = voteLog.listViews(epoch, finalView, highest)
  const own = listUntold(store, voteLog, epoch, finalRound as Round)
  const { floor } = voteLog
  return {
    ...base,
    attestations: [...known.attestations, ...own.map(({ signed }) => signed)],
    signedProposals: kept.filter(({ place }) => place.kind === 'proposal').map(readProposal),
    signedVotes: kept.filter(({ place }) => place.kind === 'vote').map(readVote),
    ...(isDoubtful
      ? { muteUntilView: 'told' as const }
      : floor.epoch === epoch && floor.view > 0
        ? { muteUntilView: floor.view }
        : {}),
  }
}

/** An attestation of this node's own, as its log kept it. */
interface OwnAttestation extends KeptMessage {
  readonly signed: SignedAttestation
}

/**
 * What this node attested after `finalRound` and the store was not told of, since a crash came before:
 * others may ask for it by digest (SPEC 6.4.9), which `recover` does not see to.
 *
 * @throws {StorageFault}
 */
export function listUntold(
  store: Pick<Store, 'getAttestation'>,
  voteLog: VoteLog,
  epoch: Epoch,
  finalRound: Round,
): readonly OwnAttestation[] {
  return voteLog
    .listAttestations(epoch, (finalRound + 1) as Round)
    .filter(({ digest }) => store.getAttestation(digest) === undefined)
    .map((kept) => ({ ...kept, signed: readKept(signedAttestationType, kept) }))
}

function readKept<T>(type: Parameters<typeof decode<T>>[0], { bytes }: KeptMessage): T {
  const decoded = decode(type, bytes)
  if (!decoded.ok)
    throw new StorageFault('corrupt', `the vote log holds what does not decode: ${decoded.detail}`)
  return decoded.value
}
const readProposal = (kept: KeptMessage): SignedProposal => readKept(signedProposalType, kept)
const readVote = (kept: KeptMessage): SignedVote => readKept(signedVoteType, kept)
