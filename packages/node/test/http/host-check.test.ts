import assert from 'node:assert/strict'
import { isLoopback, makeHostCheck } from '../../src/http/host-check.ts'

describe('isLoopback', () => {
  it('knows what only this machine reaches', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.8.7', '::1', '::ffff:127.0.0.1'])
      assert.ok(isLoopback(host), host)
    for (const host of [
      '0.0.0.0',
      '10.0.0.1',
      '::',
      'example.org',
      '127.0.0.1.example.org',
      '1127.0.0.1',
    ])
      assert.ok(!isLoopback(host), host)
  })
})

describe('makeHostCheck', () => {
  it('answers for loopback’s own names alone on loopback', () => {
    const check = makeHostCheck('127.0.0.1')
    for (const host of ['127.0.0.1', '127.0.0.1:7802', 'localhost:1', 'LOCALHOST', '[::1]:7802'])
      assert.ok(check(host), host)
    for (const host of [undefined, '', 'evil.example', 'localhost.evil.example', '127.0.0.1:80:80'])
      assert.ok(!check(host), String(host))
  })

  it('answers for any name in public, until the operator names some', () => {
    assert.ok(makeHostCheck('0.0.0.0')('feed.example'))
    const check = makeHostCheck('192.0.2.7', ['Feed.example'])
    assert.ok(check('feed.example:443'))
    assert.ok(check('192.0.2.7:80'))
    assert.ok(!check('other.example'))
    assert.ok(makeHostCheck('2001:db8::1', ['feed.example'])('[2001:db8::1]:80'))
  })
})
