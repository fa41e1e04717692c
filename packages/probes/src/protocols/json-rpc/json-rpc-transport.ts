import type { ProbeContext, Step } from '../../kind.ts'
import { judgeStatus } from '../../net/faults.ts'
import { makeHttpSession } from '../../net/http-session.ts'
import { openWebSocket, type WebSocketChannel } from '../../net/web-socket.ts'
import { failed, stopped } from '../../steps.ts'

/** Reads a message: the answer, why the probe ends, or undefined where it is of something else. */
export type ReadMessage<T> = (message: Buffer) => Step<T> | undefined

/** Carries one call at a time to a server, over a connection opened for the first. */
export interface RpcTransport {
  exchange<T>(body: string, read: ReadMessage<T>): Promise<Step<T>>
  close(): void
}

/** Bytes of one answer: a block's header with the hashes of some 10,000 transactions. */
const ANSWER_BYTES_MAX = 1_048_576
/** Bytes of all that comes over one WebSocket, notifications that nobody asked for included. */
const CHANNEL_BYTES_MAX = 8_388_608

/** By POST. Calls share a connection as long as the server keeps it. */
export function makeHttpTransport(
  url: URL,
  headers: Readonly<Record<string, string>>,
  context: ProbeContext,
): RpcTransport {
  const session = makeHttpSession(url, context)

  return {
    async exchange(body, read) {
      const answered = await session.request({
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: { 'content-type': 'application/json', 'user-agent': 'watchfire', ...headers },
        body,
        bodyBytesMax: ANSWER_BYTES_MAX,
      })
      if (!answered.ok) return answered
      const { status, body: answer } = answered.value
      // A POST is not sent on to where a server points.
      if (status >= 300 && status <= 399) return stopped(failed('redirect', `status ${status}`))
      if (status === 500) {
        // Bitcoin Core says so of a call that failed, and why in the body.
        const explained = read(answer)
        if (explained?.ok === true) return explained
      }
      if (status < 200 || status > 299) return stopped(judgeStatus(status))
      return read(answer) ?? stopped(failed('protocol', 'no answer to the call that was made'))
    },
    close: () => session.close(),
  }
}

/** Over a WebSocket. What the server says besides the answer is read over. */
export function makeWebSocketTransport(
  url: URL,
  headers: Readonly<Record<string, string>>,
  context: ProbeContext,
): RpcTransport {
  let channel: WebSocketChannel | undefined

  return {
    async exchange(body, read) {
      if (channel === undefined) {
        const bounds = { messageBytesMax: ANSWER_BYTES_MAX, bytesMax: CHANNEL_BYTES_MAX }
        const opened = await openWebSocket(url, { headers, ...bounds }, context)
        if (!opened.ok) return opened
        channel = opened.value
      }
      context.phases.begin('request')
      channel.send(body)
      context.phases.begin('first-byte')
      for (;;) {
        const received = await channel.receive()
        if (!received.ok) {
          channel.close()
          channel = undefined
          return received
        }
        const answer = read(received.value.data)
        if (answer === undefined) continue
        context.phases.end()
        return answer
      }
    },
    close: () => channel?.close(),
  }
}
