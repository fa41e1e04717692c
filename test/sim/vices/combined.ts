import type { Powers, Sending, Vice } from './vice.ts'

/** Several vices in one node: what one makes of a message, the next makes more of. */
export function combine(vices: readonly Vice[]): Vice {
  const [only] = vices
  if (only === undefined) throw new Error('a faulty node without a vice')
  if (vices.length === 1) return only
  return {
    name: vices.map(({ name }) => name).join('+'),
    answers: vices.every(({ answers }) => answers),
    isShameless: vices.some(({ isShameless }) => isShameless === true),
    corrupt(powers, topic, shard, bytes, receivers) {
      const honest = receivers.map((to): Sending => ({ to, topic, shard, bytes }))
      return vices.reduce<readonly Sending[]>(
        (sendings, vice) => pass(powers, vice, sendings),
        honest,
      )
    },
    corruptAnswer: (powers, answer) =>
      vices.reduce((said, vice) => vice.corruptAnswer?.(powers, said) ?? said, answer),
    distort: (powers, round, seen) =>
      vices.reduce((said, vice) => vice.distort?.(powers, round, said) ?? said, [...seen]),
    hear: (powers, topic, shard, bytes) =>
      vices.flatMap((vice) => vice.hear?.(powers, topic, shard, bytes) ?? []),
  }
}

/** One vice over what another sends: the same bytes to some are one message, so that it stays so. */
function pass(powers: Powers, vice: Vice, sendings: readonly Sending[]): readonly Sending[] {
  const groups = new Map<Uint8Array, Sending[]>()
  for (const sending of sendings) {
    groups.set(sending.bytes, [...(groups.get(sending.bytes) ?? []), sending])
  }
  return [...groups].flatMap(([bytes, group]) => {
    const [first] = group
    if (first === undefined) return []
    const receivers = group.map(({ to }) => to)
    return vice.corrupt(powers, first.topic, first.shard, bytes, receivers)
  })
}
