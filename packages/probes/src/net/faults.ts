import type { Stop } from '../kind.ts'
import { abstained, describeError, failed, getErrorCode } from '../steps.ts'

// Which code of SPEC chapter 3 an error of Node, OpenSSL or undici means.

/** This machine ran out of something: no statement about the target. */
const OWN_LIMITS = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EAGAIN'])
/** This machine's own rules forbade it. */
const OWN_RULES = new Set(['EACCES', 'EPERM'])
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ENONET'])
const CERTIFICATE =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED|INVALID_(CA|PURPOSE)|PATH_LENGTH|CRL_|ERROR_IN_C|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/

/** The gravest first: an address that answered says more than one that did not. */
const CONNECT_ORDER = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT']

/** What a failed attempt to connect says; of several addresses, the one that says most. */
export function judgeConnectError(error: Error): Stop {
  const errors = error instanceof AggregateError ? (error.errors as Error[]) : [error]
  for (const code of CONNECT_ORDER) {
    const found = errors.find((each) => getErrorCode(each) === code)
    if (found !== undefined) return judgeSocketError(found)
  }
  return judgeSocketError(errors[0] ?? error)
}

/** What an error of a TCP socket says. */
export function judgeSocketError(error: Error): Stop {
  const code = getErrorCode(error) ?? ''
  const detail = describeError(error)
  if (code === 'ECONNREFUSED') return failed('refused', detail)
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    return failed('reset', detail)
  }
  if (code === 'ETIMEDOUT') return failed('timeout', detail)
  if (UNREACHABLE.has(code)) return failed('unreachable', detail)
  if (OWN_LIMITS.has(code)) return abstained('overloaded', detail)
  if (OWN_RULES.has(code)) return abstained('internal', detail)
  return isTlsCode(code) ? failed('tls', detail) : abstained('internal', detail)
}

/** What an error while securing a connection says. */
export function judgeTlsError(error: Error): Stop {
  const code = getErrorCode(error) ?? ''
  if (CERTIFICATE.test(code)) return failed('certificate', describeError(error))
  // Node reports a peer that closes in mid-handshake as ECONNRESET, whether by FIN or by RST.
  if (code === 'ECONNRESET' || code === 'EPIPE') return failed('reset', describeError(error))
  if (isTlsCode(code)) return failed('tls', describeError(error))
  return judgeSocketError(error)
}

/** What an error of an HTTP exchange on an open connection says. */
export function judgeHttpError(error: Error): Stop {
  const code = getErrorCode(error) ?? ''
  const detail = describeError(error)
  // undici's name for what its parser does not take; its code is not always set.
  if (error.name === 'HTTPParserError') return failed('protocol', detail)
  switch (code) {
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
      return failed('too-large', detail)
    case 'UND_ERR_SOCKET':
      return failed('reset', detail)
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
    case 'UND_ERR_RESPONSE':
    // undici asserts some of what a server sends, such as that a status is 100 or more.
    case 'ERR_ASSERTION':
      return failed('protocol', detail)
    default:
      return judgeSocketError(error)
  }
}

/** What ends a WebSocket, before or after its handshake, on an open connection. */
export function judgeWebSocketError(error: Error): Stop {
  const code = getErrorCode(error) ?? ''
  const detail = describeError(error)
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' || code === 'HPE_HEADER_OVERFLOW') {
    return failed('too-large', detail)
  }
  if (code.startsWith('WS_ERR_TOO_MANY_')) return failed('too-large', detail)
  // `ws` gives its refusals of a handshake no code; Node's parser gives its own.
  if (code === '' || code.startsWith('WS_ERR_') || code.startsWith('HPE_')) {
    return failed('protocol', detail)
  }
  return judgeSocketError(error)
}

/** What an error of an HTTP/2 session or stream says. */
export function judgeHttp2Error(error: Error): Stop {
  const code = getErrorCode(error) ?? ''
  const detail = describeError(error)
  // The server ended the stream, or the session with it.
  if (/^ERR_HTTP2_(STREAM_ERROR|STREAM_CANCEL|GOAWAY_SESSION|SESSION_ERROR)$/.test(code)) {
    return failed('reset', detail)
  }
  return code.startsWith('ERR_HTTP2_') ? failed('protocol', detail) : judgeSocketError(error)
}

/** What an HTTP status that is not healthy says. */
export function judgeStatus(status: number): Stop {
  return failed(status === 401 || status === 403 ? 'auth' : 'status', `status ${status}`)
}

function isTlsCode(code: string): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO'
}
