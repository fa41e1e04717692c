import assert from 'node:assert/strict'
import { assert as assertProperty, constantFrom, letrec, oneof, property, tuple } from 'fast-check'
import { RE2JS } from 're2js'
import { estimatePatternSize } from '../../src/parts/pattern-size.ts'
import {
  checkPatterns,
  findGroups,
  findPatterns,
  PATTERN_SIZE_MAX,
  placePatterns,
  SEARCH_STEPS_MAX,
} from '../../src/parts/patterns.ts'

const check = (pattern: string, textBytesMax = 1) =>
  checkPatterns(placePatterns('p', [pattern]), textBytesMax)

/** What a search may take of a busy machine; a backtracking engine would take years. */
const SEARCH_MS_MAX = 3000

describe('patterns of a manifest', () => {
  it('are found anywhere in a text, all in one pass', () => {
    const found = findPatterns(['^hello', 'o$', 'l+', 'world$', '(?i)WORLD'], 'hello world')
    assert.deepEqual(
      [...found].toSorted((a, b) => a - b),
      [0, 2, 3, 4],
    )
    assert.equal(findPatterns([], 'text').size, 0)
  })

  it('tell what their groups stand for', () => {
    assert.deepEqual(findGroups('PING :([^ ]+)( .*)?$', 'PING :abc'), ['PING :abc', 'abc', ''])
    assert.equal(findGroups('PONG', 'PING'), undefined)
  })

  it('are refused where they are none, or want what takes more than linear time', () => {
    for (const pattern of ['(', '[a', 'a**', '\\1', '(?=a)', '(?<=a)b', '(?!a)', '\\Qa\\E']) {
      assert.deepEqual(check(pattern)[0]?.code, 'bad-pattern', pattern)
    }
  })

  it('are refused where they are large, before they are compiled', () => {
    for (const pattern of [
      'a{1000}',
      '(?:a{100}){10}',
      '\\pL{1000}'.repeat(28),
      '(?:a{1,1000}b?)'.repeat(17),
      '[](]{900}',
      '[[:alpha:](]{900}',
      'a{999999999}',
      '((((a{9}){9}){9}){9})',
    ]) {
      const began = process.cpuUsage()
      assert.equal(check(pattern)[0]?.code, 'pattern-too-costly', pattern)
      assert.ok(process.cpuUsage(began).user < 50_000, pattern)
    }
  })

  it('are not refused for what stands in a class, which is one instruction', () => {
    for (const pattern of ['[]a{900}b]', '[^](a{900})]', '[[:alpha:]a{900}]', '[a\\]b{900}]']) {
      assert.deepEqual(check(pattern), [], pattern)
    }
  })

  it('are refused where all of them and the text together would take too long', () => {
    const bytes = 262_144
    assert.deepEqual(check('a'.repeat(20), bytes), [])
    const [problem] = check('a'.repeat(60), bytes)
    assert.equal(problem?.code, 'pattern-too-costly')
    assert.equal(problem?.expected, `patterns of size 32 at most, for ${bytes} bytes to search`)
    const many = placePatterns(
      'p',
      Array.from({ length: 4 }, () => 'a'.repeat(10)),
    )
    assert.deepEqual(
      checkPatterns(many, bytes).map(({ path }) => path),
      [['p', 2]],
    )
  })

  it('are never estimated smaller than they are', () => {
    const atom = constantFrom(
      'a',
      '.',
      '\\d',
      '[a-z]',
      '[^]x]',
      '[[:alpha:]]',
      '\\]',
      'é',
      '^',
      '$',
      '\\b',
      '\\pL',
    )
    const { pattern } = letrec<{ pattern: string }>((tie) => ({
      pattern: oneof(
        { maxDepth: 4 },
        atom,
        tuple(tie('pattern'), tie('pattern')).map((parts) => parts.join('')),
        tuple(tie('pattern'), tie('pattern')).map((parts) => `(?:${parts.join('|')})`),
        tuple(tie('pattern'), constantFrom('*', '+', '?', '{0,3}', '{3}', '{2,}', '{7,9}', '')).map(
          ([inner, times]) => `(${inner})${times}`,
        ),
      ),
    }))
    assertProperty(
      property(pattern, (text) => {
        let size: number
        try {
          size = RE2JS.compile(text).programSize()
        } catch {
          return
        }
        const estimate = estimatePatternSize(text) ?? 0
        assert.ok(estimate >= size, `${text}: ${estimate} of ${size}`)
      }),
      { numRuns: 500 },
    )
  })

  for (const pattern of [
    '(a+)+$',
    '(.*)*[cd]$',
    '([ab]+)*=',
    '[ab]*a[ab]{60}[cd]',
    '[ab]*a[ab]{200}[cd]\\b',
    '(?:[ab]{1,15}[cd]?){1,15}[ef]\\b',
    '(?:[ab]{3}|[ab]{5}|[ab]{7}|a[ab]{11}|b[ab]{13}|ab[ab]{17})*[ef]',
  ]) {
    it(`take a bounded time however evil they are, at the very bounds: ${pattern}`, () => {
      const size = RE2JS.compile(pattern).programSize()
      const bytes = Math.floor(SEARCH_STEPS_MAX / size)
      assert.ok(size <= PATTERN_SIZE_MAX)
      assert.deepEqual(check(pattern, bytes), [])
      const text = makeText(Math.min(bytes, 2 ** 18))
      const began = process.cpuUsage()
      findPatterns([pattern], text)
      const tookMs = process.cpuUsage(began).user / 1000
      assert.ok(tookMs < SEARCH_MS_MAX, `took ${tookMs} ms`)
    })
  }
})

/** Letters without a rhythm that an automaton could learn. */
function makeText(length: number): string {
  const letters: string[] = []
  for (let state = 1; letters.length < length; state = (state * 48_271) % 2_147_483_647) {
    letters.push(state % 2 === 0 ? 'a' : 'b')
  }
  return letters.join('')
}
