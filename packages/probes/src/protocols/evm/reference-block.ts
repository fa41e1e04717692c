import { type Static, Type } from 'typebox'
import type { UnixMs } from '@watchfire/attestation'
import type { BlockHead } from './ethereum.ts'
import { strictObject } from '../../parts/schemas.ts'

// The block that all monitors of a round ask about, though each asks at a moment of its own.

/** How long a chain takes to make a block. */
export const blockMsSchema = Type.Integer({
  default: 12_000,
  minimum: 1,
  maximum: 86_400_000,
  description: 'Time between blocks.',
})

/** Parameters that fix the reference block. */
const referenceSchema = strictObject({
  blockMs: blockMsSchema,
  referenceDepth: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
  referenceStep: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
})

/**
 * The height that a round's probes ask about: of the block that was the newest `referenceDepth`
 * blocks' time before the round began, cut to a multiple of `referenceStep`.
 *
 * It is counted back from the head by the times of both, so where blocks come on time it depends on
 * the round alone, not on when a monitor asks or how far its node has got. Where they do not, or
 * `blockMs` is wrong, monitors may differ for a round at a step, as they would by depth alone.
 */
export function getReferenceHeight(
  head: Pick<BlockHead, 'height' | 'timestampMs'>,
  { blockMs, referenceDepth, referenceStep }: Static<typeof referenceSchema>,
  roundStartMs: UnixMs,
): number {
  const laterMs = head.timestampMs - (roundStartMs - referenceDepth * blockMs)
  const settled = Math.max(0, head.height - Math.max(0, Math.ceil(laterMs / blockMs)))
  return settled - (settled % referenceStep)
}

/**
 * The same by depth alone, for chains whose blocks come at no regular times: monitors whose heads
 * lie on both sides of a step name different blocks for as long.
 */
export function getHeightByDepth(
  head: number,
  { referenceDepth, referenceStep }: { referenceDepth: number; referenceStep: number },
): number {
  const settled = Math.max(0, head - referenceDepth)
  return settled - (settled % referenceStep)
}
