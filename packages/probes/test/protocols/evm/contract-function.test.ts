import assert from 'node:assert/strict'
import {
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  parseAbi,
  parseAbiParameters,
} from 'viem'
import { parseFunction } from '../../../src/protocols/evm/contract-function.ts'

const pool = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

function parse(signature: string, args: readonly string[] = [], output = '0') {
  const parsed = parseFunction(signature, args, output)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.call
}

/** What reading the encoded values gives: the number, or how it failed. */
function read(signature: string, output: string, types: string, values: readonly unknown[]) {
  const encoded = encodeAbiParameters(parseAbiParameters(types), values)
  return readBytes(signature, output, encoded)
}

function readBytes(signature: string, output: string, encoded: Hex): bigint | string {
  const bytes = Buffer.from(encoded.slice(2), 'hex')
  const step = parse(signature, [], output).read(bytes)
  if (step.ok) return step.value
  return step.stop.status === 'failed' ? step.stop.outcome : step.stop.reason
}

const word = (digits: string) => digits.padStart(64, '0')

describe('function of a contract', () => {
  it('is called as another ABI library encodes it, arguments of every sort included', () => {
    const signature = 'f(address, uint256, int8, bool, bytes4, bytes, string) view returns (bool)'
    const args = [
      pool,
      '340282366920938463463374607431768211456',
      '-128',
      'true',
      '0xdeadbeef',
      '0x',
      'ab',
    ]
    const expected = encodeFunctionData({
      abi: parseAbi([`function ${signature}`]),
      args: [pool, 2n ** 128n, -128, true, '0xdeadbeef', '0x', 'ab'],
    } as never)
    assert.equal(parse(signature, args).data, expected)
    assert.equal(parse('totalSupply() view returns (uint256)').data, '0x18160ddd')
    assert.equal(parse('function totalSupply() returns (uint256)').data, '0x18160ddd')
    assert.equal(parse('f(uint256) returns (bool)', ['0x10']).data.slice(-2), '10')
  })

  it('gives the output at a place or of a name, signed or not, a truth as 1 or 0', () => {
    const signature = 'state() view returns (uint112 reserve, int64 skew, bool paused, uint8 mode)'
    const values = [2n ** 112n - 1n, -(2n ** 63n), true, 7]
    const get = (output: string) => read(signature, output, 'uint112, int64, bool, uint8', values)
    assert.deepEqual(['0', '1', '2', '3'].map(get), [2n ** 112n - 1n, -(2n ** 63n), 1n, 7n])
    assert.deepEqual(['reserve', 'skew', 'paused', 'mode'].map(get), ['0', '1', '2', '3'].map(get))
    assert.equal(read('f() returns (bool)', '0', 'bool', [false]), 0n)
  })

  it('looks into tuples and lists, and counts what a list holds', () => {
    const signature =
      'get() view returns ((uint256 rate, (uint256 cap, uint256 cap) last) info, uint256[] queue, uint8[3] votes)'
    const types = '(uint256,(uint256,uint256)), uint256[], uint8[3]'
    const values = [
      [10n, [20n, 21n]],
      [5n, 6n, 7n, 8n],
      [1, 2, 3],
    ]
    for (const [output, found] of [
      ['info.rate', 10n],
      ['0.0', 10n],
      ['info.last.0', 20n],
      // Of two fields with one name the first is meant, not what was decoded last.
      ['info.last.cap', 20n],
      ['0.1.1', 21n],
      ['queue', 4n],
      ['queue.3', 8n],
      ['queue.4', 'content'],
      ['votes', 3n],
      ['2.1', 2n],
    ] as const) {
      assert.equal(read(signature, output, types, values), found, output)
    }
  })

  it('counts a list as long as an answer may be', () => {
    const queue = Array.from({ length: 30_000 }, (_, at) => BigInt(at))
    assert.equal(read('queue() returns (uint256[])', '0', 'uint256[]', [queue]), 30_000n)
  })

  it('says content of words that are not of the type they should be', () => {
    for (const [type, digits, ending] of [
      ['uint8', 'ff', 255n],
      ['uint8', '100', 'content'],
      ['uint48', 'f'.repeat(12), 2n ** 48n - 1n],
      ['uint48', `1${'0'.repeat(12)}`, 'content'],
      ['uint8', 'f'.repeat(64), 'content'],
      ['uint64', `1${'0'.repeat(16)}`, 'content'],
      ['int8', 'f'.repeat(64), -1n],
      ['int8', `${'f'.repeat(62)}80`, -128n],
      ['int8', '80', 'content'],
      ['int128', `8${'0'.repeat(31)}`, 'content'],
      ['uint', 'f'.repeat(64), 2n ** 256n - 1n],
      ['bool', '2', 'content'],
      ['bool', '1', 1n],
    ] as const) {
      assert.equal(
        readBytes(`f() returns (${type})`, '0', `0x${word(digits)}`),
        ending,
        `${type} ${digits}`,
      )
    }
  })

  it('says content of too few words, and of lists that point nowhere or into one another', () => {
    for (const encoded of [
      '0x',
      `0x${word('20')}`,
      `0x${word('40')}${word('1')}`,
      `0x${word('20')}${word('2')}${word('5')}`,
      `0x${word('f'.repeat(64))}${word('1')}`,
      `0x${word('20')}${word('f'.repeat(64))}`,
    ] as const) {
      assert.equal(readBytes('f() returns (uint256[])', '0', encoded), 'content', encoded)
    }
    // Each list holds the next one twice: 2 to the power of their depth of lists in few words.
    const level = `${word('2')}${word('40')}${word('40')}`
    const bomb = `0x${word('20')}${level.repeat(29)}${word('0')}` as const
    assert.equal(readBytes(`f() returns (uint256${'[]'.repeat(30)})`, '0', bomb), 'content')
    // Items without size: the bytes set no bound to how many there are.
    const nothing = `0x${word('20')}${word('f'.repeat(16))}${word('0')}` as const
    assert.equal(readBytes('f() returns (uint256[0][])', '0', nothing), 'content')
  })

  it('is refused where signature, arguments or output make no call, each by its field', () => {
    const one = 'f(address) returns (uint256)'
    for (const [signature, args, output, field] of [
      ['f', [], '0', 'function'],
      ['f(', [], '0', 'function'],
      ['f(uint7) returns (bool)', [], '0', 'function'],
      ['', [], '0', 'function'],
      ['f() view returns (Reserve)', [], '0', 'function'],
      [one, [], '0', 'args'],
      [one, [pool, pool], '0', 'args'],
      [one, ['0x11'], '0', 'args'],
      [one, ['somebody'], '0', 'args'],
      ['f(uint8) returns (bool)', ['256'], '0', 'args'],
      ['f(uint8) returns (bool)', ['-1'], '0', 'args'],
      ['f(int8) returns (bool)', ['128'], '0', 'args'],
      ['f(bool) returns (bool)', ['yes'], '0', 'args'],
      ['f(bytes4) returns (bool)', ['0xabcdef'], '0', 'args'],
      ['f(uint256[]) returns (bool)', ['1'], '0', 'args'],
      ['f()', [], '0', 'output'],
      ['f() returns (uint256)', [], '1', 'output'],
      ['f() returns (uint256 a)', [], 'b', 'output'],
      ['f() returns (uint256 a)', [], '0.0', 'output'],
      ['f() returns (address)', [], '0', 'output'],
      ['f() returns (string)', [], '0', 'output'],
      ['f() returns ((uint256 a) s)', [], 's', 'output'],
      ['f() returns (uint256[] a)', [], 'a.b', 'output'],
    ] as const) {
      const parsed = parseFunction(signature, args, output)
      assert.ok(!parsed.ok, signature)
      assert.equal(parsed.field, field, `${signature} ${output}`)
      assert.ok(!parsed.expected.includes('\n'))
    }
  })
})
