import {
  blockType,
  type Digest,
  decode,
  type Epoch,
  type Height,
  type MemberIndex,
  toHex,
  type View,
} from '@watchfire/attestation'
import type { Input } from '@watchfire/consensus'
import {
  type Clock,
  type Counters,
  type Fetched,
  type InboundMessage,
  type Log,
  type Network,
  StorageFault,
  type TopicName,
} from '../ports.ts'

// What is missing is pulled (SPEC 10, 11). Everything that comes so goes through the same admission
// as what is gossiped; a peer whose answer is refused there is charged for it.

/** Requests of one kind under way at once; the core asks again for what did not come. */
const requestsMax = 8
/** A request ends after this long, whatever came. */
const requestMsMax = 4000

/** An input without its time: the loop adds that. */
export type Fed = Input extends infer I ? (I extends Input ? Omit<I, 'nowMs'> : never) : never

export interface Puller {
  fetchAttestations(digests: readonly Digest[], from: MemberIndex | undefined): void
  fetchBlocks(digests: readonly Digest[]): void
  fetchViews(epoch: Epoch, from: View, to: View): void
  sync(height: Height): void
  /** Asks every peer for its highest certificate, and takes those in. */
  askHighest(epoch: Epoch): void
  /** Settles when nothing is under way. */
  settle(): Promise<void>
}

export interface PullerOptions {
  readonly getNetwork: () => Network
  readonly counters: Counters
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** A peer that lately brought something of this member. */
  readonly getHint: (member: MemberIndex) => string | undefined
  readonly receive: (message: InboundMessage) => void
  /** Storage failed below a request: the node must stop. */
  readonly onFault: (fault: StorageFault) => void
  readonly feed: (input: Fed) => void
  /** Catches up from final heights (SPEC 11); see `makeSync`. */
  readonly sync: (height: Height, signal: AbortSignal) => Promise<void>
}

export function makePuller(options: PullerOptions): Puller {
  const { getNetwork, counters, clock, log, receive, feed } = options
  const underWay = new Map<string, Promise<void>>()

  /** Runs a request unless the same one is under way; its failure is counted, never thrown. */
  function run(kind: string, key: string, request: (signal: AbortSignal) => Promise<void>): void {
    const name = `${kind}/${key}`
    const ofKind = [...underWay.keys()].filter((each) => each.startsWith(`${kind}/`)).length
    if (options.signal.aborted || underWay.has(name) || ofKind >= requestsMax) return
    counters.add('fetches', kind)
    const controller = new AbortController()
    const cancel =
      kind === 'sync' ? undefined : clock.setTimer(requestMsMax, () => controller.abort())
    const signal = AbortSignal.any([options.signal, controller.signal])
    const done = request(signal)
      .catch((error: unknown) => {
        if (error instanceof StorageFault) {
          options.onFault(error)
          return
        }
        counters.add('fetch-failures', kind)
        log.warn({ kind, error: String(error) }, 'fetching failed')
      })
      .finally(() => {
        cancel?.()
        underWay.delete(name)
      })
    underWay.set(name, done)
  }

  function takeAll(topic: TopicName, fetched: readonly Fetched[]): void {
    for (const { bytes, from } of fetched)
      receive({ topic, shard: undefined, bytes, from, via: 'fetch' })
  }

  return {
    fetchAttestations(digests, from) {
      const hint = from === undefined ? undefined : options.getHint(from)
      run('attestations', digests.map(toHex).join(), async (signal) => {
        takeAll('attestation', await getNetwork().fetchAttestations(digests, hint, signal))
      })
    },
    fetchBlocks(digests) {
      run('blocks', digests.map(toHex).join(), async (signal) => {
        for (const { bytes, from } of await getNetwork().fetchBlocks(digests, undefined, signal)) {
          const block = decode(blockType, bytes)
          if (block.ok) feed({ kind: 'block', block: block.value })
          else getNetwork().reportPeer(from, block.code)
        }
      })
    },
    fetchViews(epoch, from, to) {
      run('views', `${epoch}/${from}/${to}`, async (signal) => {
        takeAll('certificate', await getNetwork().fetchViews(epoch, from, to, signal))
      })
    },
    sync(height) {
      // One at a time: a second would ask for what the first is bringing.
      run('sync', '', (signal) => options.sync(height, signal))
    },
    askHighest(epoch) {
      run('highest', String(epoch), async (signal) => {
        for (const { certificate, from, own } of await getNetwork().fetchHighest(epoch, signal)) {
          if (certificate !== undefined) takeAll('certificate', [{ bytes: certificate, from }])
          takeAll(
            'vote',
            own.map((bytes) => ({ bytes, from })),
          )
        }
      })
    },
    async settle() {
      await Promise.all(underWay.values())
    },
  }
}
