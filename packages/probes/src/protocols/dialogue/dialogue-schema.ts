import { type Static, Type } from 'typebox'
import type { ParamsProblem } from '../../kind.ts'
import { checkPatterns, patternSchema } from '../../parts/patterns.ts'
import { strictObject } from '../../parts/schemas.ts'

/** Bytes of all that a server says in a dialogue, before TLS and after together at most twice. */
export const DIALOGUE_BYTES_MAX = 16_384

const hexSchema = Type.String({ pattern: '^([0-9a-fA-F]{2}){1,512}$' })

const stepSchema = strictObject({
  expect: Type.Optional(patternSchema),
  lines: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'Lines among which one must match; left out, as many as come.',
    }),
  ),
  expectBytes: Type.Optional({ ...hexSchema, description: 'Bytes that must come next, in hex.' }),
  send: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1024,
      description: 'Text to send as it is; ${1} stands for the first group of `expect`.',
    }),
  ),
  sendBytes: Type.Optional({ ...hexSchema, description: 'Bytes to send, in hex.' }),
  startTls: Type.Optional(Type.Literal(true, { description: 'Whether TLS begins then.' })),
})
export type DialogueStep = Static<typeof stepSchema>

/** What is said to a server, and what it must say. */
export const dialogueSchema = Type.Optional(
  Type.Array(stepSchema, {
    minItems: 1,
    maxItems: 16,
    description: 'Steps: what must come, then what is sent, then whether TLS begins.',
  }),
)

/**
 * What a schema cannot say of a dialogue: `bad-dialogue`.
 *
 * @param isSecure - whether TLS begins before it
 */
export function checkDialogue(
  steps: readonly DialogueStep[],
  isSecure: boolean,
): readonly ParamsProblem[] {
  const starts = steps.flatMap(({ startTls }, index) => (startTls === true ? [index] : []))
  const second = isSecure ? starts[0] : starts[1]
  return [
    ...steps.flatMap((step, index) => {
      const expected = findFault(step)
      return expected === undefined ? [] : [problem(['dialogue', index], expected)]
    }),
    ...(second === undefined
      ? []
      : [problem(['dialogue', second, 'startTls'], 'that TLS begins once')]),
    ...checkPatterns(
      steps.flatMap(({ expect }, index) =>
        expect === undefined ? [] : [{ path: ['dialogue', index, 'expect'], pattern: expect }],
      ),
      DIALOGUE_BYTES_MAX,
    ),
  ]
}

function findFault(step: DialogueStep): string | undefined {
  if (Object.keys(step).length === 0) return 'something to expect or to send'
  if (step.expect !== undefined && step.expectBytes !== undefined) {
    return 'expect or expectBytes, not both'
  }
  if (step.send !== undefined && step.sendBytes !== undefined) return 'send or sendBytes, not both'
  return step.lines !== undefined && step.expect === undefined ? 'expect beside lines' : undefined
}

function problem(path: ParamsProblem['path'], expected: string): ParamsProblem {
  return { path, code: 'bad-dialogue', expected }
}
