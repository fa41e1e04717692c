import assert from 'node:assert/strict'
import { Prng } from '../sim/world/prng.ts'
import { splitLink } from './sky.ts'
import { draw, drawWeather, stopsAgreement, weatherNames } from './weather.ts'

const [COUNT, FAULTY] = [7, 2] as const

describe('The weather of a run', () => {
  it('is of every kind once before any comes again, and begins clear', () => {
    for (let seed = 0; seed < 50; seed++) {
      const days: string[] = []
      for (const { name } of drawWeather(new Prng(seed, 'weather'), COUNT, FAULTY)) {
        days.push(name)
        if (days.length === 20) break
      }
      assert.equal(days[0], 'clear')
      const stormy = days.filter((name) => name !== 'clear')
      const first = stormy.slice(0, weatherNames.length - 1)
      assert.equal(new Set(first).size, weatherNames.length - 1, days.join(' '))
    }
  })

  it('leaves a quorum whole but where agreement is meant to stop', () => {
    for (const name of weatherNames) {
      for (let seed = 0; seed < 200; seed++) {
        const { sky, dying, awayMax } = draw(name, new Prng(seed, name), COUNT, FAULTY)
        const groups = listGroups([...sky.blocked].map(splitLink))
        const largest = Math.max(...groups.map((group) => group.size))
        const left = Math.min(largest, COUNT - dying.length) - awayMax
        if (stopsAgreement.has(name))
          assert.ok(left < COUNT - FAULTY, `${name} ${seed}: ${left} left`)
        // One-way links cut nobody off for sure; what they cost is seen, not promised.
        else if (name !== 'one-way')
          assert.ok(left >= COUNT - FAULTY, `${name} ${seed}: ${left} left`)
      }
    }
  })

  it('is the same for a seed', () => {
    const [a, b] = [1, 1].map((seed) => draw('minority', new Prng(seed, 'w'), COUNT, FAULTY))
    assert.deepEqual(a, b)
  })
})

/** Who still reaches whom, both ways, directly or through others. */
function listGroups(blocked: readonly (readonly [from: number, to: number])[]): Set<number>[] {
  const isBlocked = (a: number, b: number) =>
    blocked.some(([from, to]) => (from === a && to === b) || (from === b && to === a))
  const left = new Set(Array.from({ length: COUNT }, (_, index) => index))
  const groups: Set<number>[] = []
  for (const start of left) {
    const group = new Set([start])
    left.delete(start)
    for (const member of group) {
      for (const other of left) {
        if (isBlocked(member, other)) continue
        group.add(other)
        left.delete(other)
      }
    }
    groups.push(group)
  }
  return groups
}
