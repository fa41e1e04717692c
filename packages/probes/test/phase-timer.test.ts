import assert from 'node:assert/strict'
import { makePhaseTimer } from '../src/phase-timer.ts'

describe('phase timer', () => {
  it('ends a phase when the next begins, and shows the open one up to now', () => {
    let nowUs = 0
    const phases = makePhaseTimer(() => nowUs)
    assert.deepEqual(phases.list(), [])
    phases.begin('dns')
    nowUs += 100
    phases.begin('connect')
    nowUs += 20
    assert.equal(phases.current(), 'connect')
    assert.deepEqual(phases.list(), [
      { name: 'dns', us: 100 },
      { name: 'connect', us: 20 },
    ])
    phases.end()
    nowUs += 1000
    assert.equal(phases.current(), undefined)
    assert.equal(phases.list().at(-1)?.us, 20)
  })

  it('leaves the name’s resolution out of the latency', () => {
    let nowUs = 0
    const phases = makePhaseTimer(() => nowUs)
    for (const name of ['dns', 'connect', 'first-byte'] as const) {
      phases.begin(name)
      nowUs += 10
    }
    assert.equal(phases.latencyUs(), 20n)
  })

  it('keeps a bounded number of phases, and all of their time', () => {
    let nowUs = 0
    const phases = makePhaseTimer(() => nowUs)
    for (let i = 0; i < 1000; i++) {
      phases.begin('transfer')
      nowUs++
    }
    phases.end()
    assert.equal(phases.list().length, 64)
    assert.equal(phases.latencyUs(), 1000n)
  })

  it('takes over what was timed elsewhere, after what it timed itself', () => {
    let nowUs = 0
    const phases = makePhaseTimer(() => nowUs)
    phases.begin('dns')
    nowUs += 10
    const part = [
      { name: 'connect', us: 5 },
      { name: 'transfer', us: 6 },
    ] as const
    phases.append(part)
    nowUs += 100
    assert.equal(phases.current(), undefined)
    assert.deepEqual(phases.list(), [{ name: 'dns', us: 10 }, ...part])
    assert.equal(phases.latencyUs(), 11n)
    for (let i = 0; i < 100; i++) phases.append(part)
    assert.equal(phases.list().length, 64)
    assert.equal(phases.latencyUs(), 101n * 11n)
  })
})
