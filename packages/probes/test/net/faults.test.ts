import assert from 'node:assert/strict'
import type { Stop } from '../../src/kind.ts'
import {
  judgeConnectError,
  judgeHttpError,
  judgeSocketError,
  judgeTlsError,
} from '../../src/net/faults.ts'

function makeError(code: string): Error {
  return Object.assign(new Error(`something about ${code}`), { code })
}

function getCode(stop: Stop): string {
  return stop.status === 'failed' ? stop.outcome : stop.reason
}

describe('faults of a connection', () => {
  it('are the target’s where it refused, reset, or was not there', () => {
    for (const [code, outcome] of [
      ['ECONNREFUSED', 'refused'],
      ['ECONNRESET', 'reset'],
      ['EPIPE', 'reset'],
      ['ETIMEDOUT', 'timeout'],
      ['EHOSTUNREACH', 'unreachable'],
      ['ENETUNREACH', 'unreachable'],
    ] as const) {
      const stop = judgeSocketError(makeError(code))
      assert.equal(stop.status, 'failed')
      assert.equal(getCode(stop), outcome, code)
    }
  })

  it('are our own where this machine ran out of something, or forbade it', () => {
    for (const code of ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']) {
      assert.equal(getCode(judgeConnectError(makeError(code))), 'overloaded', code)
    }
    for (const code of ['EACCES', 'EPERM', 'ENEVERHEARDOF']) {
      assert.equal(getCode(judgeConnectError(makeError(code))), 'internal', code)
    }
    assert.equal(getCode(judgeSocketError(new Error('without a code'))), 'internal')
  })

  it('of several addresses are those of the one that answered', () => {
    const errors = ['ENETUNREACH', 'ETIMEDOUT', 'ECONNREFUSED'].map(makeError)
    assert.equal(getCode(judgeConnectError(new AggregateError(errors))), 'refused')
    assert.equal(getCode(judgeConnectError(new AggregateError(errors.slice(0, 2)))), 'timeout')
    assert.equal(getCode(judgeConnectError(new AggregateError(errors.slice(0, 1)))), 'unreachable')
    assert.equal(getCode(judgeConnectError(new AggregateError([]))), 'internal')
  })

  it('tell a certificate that is not valid from a handshake that failed', () => {
    for (const code of [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'HOSTNAME_MISMATCH',
    ]) {
      assert.equal(getCode(judgeTlsError(makeError(code))), 'certificate', code)
    }
    for (const code of ['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO', 'ERR_SSL_TLSV1_ALERT_INTERNAL']) {
      assert.equal(getCode(judgeTlsError(makeError(code))), 'tls', code)
    }
    assert.equal(getCode(judgeTlsError(makeError('ECONNRESET'))), 'reset')
  })

  it('in an exchange tell what is too large from what is no HTTP', () => {
    assert.equal(getCode(judgeHttpError(makeError('UND_ERR_HEADERS_OVERFLOW'))), 'too-large')
    assert.equal(getCode(judgeHttpError(makeError('UND_ERR_SOCKET'))), 'reset')
    const rubbish = Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' })
    assert.equal(getCode(judgeHttpError(rubbish)), 'protocol')
    assert.equal(getCode(judgeHttpError(makeError('ERR_SSL_BAD_RECORD_TYPE'))), 'tls')
  })
})
