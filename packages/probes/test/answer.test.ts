import assert from 'node:assert/strict'
import { checkAnswer } from '../src/answer.ts'
import type { ProbeAnswer } from '../src/kind.ts'
import { abstained, failed } from '../src/steps.ts'
import { makeFakeKind, never, reachedNothing } from './fake-kind.ts'

const kind = makeFakeKind(never)
const check = (answer: ProbeAnswer) => checkAnswer(kind, { name: 'a' }, answer)

describe('a kind’s answer', () => {
  it('is believed when it is what the kind declared', () => {
    const answers: ProbeAnswer[] = [
      reachedNothing,
      {
        status: 'reached',
        reference: { kind: 'time', value: 0 },
        signals: { first: 2n ** 63n - 1n, second: -(2n ** 63n) },
        identities: { mark: new Uint8Array(32) },
      },
      failed('refused', ''),
      abstained('no-secret', ''),
    ]
    for (const answer of answers) assert.equal(check(answer), answer)
  })

  it('becomes an abstention when it is anything else', () => {
    const reached = (change: object) => ({ ...reachedNothing, ...change }) as ProbeAnswer
    const answers: ProbeAnswer[] = [
      failed('tls', 'not among the outcomes'),
      reached({ signals: { other: 1n } }),
      reached({ signals: { first: 1 } }),
      reached({ signals: { first: 2n ** 63n } }),
      reached({ signals: { first: -(2n ** 63n) - 1n } }),
      reached({ identities: { other: new Uint8Array() } }),
      reached({ identities: { mark: 'text' } }),
      reached({ identities: { mark: new Uint8Array(33) } }),
      reached({ reference: { kind: 'height', value: -1 } }),
      reached({ reference: { kind: 'height', value: 0.5 } }),
      reached({ reference: { kind: 'age', value: 1 } }),
      { status: 'abstained', reason: 'mood' } as unknown as ProbeAnswer,
      { status: 'fine' } as unknown as ProbeAnswer,
    ]
    for (const answer of answers) {
      const checked = check(answer)
      assert.equal(
        checked.status === 'abstained' && checked.reason,
        'internal',
        JSON.stringify(checked),
      )
    }
  })

  it('is held to what the kind declares of its own target, listed once for each', () => {
    let listed = 0
    const moody = {
      ...kind,
      signals(params: object) {
        listed++
        return kind.signals(params).filter(({ name }) => name in params)
      },
    }
    const [one, other] = [{ first: true }, { second: true }]
    const says = (name: string): ProbeAnswer => ({
      status: 'reached',
      signals: { [name]: 1n },
      identities: {},
    })
    for (let round = 0; round < 3; round++) {
      assert.equal(checkAnswer(moody, one, says('first')).status, 'reached')
      assert.equal(checkAnswer(moody, other, says('first')).status, 'abstained')
      assert.equal(checkAnswer(moody, other, says('second')).status, 'reached')
    }
    assert.equal(listed, 2)
    // The same parameters under another kind are another target.
    assert.equal(checkAnswer(kind, other, says('first')).status, 'reached')
  })
})
