import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { getEnding, probeOnce, type ProbeOptions } from '../../src/compliance/harness.ts'
import { startServer } from '../../src/compliance/server.ts'
import { tcpKind } from '../../src/kinds/tcp.ts'

async function probe(
  serve: (socket: Socket) => void,
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions = {},
): Promise<string> {
  const server = await startServer(serve)
  try {
    const target = { host: '127.0.0.1', port: server.port, ...params }
    return getEnding(await probeOnce(tcpKind, target, options))
  } finally {
    await server.close()
  }
}

describe('kind tcp', () => {
  it('is content with an open connection where no text is expected', async () => {
    assert.equal(await probe((socket) => socket.resume()), 'reached')
  })

  it('tries a name’s next address when one does not answer', async () => {
    const server = await startServer((socket) => socket.resume())
    try {
      // Nothing listens on the first.
      const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.3', '127.0.0.1'] })
      const params = { host: 'two.example', port: server.port }
      const result = await probeOnce(tcpKind, params, { resolve, allow: ['127.0.0.0/8'] })
      assert.equal(getEnding(result), 'reached')
    } finally {
      await server.close()
    }
  })

  it('connects to none but the admitted of a name’s addresses', async () => {
    const forbidden = await startServer((socket) => socket.resume(), '127.0.0.3')
    try {
      const resolve = async () => ({ ok: true as const, addresses: ['127.0.0.3', '127.0.0.1'] })
      const params = { host: 'two.example', port: forbidden.port }
      const result = await probeOnce(tcpKind, params, { resolve, allow: ['127.0.0.1/32'] })
      assert.equal(getEnding(result), 'refused')
      assert.equal(forbidden.count(), 0)
    } finally {
      await forbidden.close()
    }
  })

  it('abstains as overloaded when the round’s bytes are used up', async () => {
    const serve = (socket: Socket) => socket.resume().write('SSH-2.0')
    assert.equal(
      await probe(serve, { dialogue: [{ expect: 'SSH' }] }, { bytesPerRoundMax: 6 }),
      'overloaded',
    )
  })
})
