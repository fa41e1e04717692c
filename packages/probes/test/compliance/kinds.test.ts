import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { httpKind } from '../../src/kinds/http.ts'
import { tcpKind } from '../../src/kinds/tcp.ts'
import { startServer } from '../../src/compliance/server.ts'
import { describeKind } from '../../src/compliance/suite.ts'

const runner = { describe, it }

describeKind(
  {
    kind: tcpKind,
    transport: 'tcp',
    getParams: (host, port) => ({ host, port, send: 'hi\n', expect: 'welcome' }),
    async setup() {
      const server = await startServer((socket) => socket.resume().write('welcome\n'))
      return {
        params: { host: '127.0.0.1', port: server.port, expect: 'welcome' },
        teardown: () => server.close(),
      }
    },
  },
  runner,
)

describeKind(
  {
    kind: httpKind,
    transport: 'http',
    getParams: (host, port) => ({ url: `http://${host}:${port}/` }),
    getSecureParams: (host, port) => ({ url: `https://${host}:${port}/` }),
    async setup() {
      const server = createHttpServer((_request, response) => response.end('fine'))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      return {
        params: { url: `http://127.0.0.1:${port}/` },
        teardown: () => new Promise((resolve) => server.close(() => resolve())),
      }
    },
  },
  runner,
)
