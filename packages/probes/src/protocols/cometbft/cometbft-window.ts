import type { Step } from '../../kind.ts'
import { done } from '../../steps.ts'
import { getAccused, getSigners, getVotingPowers, type NodeStatus } from './cometbft-rpc.ts'
import type { JsonRpc } from '../json-rpc/json-rpc.ts'

/** Blocks in a row, both ends included. */
export interface BlockWindow {
  readonly from: number
  readonly to: number
}

/**
 * The last whole window that is settled. Windows follow one another without overlap, counted from
 * height 1: monitors whose heads differ by a block look at the same one, save for a round at its
 * end, and each block is in one. Of the head only the node's own view of the commit is there; the
 * block after settles it, so the head itself is in no window.
 *
 * @returns undefined where the chain is too young, or the node has dropped the window's end
 */
export function getWindow(
  { height, earliest }: Pick<NodeStatus, 'height' | 'earliest'>,
  size: number,
): BlockWindow | undefined {
  const to = Math.floor((height - 1) / size) * size
  const from = Math.max(to - size + 1, earliest)
  return to < size || from > to ? undefined : { from, to }
}

/** How the watched validators did in a window. */
export interface Participation {
  /** Summed voting power of those watched. */
  readonly votingPower: bigint
  /** How many of those watched are in the set at the window's end. */
  readonly active: number
  /** By place in the list: blocks without its signature. */
  readonly missed: readonly number[]
  /** Of these, those that few others missed too, whether watched or not. */
  readonly missedAlone: number
  /** Per mille of all voting power that did not sign, over the window. */
  readonly powerAbsent: bigint
}

/** Others missing with more than this much of their power: then it is the network, not the validator. */
const MANY_PERMILLE = 100n

/**
 * Who signed each block of a window. A validator is only held to it if it is in the set at both ends:
 * one that joined or left in between is judged from the next window on.
 */
export async function getParticipation(
  rpc: JsonRpc,
  { from, to }: BlockWindow,
  validators: readonly string[],
): Promise<Step<Participation>> {
  const atStart = await getVotingPowers(rpc, from)
  if (!atStart.ok) return atStart
  const atEnd = await getVotingPowers(rpc, to)
  if (!atEnd.ok) return atEnd
  const powers = atEnd.value
  const power = sumPowers(powers)
  const expected = validators.filter((each) => atStart.value.has(each) && powers.has(each))
  const missed = new Map<string, number>()
  let missedAlone = 0
  let absentSum = 0n
  for (let height = from; height <= to; height++) {
    const signed = await getSigners(rpc, height)
    if (!signed.ok) return signed
    const signers = signed.value
    const missers = expected.filter((each) => !signers.has(each))
    const absent = sumPowers(powers, (address) => !signers.has(address))
    absentSum += absent
    for (const each of missers) missed.set(each, (missed.get(each) ?? 0) + 1)
    // Each by itself: those watched are as much others to one another as anybody.
    missedAlone += missers.filter((each) => {
      const own = powers.get(each) ?? 0n
      return (absent - own) * 1000n <= (power - own) * MANY_PERMILLE
    }).length
  }
  const all = power * BigInt(to - from + 1)
  return done({
    votingPower: sumPowers(powers, (address) => validators.includes(address)),
    active: validators.filter((each) => powers.has(each)).length,
    missed: validators.map((each) => missed.get(each) ?? 0),
    missedAlone,
    powerAbsent: all === 0n ? 0n : (absentSum * 1000n) / all,
  })
}

function sumPowers(
  powers: ReadonlyMap<string, bigint>,
  isCounted: (address: string) => boolean = () => true,
): bigint {
  let sum = 0n
  for (const [address, power] of powers) if (isCounted(address)) sum += power
  return sum
}

/** Blocks of a window whose evidence is looked into; more is out of the ordinary, and known as such. */
const EVIDENCE_BLOCKS_MAX = 4

/**
 * How many pieces of evidence in some blocks accuse a watched validator. A block with evidence must be
 * read whole, and may exceed what a probe reads.
 *
 * @returns undefined where a block was too large
 */
export async function countAccusations(
  rpc: JsonRpc,
  heights: readonly number[],
  validators: readonly string[],
): Promise<Step<number | undefined>> {
  let count = 0
  for (const height of heights.slice(0, EVIDENCE_BLOCKS_MAX)) {
    const accused = await getAccused(rpc, height)
    if (!accused.ok) {
      const { stop } = accused
      const isTooLarge = stop.status === 'failed' && stop.outcome === 'too-large'
      return isTooLarge ? done(undefined) : accused
    }
    count += accused.value.filter((address) => validators.includes(address)).length
  }
  return done(count)
}
