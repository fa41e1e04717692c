import { describeKind } from '@watchfire/probes/compliance'
import { startServer } from '../../src/compliance/server.ts'
import { redisKind } from '../example-kind.ts'

// A kind as a third party writes it, through what the package exports.
describeKind(
  {
    kind: redisKind,
    transport: 'tcp',
    getParams: (host, port) => ({ host, port }),
    async setup() {
      const server = await startServer((socket) =>
        socket.on('data', () => socket.write('+PONG\r\n')),
      )
      return {
        params: { host: '127.0.0.1', port: server.port },
        teardown: () => server.close(),
      }
    },
  },
  { describe, it },
)
