import { randomBytes } from 'node:crypto'
import type { Digest, UnixMs } from '@watchfire/attestation'
import { type NetworkOptions, type OpenNetwork, openNetwork } from '../../src/network/network.ts'
import type {
  Acceptance,
  Clock,
  Counters,
  CounterSample,
  InboundMessage,
  Log,
  NetworkSource,
} from '../../src/ports.ts'

/** The machine's own clock: these tests run real sockets. */
export const clock: Clock = {
  nowMs: () => Date.now() as UnixMs,
  monotonicMs: () => performance.now(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

/** A clock that stands until it is moved. */
export function makeManualClock(): Clock & { advance(ms: number): void } {
  let now = 1_000_000
  let timers: { atMs: number; run: () => void }[] = []
  return {
    nowMs: () => now as UnixMs,
    monotonicMs: () => now,
    setTimer(delayMs, run) {
      const timer = { atMs: now + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const [next] = timers.filter(({ atMs }) => atMs <= end).toSorted((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = next.atMs
        next.run()
      }
      now = end
    },
  }
}

export const silent: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
}

/** Counters whose values a test can read by name and label. */
export function makeCounters(): Counters & { get(name: string, label?: string): number } {
  const values = new Map<string, CounterSample>()
  const put = (
    kind: CounterSample['kind'],
    name: string,
    label: string | undefined,
    value: number,
  ) => values.set(`${name} ${label ?? ''}`, { name, kind, label, value })
  const get = (name: string, label?: string) => values.get(`${name} ${label ?? ''}`)?.value ?? 0
  return {
    add: (name, label, by = 1) => put('counter', name, label, get(name, label) + by),
    set: (name, value, label) => put('gauge', name, label, value),
    list: () => [...values.values()],
    get,
  }
}

/** A store that holds nothing. */
export const emptySource: NetworkSource = {
  getAttestation: () => undefined,
  getBlock: () => undefined,
  listViewCertificates: () => [],
  listCertificates: () => [],
  getStateBytes: () => undefined,
  getHighest: () => ({
    certificate: undefined,
    height: 0 as never,
    round: 0 as never,
    member: undefined,
    own: [],
  }),
}

export interface TestNode {
  readonly network: OpenNetwork
  readonly counters: ReturnType<typeof makeCounters>
  readonly received: InboundMessage[]
  readonly peerKey: Uint8Array
  /** Its address with peer id. */
  readonly address: string
}

export const networkId = new Uint8Array(32).fill(7) as Digest

/** Opens nodes and closes them again. */
export function makeNodes() {
  const opened: TestNode[] = []
  return {
    /** A node on loopback. @param judge what its handler answers; everything is accepted without it */
    async open(
      options: Partial<NetworkOptions> = {},
      judge: (message: InboundMessage) => Acceptance = () => 'accept',
    ): Promise<TestNode> {
      const counters = makeCounters()
      const peerKey = options.peerKey ?? new Uint8Array(randomBytes(32))
      const received: InboundMessage[] = []
      const network = await openNetwork({
        networkId,
        shards: 2,
        memberIds: ['m1', 'm2', 'm3', 'm4'],
        peerKey,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        announce: [],
        bootstrap: [],
        connectionsMax: 64,
        connectionsPerHostMax: 32,
        inboundPerHostPerSecond: 100,
        source: emptySource,
        clock,
        counters,
        log: silent,
        ...options,
      })
      network.onMessage((message) => {
        received.push(message)
        return judge(message)
      })
      const [address = ''] = network.addresses
      const node = { network, counters, received, peerKey, address }
      opened.push(node)
      return node
    },
    async close() {
      await Promise.all(opened.splice(0).map(({ network }) => network.close()))
    },
  }
}

/** Waits for a condition that events outside the test bring about; the runner's time-out bounds it. */
export async function until(
  condition: () => boolean,
  what: string,
  timeoutMs = 8000,
): Promise<void> {
  const startMs = performance.now()
  while (!condition()) {
    if (performance.now() - startMs > timeoutMs) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Connected, and in the topics of each other. */
export function areJoined(a: TestNode, b: TestNode): boolean {
  const sees = (one: TestNode, other: TestNode) =>
    (one.network.peers().find(({ peerId }) => peerId === other.network.peerId)?.topics?.length ??
      0) >= 7
  return sees(a, b) && sees(b, a)
}

/** What `node` holds of `other`; NaN when it is not connected. */
export function scoreOf(node: TestNode, other: { readonly network: { peerId: string } }): number {
  const { peerId } = other.network
  return node.network.peers().find((info) => info.peerId === peerId)?.score ?? Number.NaN
}

/** The machine's clock, run faster: time-outs of seconds pass in tens of milliseconds. */
export function makeFastClock(factor: number): Clock {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs() * factor,
    setTimer: (delayMs, run) => clock.setTimer(delayMs / factor, run),
  }
}
