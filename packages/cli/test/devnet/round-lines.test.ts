import assert from 'node:assert/strict'
import type { MonitorId, Round } from '@watchfire/attestation'
import { stripVTControlCharacters } from 'node:util'
import { makeRoundLines } from '../../src/devnet/round-lines.ts'
import type { StateView, TargetView } from '../../src/state-view.ts'

function makeTarget(verdict: string, reason = ''): TargetView {
  const isUp = verdict === 'up'
  return {
    id: 'feed',
    kind: 'price-feed',
    verdict,
    since: 0,
    reason,
    words: reason,
    reached: isUp ? 4 : 0,
    failed: isUp ? 0 : 4,
    abstained: 0,
    absent: 0,
    reference: undefined,
    signals: isUp
      ? [
          { name: 'latency', value: '1000', scale: 0, unit: 'us', text: '1.00 ms', weight: 4 },
          { name: 'price', value: '1', scale: 0, unit: 'usd', text: '2000 usd', weight: 4 },
        ]
      : [],
    identities: [],
  }
}

function makeView(round: number, target: TargetView, parentRound = round - 1): StateView {
  return {
    network: 'ab',
    epoch: 0,
    height: round,
    round,
    parentRound,
    signers: ['m1', 'm2', 'm3'],
    weight: 3,
    weightTotal: 4,
    quorum: 3,
    committee: 4,
    excluded: [],
    incidents: [],
    targets: [target],
  }
}

describe('makeRoundLines', () => {
  it('writes a heading, then a row a round with signers, delay, verdict and the telling number', () => {
    const lines = makeRoundLines({ isColored: false })
    assert.deepEqual(lines.write(makeView(5, makeTarget('up')), 850), [
      '  round  height  signed   after  feed',
      '      5       5     3/4  0.85 s  up 2000',
    ])
    assert.equal(lines.write(makeView(6, makeTarget('up')), 100).length, 1)
  })

  it('says once that a monitor is excluded, since when and why', () => {
    const lines = makeRoundLines({ isColored: false })
    lines.write(makeView(5, makeTarget('up')), 0)
    const excluded = [{ monitor: 'm2' as MonitorId, since: 6 as Round }]
    const [, line] = lines.write({ ...makeView(6, makeTarget('up')), excluded }, 0)
    assert.match(line ?? '', /^ +excluded: m2 since round 6: it signed two things for one place/)
    assert.equal(lines.write({ ...makeView(7, makeTarget('up')), excluded }, 0).length, 1)
  })

  it('says once that much of a provider is down', () => {
    const lines = makeRoundLines({ isColored: false })
    lines.write(makeView(5, makeTarget('up')), 0)
    const down = ['chain', 'feed'] as readonly string[] as StateView['incidents'][number]['down']
    const incidents = [{ provider: 'anvil', since: 6 as Round, down, judged: 2 }]
    const [, line] = lines.write({ ...makeView(6, makeTarget('up')), incidents }, 0)
    const words = '2 of 2 targets of anvil are down since round 6: chain, feed'
    assert.equal(line?.trim(), `incident: ${words}`)
    assert.equal(lines.write({ ...makeView(7, makeTarget('up')), incidents }, 0).length, 1)
  })

  it('adds a line for what changed, with what it was and why it is so', () => {
    const lines = makeRoundLines({ isColored: false })
    lines.write(makeView(5, makeTarget('up')), 0)
    const [row, change] = lines.write(makeView(6, makeTarget('down', 'refused')), 0)
    assert.match(row ?? '', / down$/)
    assert.equal(change?.trim(), 'feed  down  was up  refused, 4 failed')
    assert.equal(lines.write(makeView(7, makeTarget('down', 'refused')), 0).length, 1)
  })

  it('names the rounds that were not agreed on', () => {
    const lines = makeRoundLines({ isColored: false })
    lines.write(makeView(5, makeTarget('up')), 0)
    const [gap] = lines.write(makeView(9, makeTarget('up'), 5), 0)
    assert.equal(gap?.trim(), 'rounds 6 to 8 were not agreed on')
    const [one] = lines.write(makeView(11, makeTarget('up'), 9), 0)
    assert.equal(one?.trim(), 'round 10 was not agreed on')
  })

  it('is the same text in colour', () => {
    const view = makeView(5, makeTarget('down', 'timeout'))
    const plain = makeRoundLines({ isColored: false }).write(view, 0)
    const colored = makeRoundLines({ isColored: true }).write(view, 0)
    assert.notDeepEqual(colored, plain)
    assert.deepEqual(
      colored.map((line) => stripVTControlCharacters(line)),
      plain,
    )
  })
})
