import assert from 'node:assert/strict'
import { ask, type Asked, askReached, askUntil } from './ask.ts'
import type { PathEnd, PathOptions, RelayerProgram } from './servers/relayer-program.ts'
import { SIMD_BLOCK_MS, startSimd } from './servers/simd.ts'

/** The parameters of kind `ibc` for an end of a path, with its channel. */
export function makeEndParams({ chain, clientId, channel }: PathEnd): object {
  const { rpcUrl: url, chainId } = chain
  return { url, chainId, clientId, channel: { id: channel }, blockMs: SIMD_BLOCK_MS }
}

/** Asks an end of a path. */
export function end(of: PathEnd, over: object = {}) {
  return ['ibc', { ...makeEndParams(of), ...over }] as const
}

/** Waits until no packet is pending at an end. */
export async function untilDelivered(at: PathEnd, withinMs: number): Promise<void> {
  await askUntil('nothing pending', withinMs, end(at), ({ signals }) => {
    return signals['backlog'] === 0n && signals['oldest-pending'] === 0n
  })
}

/** A relayer that is frozen does not answer, while an end of its path tells what waits for it. Then it goes on. */
export async function checkFrozen(
  { process }: RelayerProgram,
  asked: Asked,
  at: PathEnd,
): Promise<void> {
  process.freeze()
  await at.chain.sendPackets(at.channel, 1)
  const frozen = await ask(...asked)
  assert.ok(frozen.status === 'failed')
  assert.equal(frozen.outcome, 'timeout')
  assert.equal((await askReached(...end(at))).signals['backlog'], 1n)
  process.thaw()
  await untilDelivered(at, 120_000)
}

/** Two chains, and a relayer that has made a path between them and relays on it. */
export async function startPath(
  start: (options: PathOptions) => Promise<RelayerProgram>,
  trustingSeconds: number,
): Promise<RelayerProgram> {
  const chains = [await startSimd('ibc-0'), await startSimd('ibc-1')] as const
  return start({ chains, trustingSeconds })
}
