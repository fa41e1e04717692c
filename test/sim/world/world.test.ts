import assert from 'node:assert/strict'
import { runScenario } from '../run.ts'
import { drawScenario } from '../scenario.ts'
import { EventQueue } from './event-queue.ts'
import { Journal } from './journal.ts'
import { goodWeather, SimNetwork } from './network.ts'
import { Prng } from './prng.ts'
import { makeScheme } from './signature-scheme.ts'
import { getFingerprint, Trace } from './trace.ts'

describe('The generator of chance', () => {
  it('draws the same from the same seed and label, and other things from others', () => {
    const draw = (seed: number, label: string) => {
      const prng = new Prng(seed, label)
      return Array.from({ length: 8 }, () => prng.next()).join()
    }
    assert.equal(draw(1, 'a'), draw(1, 'a'))
    assert.notEqual(draw(1, 'a'), draw(1, 'b'))
    assert.notEqual(draw(1, 'a'), draw(2, 'a'))
  })

  it('keeps to its range and reaches both of its ends', () => {
    const prng = new Prng(3, 'range')
    const seen = new Set(Array.from({ length: 500 }, () => prng.between(-2, 3)))
    assert.deepEqual(
      [...seen].toSorted((a, b) => a - b),
      [-2, -1, 0, 1, 2, 3],
    )
  })

  it('hits a chance about as often as it says', () => {
    const prng = new Prng(4, 'chance')
    const hits = Array.from({ length: 20_000 }, () => prng.chance(250)).filter(Boolean).length
    assert.ok(hits > 4700 && hits < 5300, `${hits} of 20000`)
  })

  it('shuffles without losing anything', () => {
    const items = [1, 2, 3, 4, 5, 6, 7]
    const shuffled = new Prng(5, 'shuffle').shuffle(items)
    assert.deepEqual(
      shuffled.toSorted((a, b) => a - b),
      items,
    )
    assert.notDeepEqual(shuffled, items)
  })
})

describe('Virtual time', () => {
  it('runs what is due in order of time, and of asking where times are equal', () => {
    const queue = new EventQueue(100)
    const seen: string[] = []
    const prng = new Prng(6, 'times')
    const times = Array.from({ length: 200 }, () => prng.between(100, 120))
    for (const [index, atMs] of times.entries()) queue.at(atMs, () => seen.push(`${atMs}/${index}`))
    queue.runUntil(120)
    const wanted = [...times.entries()]
      .toSorted(([i, a], [j, b]) => a - b || i - j)
      .map(([index, atMs]) => `${atMs}/${index}`)
    assert.deepEqual(seen, wanted)
  })

  it('leaves what is cancelled and what is due later, and what the past asks for comes at once', () => {
    const queue = new EventQueue(0)
    const seen: string[] = []
    const cancelled = queue.at(5, () => seen.push('cancelled'))
    cancelled.cancelled = true
    queue.at(11, () => seen.push('later'))
    queue.at(10, () => queue.at(3, () => seen.push(`at ${queue.nowMs}`)))
    queue.runUntil(10)
    assert.deepEqual(seen, ['at 10'])
    queue.runUntil(20)
    assert.deepEqual(seen, ['at 10', 'later'])
  })
})

describe('A journal', () => {
  it('keeps what was flushed and, of the rest, only a part from the start', () => {
    const kept = new Set<number>()
    for (let seed = 0; seed < 50; seed++) {
      const journal = new Journal<number>()
      for (const record of [1, 2]) journal.append(record)
      journal.flush()
      for (const record of [3, 4, 5]) journal.append(record)
      const lost = journal.losePower(new Prng(seed, 'power'))
      assert.deepEqual(journal.records, [1, 2, 3, 4, 5].slice(0, 5 - lost))
      kept.add(journal.records.length)
    }
    assert.deepEqual(
      [...kept].toSorted((a, b) => a - b),
      [2, 3, 4, 5],
    )
  })
})

describe('The simulated network', () => {
  const weather = { ...goodWeather, delayMsMin: 1, delayMsMax: 50 }

  it('delivers everything, out of order, within its delays', () => {
    const queue = new EventQueue(0)
    const network = new SimNetwork(queue, new Prng(1, 'network'), weather)
    const seen: number[] = []
    for (let i = 0; i < 100; i++) network.send(0, 1, () => seen.push(i))
    queue.runUntil(50)
    assert.equal(seen.length, 100)
    assert.notDeepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
  })

  it('loses and doubles as often as it says', () => {
    const queue = new EventQueue(0)
    const bad = { ...weather, lossPerMille: 300, duplicatePerMille: 200 }
    const network = new SimNetwork(queue, new Prng(2, 'network'), bad)
    let arrived = 0
    for (let i = 0; i < 2000; i++) {
      network.send(0, 1, () => {
        arrived += 1
      })
    }
    queue.runUntil(100)
    const { lost, duplicated } = network.counts
    assert.ok(lost > 500 && lost < 700 && duplicated > 200 && duplicated < 360)
    assert.equal(arrived, 2000 - lost + duplicated)
  })

  it('carries nothing across a partition, what was on its way included, until it heals', () => {
    const queue = new EventQueue(0)
    const network = new SimNetwork(queue, new Prng(3, 'network'), weather)
    const seen: string[] = []
    network.send(0, 1, () => seen.push('on its way'))
    network.partition([0, 1, 0])
    network.send(0, 1, () => seen.push('across'))
    network.send(0, 2, () => seen.push('within'))
    queue.runUntil(100)
    network.partition([])
    network.send(0, 1, () => seen.push('healed'))
    queue.runUntil(200)
    assert.deepEqual(seen, ['within', 'healed'])
  })
})

describe('Signature schemes', () => {
  for (const name of ['cheap', 'ed25519'] as const) {
    it(`${name}: bind key and message, and give the same keys to the same label`, () => {
      const scheme = makeScheme(name)
      const [one, other] = [scheme.makeKey('one'), scheme.makeKey('other')]
      const digest = new Uint8Array(32).fill(7)
      const signature = one.sign(digest)
      assert.equal(signature.length, 64)
      assert.ok(scheme.verify(signature, digest, one.publicKey))
      assert.ok(!scheme.verify(signature, digest, other.publicKey))
      assert.ok(!scheme.verify(signature, new Uint8Array(32), one.publicKey))
      assert.deepEqual(makeScheme(name).makeKey('one').publicKey, one.publicKey)
    })
  }
})

describe('What only bytes say', function () {
  this.timeout(30_000)

  it('may be worked out once for all nodes: a world goes on in the same way where each does it alone', () => {
    for (const name of ['lossy', 'byzantine', 'storm'] as const) {
      const scenario = drawScenario(4, name)
      const run = (isShared: boolean) => runScenario(scenario, { isShared }).traceHash
      assert.equal(run(true), run(false), name)
    }
  })
})

describe('A trace', () => {
  it('has a hash that every line changes, and keeps its end in words', () => {
    const hashOf = (lines: readonly string[]) => {
      const trace = new Trace()
      for (const line of lines) trace.add(line)
      const tail = trace.getTail().at(-1)
      return `${tail} ${trace.hash}`
    }
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`)
    assert.equal(hashOf(lines), hashOf(lines))
    for (const at of [0, 255, 256, 999]) {
      const changed = lines.with(at, 'another')
      assert.notEqual(hashOf(changed).split(' ').at(-1), hashOf(lines).split(' ').at(-1))
    }
  })

  it('names bytes so that one bit makes another name', () => {
    const bytes = new Uint8Array(100)
    assert.notEqual(getFingerprint(bytes), getFingerprint(bytes.with(99, 1)))
  })
})
