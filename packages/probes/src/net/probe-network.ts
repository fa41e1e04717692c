import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Step } from '../kind.ts'
import type { PhaseTimer } from '../phase-timer.ts'
import { abstained, done, failed, stopped } from '../steps.ts'
import type { AddressGuard } from './address-guard.ts'
import type { Trust } from './authorities.ts'
import { type CertificateChain, readChain } from './certificate-chain.ts'
import type { Credentials, Sent } from './credentials.ts'
import { type DatagramRequest, exchangeDatagram } from './datagram.ts'
import { judgeConnectError, judgeSocketError, judgeTlsError } from './faults.ts'
import { type PingReply, type PingRequest, ping } from './ping.ts'
import { isResolverFault, type Resolve } from './resolve.ts'

/** Where to connect. `host` is a name or an address, without brackets. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** How to secure a connection. */
export interface SecureOptions {
  /** The name that the certificate must be for. */
  readonly host: string
  /** Protocols offered by ALPN; none if left out. */
  readonly alpn?: readonly string[]
}

/**
 * One probe's way out. Every socket it opens is destroyed when the probe's signal aborts or the
 * probe ends, whatever the kind does; no promise it gives rejects.
 */
export interface ProbeNetwork {
  /**
   * Resolves and connects, timed as `dns` and `connect`. The address is checked after resolution,
   * and is the very one connected to, so a name cannot be rebound in between.
   */
  connect(endpoint: Endpoint): Promise<Step<Socket>>
  /** Does a TLS handshake on a connection, timed as `tls`; the certificate must be valid for the host. */
  secure(socket: Socket, options: SecureOptions): Promise<Step<TLSSocket>>
  /** The certificates of a connection that {@link ProbeNetwork.secure} has secured. */
  readChain(socket: TLSSocket): Step<CertificateChain>
  /**
   * Sends a question by UDP and waits for a datagram that answers it, timed as `dns`, `request` and
   * `first-byte`. Of a name's addresses the first admitted one is asked.
   */
  ask(endpoint: Endpoint, request: DatagramRequest): Promise<Step<Buffer>>
  /**
   * Sends an echo request and waits for its reply, timed as `dns`, `request` and `first-byte`, the
   * program that does it included. Of a name's addresses the first admitted one is asked.
   */
  ping(host: string, request: PingRequest): Promise<Step<PingReply>>
  /** Counts bytes read against the operator's bound for a round. */
  countBytes(bytes: number): Step<undefined>
  /** A request with what the operator has bound to the target, if it goes where that belongs. */
  authorize(url: URL, sent: Sent): Sent
}

/** What the probes of one node share, and what is bound to the target of one. */
export interface NetworkBasis {
  readonly guard: AddressGuard
  readonly resolve: Resolve
  readonly trust: Trust
  /** @returns false once the round's bound is passed */
  takeBytes(bytes: number): boolean
  readonly credentials?: Credentials | undefined
}

/** Between two addresses of a name that are tried in turn (RFC 8305 5). */
const ATTEMPT_DELAY_MS = 250
/** Addresses of a name that are tried. */
const ADDRESSES_MAX = 8

/**
 * @param getSignal - of the end of the probe, for what waits without a socket
 * @returns the network of one probe, and what closes everything it opened
 */
