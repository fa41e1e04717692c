import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureAdmission } from './admission.ts'
import { measureDeadLeader, measureFaultless } from './agreement.ts'
import { measurementNames } from './benchmarks.ts'
import { measureCertificates } from './certificates.ts'
import { getMedian, makeMeasurement, type Measurement } from './measurement.ts'
import { compare } from './paired.ts'
import { readProcessCost } from './process-cost.ts'
import { measureSimulation } from './simulation.ts'
import { measureInTurns } from './turns.ts'

const quick = { pairs: 2, warmUpPairs: 0 }

/** What every line has, whatever it measured. */
function checkShape(measurement: Measurement): void {
  const { name, unit, against, aim, met } = measurement
  assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/)
  assert.ok(unit.length > 0 && against.length > 0)
  for (const key of ['value', 'againstValue', 'ratio', 'ratioMin', 'ratioMax'] as const) {
    const value = measurement[key]
    assert.ok(Number.isFinite(value) && value > 0, `${name}: ${key} is ${value}`)
  }
  assert.ok(measurement.ratioMin <= measurement.ratio && measurement.ratio <= measurement.ratioMax)
  assert.ok(Number.isSafeInteger(measurement.samples) && measurement.samples > 0)
  assert.equal(typeof met, aim === undefined ? 'undefined' : 'boolean')
}

function runBench(...args: string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  const argv = ['--conditions=watchfire-source', main, ...args]
  return spawnSync(process.execPath, argv, { encoding: 'utf8' })
}

describe('bench', () => {
  it('measures admission and certificates in the shape of a line', () => {
    const measured = [measureAdmission(quick), ...measureCertificates(4, quick)]
    measured.forEach(checkShape)
    assert.equal(new Set(measured.map(({ name }) => name)).size, measured.length)
  })

  it('finds the delays of agreement in virtual time, the same on every machine', () => {
    const measured = [measureFaultless(6), measureDeadLeader(8)]
    measured.forEach(checkShape)
    assert.deepEqual(
      measured.map(({ ratio, met }) => ({ ratio, met })),
      [
        { ratio: 1, met: true },
        { ratio: 1, met: true },
      ],
    )
  })

  it('counts the rounds that the simulator does, against what is demanded of it', () => {
    const say = () => undefined
    const measured = [measureSimulation(4, say, 2), measureSimulation(31, say, 2)]
    measured.forEach(checkShape)
    assert.deepEqual(
      measured.map(({ againstValue, met, ratio }) => [againstValue, met === ratio >= 1]),
      [
        [500, true],
        [10, true],
      ],
    )
  }).timeout(60_000)

  it('prints one object a line on stdout and nothing else', () => {
    const { status, stdout } = runBench('--only', 'attestation-to-certificate')
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 1)
    const measurement = JSON.parse(lines[0] ?? '') as Measurement
    checkShape(measurement)
    assert.equal(measurement.name, 'attestation-to-certificate')
    assert.equal(status, 0)
  })

  it('has each of its measurements explained in docs/bench.md, and no other', () => {
    const text = readFileSync(new URL('../../docs/bench.md', import.meta.url), 'utf8')
    const explained = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])
    assert.deepEqual(new Set(explained), new Set(measurementNames))
  })

  it('refuses a name that no measurement has, and says which there are', () => {
    const { status, stdout, stderr } = runBench('--only', 'speed')
    assert.deepEqual({ status, stdout }, { status: 2, stdout: '' })
    assert.match(stderr, /named speed\n.*names: attestation-admission, /)
  })
})

describe('a measurement', () => {
  const finding = {
    name: 'sample',
    value: 1,
    unit: 'of them',
    against: 'others',
    againstValue: 2,
    ratio: 0.5,
    ratioMin: 0.4,
    ratioMax: 0.6,
    samples: 3,
  }

  it('meets an aim at its bound, and misses it beyond', () => {
    const isMet = (aim: NonNullable<Measurement['aim']>) => makeMeasurement({ ...finding, aim }).met
    assert.equal(isMet({ atLeast: 0.5 }), true)
    assert.equal(isMet({ atLeast: 0.51 }), false)
    assert.equal(isMet({ atMost: 0.5 }), true)
    assert.equal(isMet({ atMost: 0.49 }), false)
    assert.equal('met' in makeMeasurement(finding), false)
  })

  it('is the median of what was repeated', () => {
    assert.equal(getMedian([9, 1, 2]), 2)
    assert.equal(getMedian([4, 1, 2, 9]), 3)
    assert.equal(getMedian([7]), 7)
    assert.throws(() => getMedian([]), RangeError)
  })

  it('gives both sides the same batches in turns, each first as often as second', () => {
    const order: string[] = []
    const side = (name: string) => ({
      operations: 1,
      run(batch: number) {
        order.push(`${name}${batch}`)
        // Long enough for the clock of the processor to move.
        for (const endMs = performance.now() + 1; performance.now() < endMs; );
      },
    })
    const { samples } = compare(side('a'), side('b'), { pairs: 2, warmUpPairs: 1 })
    assert.deepEqual(order, ['a0', 'b0', 'b1', 'a1', 'a2', 'b2'])
    assert.equal(samples, 2)
  })

  it('of what is waited for holds each time against the peer’s right after, and the first against nothing', async () => {
    const left = [900, 1, 20, 2, 30, 4, 10, 5]
    const next = () => Promise.resolve(left.shift() ?? Number.NaN)
    const turns = { name: 'sample', subject: next, against: 'others', peer: next, times: 3 }
    const { value, againstValue, ratio, ratioMin, ratioMax, samples } = await measureInTurns(turns)
    assert.deepEqual({ value, againstValue, samples }, { value: 20, againstValue: 4, samples: 3 })
    assert.deepEqual({ ratio, ratioMin, ratioMax }, { ratio: 7.5, ratioMin: 2, ratioMax: 10 })
    assert.deepEqual(left, [])
  })

  it('of a process counts what it used', () => {
    const before = readProcessCost(process.pid)
    const begun = process.cpuUsage()
    // Several ticks of the kernel's count.
    while (process.cpuUsage(begun).user < 50_000);
    const after = readProcessCost(process.pid)
    assert.ok(after.cpuMs - before.cpuMs >= 30)
    assert.ok(after.rssBytes > 2 ** 20)
    assert.throws(() => readProcessCost(-1))
  })
})
