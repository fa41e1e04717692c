import assert from 'node:assert/strict'
import { formatScaled } from '@watchfire/attestation'
import { formatSeconds, formatSignal, formatTime, parseDuration } from '../../src/text/units.ts'

describe('units', () => {
  it('writes microseconds and milliseconds in the unit that reads best', () => {
    assert.equal(formatSignal(870n, 'us', 0), '870 us')
    assert.equal(formatSignal(1_234n, 'us', 0), '1.23 ms')
    assert.equal(formatSignal(12_345n, 'us', 0), '12.3 ms')
    assert.equal(formatSignal(4_560_000n, 'us', 0), '4.56 s')
    assert.equal(formatSignal(1_500n, 'ms', 0), '1.50 s')
    assert.equal(formatSignal(90n, 's', 0), '1 min 30 s')
  })

  it('writes a fixed-point number with its unit and without idle zeros', () => {
    assert.equal(formatSignal(200_012_000_000n, 'usd', 8), '2000.12 usd')
    assert.equal(formatSignal(199_854_813_853n, 'usd', 8), '1998.548 usd')
    assert.equal(formatSignal(123n, 'eth', 18), '0.000000000000000123 eth')
    assert.equal(formatSignal(12_345_678_901n, '', 0), '12345678901')
    assert.equal(formatScaled(100n, 2), '1')
    assert.equal(formatScaled(5n, 2), '0.05')
    assert.equal(formatScaled(-5n, 2), '-0.05')
    assert.equal(formatScaled(7n, 0), '7')
  })

  it('keeps a negative age as it is', () => {
    assert.equal(formatSignal(-300n, 'ms', 0), '-300 ms')
  })

  it('writes the extremes of 64 bits without loss', () => {
    assert.equal(formatSignal(-(2n ** 63n), 'wei', 0), '-9223372036854775808 wei')
    assert.equal(formatSignal(2n ** 63n - 1n, 's', 0), '9223372036854775807 s')
  })

  it('writes long times in two units', () => {
    assert.equal(formatSeconds(59), '59 s')
    assert.equal(formatSeconds(60), '1 min 00 s')
    assert.equal(formatSeconds(3_725), '1 h 02 min')
    assert.equal(formatSeconds(90_000), '1 d 01 h')
  })

  it('gives a time its date only on another day', () => {
    const nowMs = Date.UTC(2026, 0, 2, 12)
    assert.equal(formatTime(Date.UTC(2026, 0, 2, 3, 4, 5), nowMs), '03:04:05Z')
    assert.equal(formatTime(Date.UTC(2026, 0, 1, 3, 4, 5), nowMs), '2026-01-01 03:04:05Z')
  })

  it('reads lengths of time, a bare number as seconds', () => {
    const read = ['500ms', '1s', '1.5s', '60', '2m', '1h'].map(parseDuration)
    assert.deepEqual(read, [500, 1000, 1500, 60_000, 120_000, 3_600_000])
  })

  it('refuses what is no length of time', () => {
    for (const text of ['', '0', '0s', '-1s', '1d', 's', '1e3', '0.1ms', 'Infinity']) {
      assert.equal(parseDuration(text), undefined, text)
    }
  })
})
