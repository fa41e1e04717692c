import { deepEqual, equal, ok } from 'node:assert/strict'
import { replay } from '../model/replay.ts'
import { check, findTools, simulate } from '../model/spin.ts'
import { parseTrace } from '../model/trace.ts'
import { variants } from '../model/variants.ts'

const tools = findTools()

describe('the model of the voting rules', () => {
  if ('missing' in tools) {
    // Not a pass: what was left out is named, and the run says how many variants were not checked.
    const left = variants.filter(({ isQuick }) => isQuick).map(({ name }) => name)
    it(`is LEFT OUT here, ${tools.missing} being not installed`, () => {
      console.log(`      model: NOT CHECKED, ${tools.missing} is not installed: ${left.join(', ')}`)
      ok(left.length > 0)
    })
    return
  }

  it('has a variant for each property that is refuted, and for each that holds', () => {
    for (const outcome of ['holds', 'agreement refuted', 'progress refuted'] as const) {
      ok(variants.some(({ expected, isQuick }) => isQuick && expected === outcome))
    }
    equal(new Set(variants.map(({ name }) => name)).size, variants.length)
  })

  for (const variant of variants.filter(({ isQuick }) => isQuick)) {
    it(`${variant.name}: ${variant.about}: ${variant.expected}`, () => {
      const { outcome, output, trace } = check(tools, variant)
      equal(outcome, variant.expected, output)
      const last = trace.at(-1)?.split(' ')[0]
      const shown = {
        holds: undefined,
        'agreement refuted': 'CONFLICT',
        'progress refuted': 'STUCK',
      }
      deepEqual(last, shown[outcome])
    })
  }

  it('is followed by the real core, vote by vote, on random traces', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const events = parseTrace(simulate(tools, seed, 3))
      ok(events.length > 5, `seed ${seed} has ${events.length} votes`)
      const { refused, wrong } = replay(events, 2)
      deepEqual({ seed, refused, wrong }, { seed, refused: undefined, wrong: undefined })
    }
  })

  it('has no disagreement whose votes the real core would all cast', () => {
    for (const variant of variants) {
      if (variant.expected !== 'agreement refuted' || variant.settings['LAST'] !== undefined)
        continue
      const { refused, wrong } = replay(parseTrace(check(tools, variant).trace), 2)
      ok(refused !== undefined, `${variant.name}: the core cast every vote`)
      equal(wrong, undefined, variant.name)
    }
  })
})
