import { type DecodedPacket, decode } from 'dns-packet'
import type { ProbeContext, Step } from '../../kind.ts'
import { readUntil } from '../../net/probe-network.ts'
import { readTls } from '../../parts/tls-signals.ts'
import { done, failed, stopped } from '../../steps.ts'
import { formatName, type RecordType } from './dns-records.ts'

/** A question to one server. */
export interface DnsQuestion {
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** Name that the server's certificate must be for, over TLS. */
  readonly servername: string
  readonly id: number
  readonly name: string
  readonly type: RecordType
  /** The whole message. */
  readonly bytes: Buffer
}

/** What a server answered. */
export interface DnsAnswer {
  readonly message: DecodedPacket
  /** Of the connection, where it was secured. */
  readonly tlsSignals: Readonly<Record<string, bigint>>
}

/** After this part of the time-out a question is sent again. */
const RESEND_PARTS = 4
/** A message of DNS over TCP: two bytes of length before it (RFC 1035 4.2.2). */
const MESSAGE_BYTES_MAX = 65_535

/** Asks a server: by UDP unless told otherwise, or an answer is cut short. */
export async function askDns(
  question: DnsQuestion,
  context: ProbeContext,
): Promise<Step<DnsAnswer>> {
  const { host, port, transport, bytes } = question
  if (transport === 'udp') {
    const answered = await context.net.ask(
      { host, port },
      {
        bytes,
        accept: (datagram) => isAnswer(question, decodeMessage(datagram)),
        resendMs: Math.ceil(context.timeoutMs / RESEND_PARTS),
      },
    )
    if (!answered.ok) return answered
    const message = decodeMessage(answered.value)
    if (message !== undefined && !message.flag_tc) return done({ message, tlsSignals: {} })
  }
  const answered = await askByStream(question, context)
  if (!answered.ok) return answered
  const message = decodeMessage(answered.value.bytes)
  return message !== undefined && isAnswer(question, message)
    ? done({ message, tlsSignals: answered.value.tlsSignals })
    : stopped(failed('protocol', 'no answer to the question that was asked'))
}

/**
 * Whether a message answers a question, rather than another, or somebody else's. A server that
 * refuses or fails may leave the question out (RFC 9619 calls for no more than one).
 */
function isAnswer({ id, name, type }: DnsQuestion, message: DecodedPacket | undefined): boolean {
  if (message?.type !== 'response' || message.id !== id) return false
  const [asked, ...others] = message.questions ?? []
  if (asked === undefined) return getResponseCode(message) !== 0
  return others.length === 0 && asked.type === type && formatName(asked.name) === formatName(name)
}

/** The response code of a message, as a number. */
export function getResponseCode({ flags = 0 }: DecodedPacket): number {
  return flags & 15
}

async function askByStream(
  { host, port, transport, servername, bytes }: DnsQuestion,
  context: ProbeContext,
): Promise<Step<{ bytes: Buffer; tlsSignals: DnsAnswer['tlsSignals'] }>> {
  const { net } = context
  const opened = await net.connect({ host, port })
  if (!opened.ok) return opened
  let socket = opened.value
  let tlsSignals: DnsAnswer['tlsSignals'] = {}
  if (transport === 'tls') {
    const secured = await net.secure(socket, { host: servername })
    if (!secured.ok) return secured
    const read = readTls(secured.value, context)
    if (!read.ok) return read
    tlsSignals = read.value.signals
    socket = secured.value
  }
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  socket.write(Buffer.concat([length, bytes]))
  const isWhole = (received: Buffer) =>
    received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)
  const read = await readUntil(
    socket,
    net,
    (received) => isWhole(received) || received.length > MESSAGE_BYTES_MAX + 2,
  )
  if (!read.ok) return read
  const { received } = read.value
  socket.destroy()
  return isWhole(received)
    ? done({ bytes: received.subarray(2, 2 + received.readUInt16BE(0)), tlsSignals })
    : stopped(failed('reset', 'closed before the answer was complete'))
}

/** A message, or undefined of what is none. */
function decodeMessage(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}
