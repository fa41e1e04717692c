import { Type } from 'typebox'
import { defineKind, type ProbeAnswer, type ProbeContext, type ProbeKind } from '../src/kind.ts'
import { makePolicy } from '../src/parts/default-policy.ts'

/** A kind whose probes are a test's own function. */
export function makeFakeKind(
  probe: (name: string, context: ProbeContext) => Promise<ProbeAnswer> | ProbeAnswer,
): ProbeKind {
  return defineKind({
    kind: 'fake',
    summary: 'For tests.',
    params: Type.Object({ name: Type.String() }, { additionalProperties: false }),
    signals: () => [
      { name: 'first', unit: 'us', scale: 0, aggregate: 'median', meaning: '' },
      { name: 'second', unit: 'ms', scale: 2, aggregate: 'corroborated', meaning: '' },
    ],
    identities: [{ name: 'mark', meaning: '' }],
    outcomes: ['timeout', 'refused'],
    defaultPolicy: () => makePolicy([]),
    probe: async ({ name }, context) => probe(name, context),
  })
}

/** An answer without anything in it. */
export const reachedNothing: ProbeAnswer = { status: 'reached', signals: {}, identities: {} }

/** What a hanging target gives. */
export function never(): Promise<never> {
  return new Promise(() => {})
}
