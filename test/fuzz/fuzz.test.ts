import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex } from '@watchfire/attestation'
import { readCorpus, toInputs } from './corpus.ts'
import { fuzzTarget, runOnce } from './run-target.ts'
import { check, type FuzzTarget, type OpenTarget } from './target.ts'
import { fuzzTargets, getPart } from './targets.ts'

const INPUTS = 3000

/** A target that is wrong in one way. */
function makeBroken(run: OpenTarget['run']): FuzzTarget {
  const draw: OpenTarget['draw'] = (prng) => Uint8Array.of(prng.next() & 255)
  return { name: 'broken', codes: ['small'], share: 1, open: () => ({ draw, run }) }
}

async function findWhat(run: OpenTarget['run'], isMeasured = false): Promise<string> {
  const options = { seed: 1, inputs: 200, isMeasured }
  const { violations } = await fuzzTarget(makeBroken(run), options)
  return violations[0]?.what ?? 'nothing'
}

describe('Every boundary, fed what it is not made for', () => {
  for (const target of fuzzTargets) {
    it(`${target.name} refuses with a code, and never throws, hangs, or says two things`, async () => {
      const { violations, inputs } = await fuzzTarget(target, {
        seed: 7,
        inputs: getPart(target, INPUTS),
        isMeasured: false,
        corpus: toInputs(readCorpus(target.name)),
      })
      assert.deepEqual(violations, [])
      assert.ok(inputs > 0)
    })

    it(`${target.name} says of each kept input what it said when that was kept`, async () => {
      const corpus = readCorpus(target.name)
      assert.ok(corpus.length > 1, 'a target without kept inputs')
      const open = await target.open()
      for (const { code, hex } of corpus) {
        const outcome = await runOnce(open, fromHex(hex))
        assert.equal(outcome.code, code, hex.slice(0, 200))
      }
      await open.close?.()
    })
  }

  it('keeps inputs only of targets that there are', () => {
    const kept = readdirSync(join(import.meta.dirname, 'corpus')).toSorted()
    assert.deepEqual(kept, fuzzTargets.map(({ name }) => `${name}.json`).toSorted())
  })
})

describe('Fuzzing', () => {
  it('finds a throw, a code of no set, and a property that does not hold', async () => {
    const thrown = await findWhat(() => {
      throw new TypeError('past the boundary')
    })
    assert.match(thrown, /past the boundary/)
    assert.match(await findWhat(() => ({ code: 'odd' })), /the code odd is of no closed set/)
    const only = await findWhat((input) => {
      check(input[0] !== 0x41, 'an A')
      return { code: 'small' }
    })
    assert.match(only, /an A/)
  })

  it('finds an answer that is another the second time', async () => {
    let runs = 0
    const what = await findWhat(() => ({ code: 'small', trace: String(runs++) }))
    assert.match(what, /small at first, then small/)
  })

  it('finds what keeps memory', async () => {
    const kept: Uint8Array[] = []
    const what = await findWhat(() => {
      kept.push(new Uint8Array(262_144))
      return { code: 'accepted' }
    }, true)
    assert.match(what, /memory grew by \d+ bytes/)
  })

  it('draws the same inputs for the same seed', async () => {
    const draw = async (seed: number) => {
      const seen: number[] = []
      const onOutcome = (input: Uint8Array) => seen.push(input[0] ?? 0)
      const target = makeBroken(() => ({ code: 'accepted' }))
      await fuzzTarget(target, { seed, inputs: 50, isMeasured: false, onOutcome })
      return seen.join()
    }
    assert.equal(await draw(3), await draw(3))
    assert.notEqual(await draw(3), await draw(4))
  })
})
