import type { Reached, Step } from '../../kind.ts'
import { done } from '../../steps.ts'
import type { JsonRpc } from '../json-rpc/json-rpc.ts'
import { makeBitmap } from '../../parts/readings.ts'
import { type EpochInfo, getProduction, getVoteAccount, type VoteAccount } from './solana-rpc.ts'

/** A vote that lands at once earns this many credits a slot (SIMD-0033). */
const CREDITS_PER_SLOT = 16
/** Until so much of an epoch has passed, a share of it says little. */
const SLOTS_MIN = 200

/** How the watched vote accounts do, by the account that does worst. */
export async function watchVotes(
  rpc: JsonRpc,
  votePubkeys: readonly string[],
  time: EpochInfo,
): Promise<Step<Pick<Reached, 'signals' | 'identities'>>> {
  const accounts: (VoteAccount | undefined)[] = []
  for (const votePubkey of votePubkeys) {
    const account = await getVoteAccount(rpc, votePubkey)
    if (!account.ok) return account
    accounts.push(account.value)
  }
  const known = accounts.filter((account) => account !== undefined)
  let [leaderSlots, blocks] = [0, 0]
  for (const node of new Set(known.map((account) => account.node))) {
    const production = await getProduction(rpc, node, undefined)
    if (!production.ok) return production
    leaderSlots += production.value.leaderSlots
    blocks += production.value.blocks
  }
  const isDelinquent = (account: VoteAccount | undefined) => account?.isDelinquent !== false
  return done({
    signals: {
      delinquent: BigInt(accounts.filter(isDelinquent).length),
      ...(known.length === 0 ? {} : readWorst(known, time)),
      'slots-due': BigInt(leaderSlots),
      'slots-skipped': BigInt(leaderSlots - blocks),
    },
    identities: {
      'delinquent-set': makeBitmap(accounts.length, (index) => isDelinquent(accounts[index])),
    },
  })
}

function readWorst(accounts: readonly VoteAccount[], time: EpochInfo): Record<string, bigint> {
  const credits = Math.min(...accounts.map((account) => account.credits.get(time.epoch) ?? 0))
  const rootSlots = accounts.map(({ rootSlot }) => rootSlot).filter((slot) => slot !== undefined)
  const distance = (slots: readonly number[]) => BigInt(time.slot - Math.min(...slots))
  return {
    'vote-distance': distance(accounts.map(({ lastVote }) => lastVote)),
    ...(rootSlots.length === 0 ? {} : { 'root-distance': distance(rootSlots) }),
    credits: BigInt(credits),
    ...(time.slotIndex < SLOTS_MIN
      ? {}
      : {
          'credits-share': BigInt(
            Math.floor((credits * 1000) / (time.slotIndex * CREDITS_PER_SLOT)),
          ),
        }),
  }
}
