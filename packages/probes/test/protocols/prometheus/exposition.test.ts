import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readSamples } from '../../../src/protocols/prometheus/exposition.ts'

const read = (text: string, ...wanted: string[]) => {
  const samples = readSamples(text, new Set(wanted))
  assert.ok(samples.ok, samples.ok ? '' : samples.stop.detail)
  return samples.value.map(({ metric, labels, value }) => [
    metric,
    Object.fromEntries(labels),
    value,
  ])
}

describe('exposition', () => {
  it('reads the samples of the metrics that are wanted, and no others', () => {
    const text = readFileSync(
      new URL('../../fixtures/hermes-relayer-metrics.txt', import.meta.url),
      'utf8',
    )
    assert.deepEqual(read(text, 'ws_events', 'workers').slice(3, 6), [
      ['workers', { type: 'packet' }, '2'],
      ['workers', { type: 'wallet' }, '2'],
      ['ws_events', { chain: 'ibc-0' }, '115'],
    ])
    assert.deepEqual(read(text, 'nothing_of_the_kind'), [])
  })

  it('reads every form that a sample may have', () => {
    for (const [line, labels, value] of [
      ['m 1', {}, '1'],
      ['m{} 1', {}, '1'],
      ['m 1.5e+06 1395066363000', {}, '1.5e+06'],
      ['m NaN', {}, 'NaN'],
      ['m -Inf', {}, '-Inf'],
      ['  m { a = "b" , c="d", }\t2 ', { a: 'b', c: 'd' }, '2'],
      [
        'm{a="quo\\"te",b="back\\\\slash",c="new\\nline",d="}"} 3',
        { a: 'quo"te', b: 'back\\slash', c: 'new\nline', d: '}' },
        '3',
      ],
      ['m{le="+Inf"} 4 # {trace="1"} 0.5 1.6e9', { le: '+Inf' }, '4'],
      ['{"m",a="b"} 5', { a: 'b' }, '5'],
      ['m{"a.b"="c"} 6\r', { 'a.b': 'c' }, '6'],
    ] as const) {
      assert.deepEqual(read(line, 'm'), [['m', labels, value]], line)
    }
    assert.deepEqual(read('# HELP m x\n# TYPE m counter\n\nm 1\n# EOF\n', 'm'), [['m', {}, '1']])
  })

  it('says protocol of what Prometheus would not take', () => {
    for (const text of [
      '',
      '# only comments',
      'm',
      'm{',
      'm{a} 1',
      'm{a=b} 1',
      'm{a="b} 1',
      'm{a="b" c="d"} 1',
      'm{a="b"',
      '{"m","n"} 1',
      '1m 1',
      '<html>',
      'm 1\nrubbish',
      'm 1\nm{',
    ]) {
      const samples = readSamples(text, new Set(['m']))
      assert.ok(!samples.ok && samples.stop.status === 'failed', text)
      assert.equal(samples.stop.outcome, 'protocol', text)
    }
  })

  it('bounds how many samples and labels there may be', () => {
    const many = readSamples('m 1\n'.repeat(50_001), new Set(['m']))
    assert.ok(!many.ok && many.stop.status === 'failed' && many.stop.outcome === 'too-large')
    const labels = Array.from({ length: 65 }, (_, index) => `l${index}="x"`).join()
    assert.equal(readSamples(`m{${labels}} 1`, new Set(['m'])).ok, false)
  })

  it('takes time by the length of a hostile line, not by its square', () => {
    const beganMs = performance.now()
    for (const line of [
      `m{${'a="b",'.repeat(60)}`,
      `m${' '.repeat(500_000)}`,
      `m{a="${'\\'.repeat(500_000)}`,
      `m{a="${'\\n'.repeat(250_000)}`,
    ]) {
      assert.equal(readSamples(line, new Set(['m'])).ok, false)
    }
    assert.ok(performance.now() - beganMs < 2000)
  })
})
