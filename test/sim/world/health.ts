import {
  abstentions,
  type EpochContext,
  fromText,
  type Observation,
  observationStatuses,
  outcomes,
  referenceKinds,
  type TargetIndex,
  toBits,
} from '@watchfire/attestation'
import { Prng } from './prng.ts'

type Condition = 'up' | 'down' | 'slow' | 'partial' | 'behind' | 'forked'

/** Rounds that a target stays as it is, at the shortest and the longest. */
const SPELL_ROUNDS = { min: 1, max: 7 }

/** Rounds in which a chain's nodes are asked for the same height. */
const REFERENCE_ROUNDS = 3

/** What a node says its block is: that of its chain, or its own; one observer in ten sees another. */
function getHash(id: string, condition: Condition, prng: Prng): string {
  if (!prng.chance(900)) return 'seen-by-one'
  return condition === 'forked' ? `fork-${id}` : 'chain'
}

/**
 * How targets fare, and what each member makes of it: drawn from the seed, the same whoever asks
 * and however often.
 */
export class Health {
  readonly #seed: number
  readonly #spells = new Map<string, { prng: Prng; conditions: Condition[] }>()

  constructor(seed: number) {
    this.#seed = seed
  }

  /**
   * @param life counts the observer's restarts: a probe made again sees something else
   * @returns observations of the shard's targets, ascending; a target left out is absent
   */
  observe(
    context: EpochContext,
    shard: number,
    round: number,
    member: number,
    life: number,
  ): Observation[] {
    const prng = new Prng(this.#seed, `view of ${member} on ${round}/${shard} in life ${life}`)
    return context.parameters.targets.flatMap((target, index) => {
      if (target.shard !== shard) return []
      const id = context.targetIds[index] ?? ''
      const seen = this.#see(id, this.#getCondition(id, round), round, prng)
      return seen === undefined ? [] : [{ target: index as TargetIndex, ...seen }]
    })
  }

  #see(
    id: string,
    condition: Condition,
    round: number,
    prng: Prng,
  ): Omit<Observation, 'target'> | undefined {
    const nothing = {
      referenceKind: referenceKinds.none,
      reference: 0,
      signals: [],
      identities: [],
    }
    if (prng.chance(20)) return undefined
    if (prng.chance(30)) {
      const code = prng.pick([abstentions['self-unhealthy'], abstentions.overloaded])
      return { status: observationStatuses.abstained, code, ...nothing }
    }
    const fails = condition === 'down' || (condition === 'partial' && prng.chance(500))
    // One in fifty sees the opposite of what is.
    if (fails !== prng.chance(20)) {
      const code = prng.chance(800) ? outcomes.timeout : outcomes.refused
      return { status: observationStatuses.failed, code, ...nothing }
    }
    const height = BigInt(round * 2 - prng.between(0, 2) - (condition === 'behind' ? 9 : 0))
    const latencyUs = BigInt(prng.between(1000, 90_000) * (condition === 'slow' ? 20 : 1))
    return {
      status: observationStatuses.reached,
      code: 0,
      referenceKind: referenceKinds.height,
      // A few rounds ask for one height, and who is behind for the one before.
      reference: Math.max(
        0,
        Math.floor(round / REFERENCE_ROUNDS) - (condition === 'behind' ? 1 : 0),
      ),
      signals: [
        { index: 0, value: toBits(height) },
        ...(prng.chance(950) ? [{ index: 1, value: toBits(latencyUs) }] : []),
      ],
      identities: [{ index: 0, value: fromText(getHash(id, condition, prng)) }],
    }
  }

  #getCondition(id: string, round: number): Condition {
    let spells = this.#spells.get(id)
    if (spells === undefined) {
      spells = { prng: new Prng(this.#seed, `spells of ${id}`), conditions: [] }
      this.#spells.set(id, spells)
    }
    const { prng, conditions } = spells
    while (conditions.length <= round) {
      const condition = prng.pick<Condition>([
        'up',
        'up',
        'up',
        'down',
        'slow',
        'partial',
        'behind',
        'forked',
      ])
      const rounds = prng.between(SPELL_ROUNDS.min, SPELL_ROUNDS.max)
      for (let i = 0; i < rounds; i++) conditions.push(condition)
    }
    return conditions[round] ?? 'up'
  }
}
