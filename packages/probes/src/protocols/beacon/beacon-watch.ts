import type { Reached, Step } from '../../kind.ts'
import { done } from '../../steps.ts'
import {
  getLive,
  getMissers,
  getProposers,
  getValidators,
  hasBlock,
  type ValidatorState,
} from './beacon-api.ts'
import { makeBitmap } from '../../parts/readings.ts'
import type { RestApi } from '../../parts/rest-api.ts'

/** Where the start of the round lies in the chain's time. */
export interface BeaconTime {
  /** The slot that is under way. */
  readonly slot: number
  readonly slotsPerEpoch: number
}

/** What is said of the watched validators. */
export type Watched = Pick<Reached, 'signals' | 'identities'>

/** A block may be published until the end of its slot; by the end of the next everybody has it. */
const PROPOSAL_SLOTS = 2
/** An attestation of epoch e may be included until e + 1 ends; rewards are reckoned then. */
const REWARD_EPOCHS = 2

/**
 * How the watched validators do. Epochs and slots are reckoned from the start of the round, so that
 * all monitors ask about the same ones. What a node cannot tell is left out: much is optional in the
 * Beacon API, or only there for states that the node has at hand.
 *
 * @param ids - indices, or keys in hex
 */
export async function watchValidators(
  api: RestApi,
  ids: readonly string[],
  time: BeaconTime,
): Promise<Step<Watched>> {
  const head = await getValidators(api, 'head', ids)
  if (!head.ok) return head
  if (head.value === undefined) return done({ signals: {}, identities: {} })
  const find = makeFinder(head.value)
  const known = ids.map(find)
  const indices = [...new Set(head.value.map(({ index }) => index))]
  const isActive = (id: string) => find(id)?.status.startsWith('active') === true
  const parts = [
    await readBalances(api, ids),
    await readLiveness(api, known, indices, time),
    await readAttestations(api, known, indices, time),
    await readProposals(api, indices, time),
  ]
  const watched: { signals: Record<string, bigint>; identities: Record<string, Uint8Array> } = {
    signals: {
      active: count(ids, isActive),
      slashed: count(known, (each) => each?.isSlashed === true),
      exiting: count(known, (each) => each !== undefined && isLeaving(each.status)),
    },
    identities: {
      'inactive-set': makeBitmap(ids.length, (index) => !isActive(ids[index] ?? '')),
    },
  }
  for (const part of parts) {
    if (!part.ok) return part
    Object.assign(watched.signals, part.value.signals)
    Object.assign(watched.identities, part.value.identities)
  }
  return done(watched)
}

function makeFinder(list: readonly ValidatorState[]) {
  const byId = new Map(list.flatMap((each) => [[each.index, each] as const, [each.key, each]]))
  return (id: string) => byId.get(id)
}

/** On its way out, or out. */
function isLeaving(status: string): boolean {
  return /^(active_exiting|active_slashed|exited|withdrawal)/.test(status)
}

function count<T>(list: readonly T[], isCounted: (item: T) => boolean): bigint {
  return BigInt(list.filter(isCounted).length)
}

const nothing: Watched = { signals: {}, identities: {} }

/** Checkpoints are the states that nodes keep at hand, and the same for all of them. */
async function readBalances(api: RestApi, ids: readonly string[]): Promise<Step<Watched>> {
  const finalized = await getValidators(api, 'finalized', ids)
  if (!finalized.ok) return finalized
  const justified = await getValidators(api, 'justified', ids)
  if (!justified.ok) return justified
  if (finalized.value === undefined || justified.value === undefined) return done(nothing)
  const find = makeFinder(finalized.value)
  const changes = justified.value.flatMap(({ index, balance }) => {
    const before = find(index)
    return before === undefined ? [] : [balance - before.balance]
  })
  const [first] = changes
  if (first === undefined) return done(nothing)
  const worst = changes.reduce((lowest, change) => (change < lowest ? change : lowest), first)
  return done({ signals: { 'balance-change': worst }, identities: {} })
}

async function readLiveness(
  api: RestApi,
  known: readonly (ValidatorState | undefined)[],
  indices: readonly string[],
  { slot, slotsPerEpoch }: BeaconTime,
): Promise<Step<Watched>> {
  const epoch = Math.floor(slot / slotsPerEpoch) - 1
  if (epoch < 0 || indices.length === 0) return done(nothing)
  const live = await getLive(api, epoch, indices)
  if (!live.ok) return live
  const seen = live.value
  if (seen === undefined) return done(nothing)
  const isSilent = (each: ValidatorState | undefined) => each !== undefined && !seen.has(each.index)
  return done({
    signals: { 'not-live': count(known, isSilent) },
    identities: { 'not-live-set': makeBitmap(known.length, (index) => isSilent(known[index])) },
  })
}

async function readAttestations(
  api: RestApi,
  known: readonly (ValidatorState | undefined)[],
  indices: readonly string[],
  { slot, slotsPerEpoch }: BeaconTime,
): Promise<Step<Watched>> {
  const epoch = Math.floor(slot / slotsPerEpoch) - REWARD_EPOCHS
  if (epoch < 0 || indices.length === 0) return done(nothing)
  const missers = await getMissers(api, epoch, indices)
  if (!missers.ok) return missers
  const absent = missers.value
  if (absent === undefined) return done(nothing)
  const isMissed = (each: ValidatorState | undefined) =>
    each !== undefined && absent.has(each.index)
  return done({
    signals: { 'attestations-missed': count(known, isMissed) },
    identities: { 'missed-set': makeBitmap(known.length, (index) => isMissed(known[index])) },
  })
}

/** Slots of the epoch that the last settled slot is in, up to that one. */
async function readProposals(
  api: RestApi,
  indices: readonly string[],
  { slot, slotsPerEpoch }: BeaconTime,
): Promise<Step<Watched>> {
  const last = slot - PROPOSAL_SLOTS
  if (last < 1 || indices.length === 0) return done(nothing)
  const proposers = await getProposers(api, Math.floor(last / slotsPerEpoch))
  if (!proposers.ok) return proposers
  if (proposers.value === undefined) return done(nothing)
  const due = proposers.value
    .filter((duty) => duty.slot > 0 && duty.slot <= last && indices.includes(duty.index))
    // An epoch has one proposer a slot; what a node lists beyond that is not asked for.
    .slice(0, slotsPerEpoch)
  let missed = 0
  for (const duty of due) {
    const block = await hasBlock(api, duty.slot)
    if (!block.ok) return block
    if (block.value === undefined) return done(nothing)
    if (!block.value) missed++
  }
  return done({
    signals: { 'proposals-due': BigInt(due.length), 'proposals-missed': BigInt(missed) },
    identities: {},
  })
}