export function makeProbeNetwork(
  basis: NetworkBasis,
  phases: PhaseTimer,
  getSignal: () => AbortSignal,
): { net: ProbeNetwork; close: () => void } {
  const sockets = new Set<Socket>()
  const exchanges = new Set<{ close(): void }>()
  let closed = false

  function close(): void {
    closed = true
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    for (const exchange of exchanges) exchange.close()
    exchanges.clear()
  }

  function keep<S extends Socket>(socket: S): S {
    sockets.add(socket)
    // An error may come when nobody waits for one any more; it must not bring the process down.
    socket.on('error', ignoreError)
    socket.once('close', () => sockets.delete(socket))
    if (closed) socket.destroy()
    return socket
  }

  /** The addresses of a host that may be connected to. */
  async function getAddresses(host: string): Promise<Step<readonly string[]>> {
    if (isIP(host) !== 0) return admit([host])
    phases.begin('dns')
    const resolution = await basis.resolve(host, getSignal())
    if (resolution.ok) return admit(resolution.addresses)
    const detail = `${host}: ${resolution.code}`
    return stopped(
      isResolverFault(resolution.code)
        ? abstained('self-unhealthy', `our resolver cannot be asked: ${detail}`)
        : failed('dns', detail),
    )
  }

  function admit(addresses: readonly string[]): Step<readonly string[]> {
    const refusals: string[] = []
    const admitted = addresses.filter((address) => {
      const refusal = basis.guard.refuse(address)
      if (refusal !== undefined) refusals.push(refusal)
      return refusal === undefined
    })
    if (admitted.length > 0) return done(admitted.slice(0, ADDRESSES_MAX))
    return stopped(
      addresses.length === 0
        ? failed('dns', 'the name has no address')
        : abstained('forbidden-address', refusals.join(', ')),
    )
  }

  /** The first address of a host that may be asked, for what is sent to one only. */
  async function getAddress(host: string): Promise<Step<string>> {
    const addresses = await getAddresses(host)
    if (!addresses.ok) return addresses
    if (closed) return stopped(abstained('stopping', 'the probe has ended'))
    const [address] = addresses.value
    return address === undefined ? stopped(failed('dns', 'the name has no address')) : done(address)
  }

  /** Waits for an answer, and ends the exchange with the probe. */
  async function waitForAnswer<T>(
    begin: () => { readonly answer: Promise<Step<T>>; close(): void },
  ): Promise<Step<T>> {
    phases.begin('request')
    const underWay = begin()
    exchanges.add(underWay)
    phases.begin('first-byte')
    const answer = await underWay.answer
    exchanges.delete(underWay)
    phases.end()
    return answer
  }

  const net: ProbeNetwork = {
    async connect({ host, port }) {
      const addresses = await getAddresses(host)
      if (!addresses.ok) return addresses
      if (closed) return stopped(abstained('stopping', 'the probe has ended'))
      phases.begin('connect')
      const socket = keep(
        connectTcp({
          host: isIP(host) === 0 ? host : (addresses.value[0] ?? host),
          port,
          lookup: makeStaticLookup(addresses.value),
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: ATTEMPT_DELAY_MS,
          noDelay: true,
        }),
      )
      const error = await waitFor(socket, 'connect')
      if (error !== undefined) return stopped(judgeConnectError(error))
      const refusal = basis.guard.refuse(socket.remoteAddress ?? '')
      if (refusal === undefined) return done(socket)
      socket.destroy()
      return stopped(
        socket.remoteAddress === undefined
          ? failed('reset', 'closed as soon as connected')
          : abstained('forbidden-address', refusal),
      )
    },

    async secure(socket, { host, alpn }) {
      phases.begin('tls')
      if (socket.destroyed) return stopped(failed('reset', 'closed before the handshake'))
      const secured = keep(
        connectTls({
          socket,
          host,
          servername: isIP(host) === 0 ? host : '',
          secureContext: basis.trust.secureContext,
          rejectUnauthorized: true,
          ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
        }),
      )
      // From here on only the TLS socket is destroyed, and the connection with it: Node 24 crashes if
      // the connection under it is destroyed while it tells that the handshake is done.
      sockets.delete(socket)
      const error = await waitFor(secured, 'secureConnect')
      return error === undefined ? done(secured) : stopped(judgeTlsError(error))
    },

    readChain(socket) {
      const chain = readChain(socket, basis.trust)
      return chain === undefined
        ? stopped(failed('tls', 'the server showed no certificate'))
        : done(chain)
    },

    async ask({ host, port }, request) {
      const address = await getAddress(host)
      if (!address.ok) return address
      return waitForAnswer(() =>
        exchangeDatagram(address.value, port, request, (bytes) => net.countBytes(bytes)),
      )
    },

    async ping(host, request) {
      const address = await getAddress(host)
      if (!address.ok) return address
      const counted = net.countBytes(request.payloadBytes)
      if (!counted.ok) return counted
      return waitForAnswer(() => ping(address.value, request))
    },

    countBytes(bytes) {
      if (basis.takeBytes(bytes)) return done(undefined)
      return stopped(abstained('overloaded', 'the bound on bytes read in a round is passed'))
    },

    authorize: (url, sent) => basis.credentials?.apply(url, sent) ?? sent,
  }
  return { net, close }
}

/** Whoever waits for a socket has heard of its error; it destroys itself. */
function ignoreError(): void {
  // Nothing is left to be done.
}

/** Gives `net.connect` the addresses that were checked, whatever it asks. */
function makeStaticLookup(addresses: readonly string[]): LookupFunction {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, options, callback) => {
    const [first] = entries
    if (options.all === true) callback(null, entries)
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }
}

/** Waits for an event; an error or the socket's end comes as a value. */
function waitFor(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const succeed = () => settle(undefined)
    const onClose = () => settle(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const settle = (error: Error | undefined) => {
      socket.off(event, succeed).off('error', settle).off('close', onClose)
      resolve(error)
    }
    socket.once(event, succeed).once('error', settle).once('close', onClose)
  })
}

/** Reads from a socket until `enough` says so. The end of the stream ends reading too. */
export function readUntil(
  socket: Socket,
  net: ProbeNetwork,
  enough: (received: Buffer) => boolean,
): Promise<Step<{ received: Buffer; ended: boolean }>> {
  if (socket.destroyed) {
    const { errored } = socket
    const stop = errored === null ? failed('reset', 'closed') : judgeSocketError(errored)
    return Promise.resolve(stopped(stop))
  }
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      const counted = net.countBytes(chunk.length)
      if (!counted.ok) return settle(counted)
      received = Buffer.concat([received, chunk])
      if (enough(received)) settle(done({ received, ended: false }))
    }
    const onEnd = () => settle(done({ received, ended: true }))
    const onError = (error: Error) => settle(stopped(judgeSocketError(error)))
    const onClose = () => settle(stopped(failed('reset', 'closed')))
    const settle = (step: Step<{ received: Buffer; ended: boolean }>) => {
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      socket.pause()
      resolve(step)
    }
    socket.on('data', onData).once('end', onEnd).once('error', onError).once('close', onClose)
    // It was paused at the end of the last reading.
    socket.resume()
  })
}
