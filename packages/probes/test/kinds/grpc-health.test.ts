import assert from 'node:assert/strict'
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create, createFileRegistry } from '@bufbuild/protobuf'
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { getEnding, type ProbeOptions, probeOnce } from '../../src/compliance/harness.ts'
import { describeKind } from '../../src/compliance/suite.ts'
import type { ProbeResult } from '../../src/kind.ts'
import { grpcHealthKind } from '../../src/kinds/grpc-health.ts'
import { readHealthResponse } from '../../src/protocols/grpc/health-messages.ts'
import { makeAuthority, type ServerIdentity } from '../authority.ts'

/** grpc.health.v1, as its .proto file has it. */
function makeHealthService() {
  const { LABEL_OPTIONAL: label } = { LABEL_OPTIONAL: FieldDescriptorProto_Label.OPTIONAL }
  const file = create(FileDescriptorProtoSchema, {
    name: 'grpc/health/v1/health.proto',
    package: 'grpc.health.v1',
    syntax: 'proto3',
    messageType: [
      {
        name: 'HealthCheckRequest',
        field: [{ name: 'service', number: 1, type: FieldDescriptorProto_Type.STRING, label }],
      },
      {
        name: 'HealthCheckResponse',
        field: [{ name: 'status', number: 1, type: FieldDescriptorProto_Type.INT32, label }],
      },
    ],
    service: [
      {
        name: 'Health',
        method: [
          {
            name: 'Check',
            inputType: '.grpc.health.v1.HealthCheckRequest',
            outputType: '.grpc.health.v1.HealthCheckResponse',
          },
        ],
      },
    ],
  })
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] }))
  const service = registry.getService('grpc.health.v1.Health')
  assert.ok(service !== undefined)
  return service
}

/** A service's status, or the code that a call to it ends with. */
type Health = (service: string) => { readonly status: number } | ConnectError

async function listen(server: Http2Server | Http2SecureServer) {
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

/** A real gRPC server. */
async function start(health: Health, identity?: ServerIdentity) {
  const service = makeHealthService()
  const routes = (router: ConnectRouter) =>
    router.service(service, {
      check(request: { service?: string }) {
        const answer = health(request.service ?? '')
        if (answer instanceof ConnectError) throw answer
        return answer
      },
    } as never)
  const handler = connectNodeAdapter({ routes, connect: false, grpcWeb: false })
  return listen(
    identity === undefined ? createServer(handler) : createSecureServer(identity, handler),
  )
}

async function probe(
  health: Health,
  params: Readonly<Record<string, unknown>> = {},
  options: ProbeOptions & { identity?: ServerIdentity } = {},
): Promise<ProbeResult> {
  const server = await start(health, options.identity)
  try {
    const basis = { host: '127.0.0.1', port: server.port, tls: options.identity !== undefined }
    return await probeOnce(grpcHealthKind, { ...basis, ...params }, options)
  } finally {
    await server.close()
  }
}

/** Probes an HTTP/2 server that answers as no gRPC library would. */
async function probeStream(
  serve: (stream: ServerHttp2Stream) => void,
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const raw = createServer()
  raw.on('stream', (stream) => {
    stream.on('error', () => stream.destroy())
    serve(stream)
  })
  raw.on('sessionError', () => {})
  const server = await listen(raw)
  try {
    const params = { host: '127.0.0.1', port: server.port, tls: false }
    return await probeOnce(grpcHealthKind, params, options)
  } finally {
    await server.close()
  }
}

const serving = () => ({ status: 1 })
const type = { 'content-type': 'application/grpc' }

describeKind(
  {
    kind: grpcHealthKind,
    transport: 'tcp',
    getParams: (host, port) => ({ host, port, tls: false }),
    getSecureParams: (host, port) => ({ host, port }),
    async setup() {
      const server = await start(serving)
      const params = { host: '127.0.0.1', port: server.port, tls: false }
      return { params, teardown: () => server.close() }
    },
  },
  { describe, it },
)

describe('kind grpc-health', () => {
  it('asks for the service it is told, of the whole server without one', async () => {
    const asked: string[] = []
    const health: Health = (service) => {
      asked.push(service)
      return serving()
    }
    assert.equal(getEnding(await probe(health)), 'reached')
    const long = 'a.Service'.repeat(20)
    assert.equal(getEnding(await probe(health, { service: long })), 'reached')
    assert.deepEqual(asked, ['', long])
  })

  it('times the call, with a connection of its own', async () => {
    const result = await probe(serving)
    assert.ok(result.status === 'reached')
    assert.deepEqual(
      result.phases.map(({ name }) => name),
      ['connect', 'request', 'first-byte', 'transfer'],
    )
    const sumUs = result.phases.reduce((sum, { us }) => sum + us, 0)
    assert.equal(result.signals['latency'], BigInt(sumUs))
  })

  it('says content of a service that does not serve, or that the server does not know', async () => {
    for (const status of [0, 2, 3, 99]) {
      assert.equal(getEnding(await probe(() => ({ status }))), 'content', `${status}`)
    }
    const unknown = await probe(() => new ConnectError('who?', Code.NotFound))
    assert.equal(getEnding(unknown), 'content')
  })

  it('tells a call that was not let in from one that went wrong', async () => {
    for (const [code, ending] of [
      [Code.Unauthenticated, 'auth'],
      [Code.PermissionDenied, 'auth'],
      [Code.Unavailable, 'status'],
      [Code.ResourceExhausted, 'status'],
      [Code.Unimplemented, 'protocol'],
    ] as const) {
      assert.equal(getEnding(await probe(() => new ConnectError('no', code))), ending, `${code}`)
    }
  })

  it('speaks with TLS, and reads when the certificate ends', async () => {
    const authority = await makeAuthority()
    const identity = await authority.issue(['127.0.0.1'], 20)
    const ca = [authority.pem]
    const result = await probe(serving, {}, { identity, ca })
    assert.ok(result.status === 'reached', getEnding(result))
    const days = Number(result.signals['expires-in']) / 86_400
    assert.ok(days > 19.9 && days <= 20, `${days} days`)
    assert.equal(getEnding(await probe(serving, {}, { identity })), 'certificate')
  })

  it('says what a server means that answers by HTTP/2 but not as gRPC does', async () => {
    for (const [name, serve, ending] of [
      ['no status', (s) => s.respond({ ':status': 503 }, { endStream: true }), 'status'],
      ['401', (s) => s.respond({ ':status': 401 }, { endStream: true }), 'auth'],
      ['a page', (s) => (s.respond({ 'content-type': 'text/html' }), s.end('<html>')), 'protocol'],
      ['no trailers', (s) => (s.respond(type), s.end()), 'protocol'],
      [
        'status and no message',
        (s) => s.respond({ ...type, 'grpc-status': '0' }, { endStream: true }),
        'protocol',
      ],
      [
        'a status that is none',
        (s) => s.respond({ ...type, 'grpc-status': 'fine' }, { endStream: true }),
        'protocol',
      ],
      ['a compressed message', (s) => respond(s, [1, 0, 0, 0, 2, 8, 1]), 'protocol'],
      ['a message cut short', (s) => respond(s, [0, 0, 0, 0, 9, 8, 1]), 'protocol'],
      ['two messages', (s) => respond(s, [0, 0, 0, 0, 2, 8, 1, 0, 0, 0, 0, 2, 8, 1]), 'protocol'],
      ['no protobuf', (s) => respond(s, [0, 0, 0, 0, 2, 255, 255]), 'protocol'],
      ['a long message', (s) => respond(s, Array<number>(2000).fill(0)), 'too-large'],
      ['a healthy message', (s) => respond(s, [0, 0, 0, 0, 2, 8, 1]), 'reached'],
      ['a reset', (s) => s.close(2), 'reset'],
      ['an end', (s) => s.session?.destroy(), 'reset'],
    ] as readonly (readonly [string, (stream: ServerHttp2Stream) => void, string])[]) {
      const result = await probeStream(serve)
      assert.equal(
        getEnding(result),
        ending,
        `${name}: ${JSON.stringify(result, ['status', 'detail'])}`,
      )
    }
    const silent = await probeStream(() => {}, { timeoutMs: 250 })
    assert.equal(getEnding(silent), 'timeout')
  })

  it('bounds all that the server sends, frames without a message among it', async () => {
    const flood = await probeStream((stream) => {
      stream.respond(type)
      const more = () => {
        while (!stream.destroyed && stream.write(Buffer.alloc(16_384)));
      }
      stream.on('drain', more)
      more()
    })
    assert.equal(getEnding(flood), 'too-large')
    const pings = await probeStream(
      (stream) => {
        const ping = () => {
          if (stream.session?.destroyed === false) stream.session.ping(() => setImmediate(ping))
        }
        for (let at = 0; at < 8; at++) ping()
      },
      { timeoutMs: 3000 },
    )
    assert.ok(['too-large', 'timeout'].includes(getEnding(pings)), JSON.stringify(pings))
    const spent = await probeStream((s) => respond(s, [0, 0, 0, 0, 2, 8, 1]), {
      bytesPerRoundMax: 9,
    })
    assert.equal(getEnding(spent), 'overloaded')
  })

  it('reads a response field by field, whatever else it holds', () => {
    for (const [bytes, status] of [
      [[], 0],
      [[8, 1], 1],
      [[8, 1, 8, 2], 2],
      [[8, 0x81, 0x00], 1],
      [[18, 2, 8, 2, 8, 1], 1],
      [[17, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1], 1],
      [[21, 1, 2, 3, 4, 8, 1], 1],
      [[8], undefined],
      [[18, 9, 1], undefined],
      [[17, 1], undefined],
      [[11], undefined],
      [[0], undefined],
      [Array<number>(11).fill(255), undefined],
    ] as const) {
      assert.equal(readHealthResponse(Uint8Array.from(bytes)), status, bytes.join(' '))
    }
  })
})

/** One body, then the trailers of a call that went well. */
function respond(stream: ServerHttp2Stream, body: readonly number[]): void {
  stream.respond(type, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Uint8Array.from(body))
}
