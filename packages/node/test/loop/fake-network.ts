import type { Acceptance, Fetched, InboundMessage, Network, TopicName } from '../../src/ports.ts'

/** What a {@link FakeNetwork} was asked to send. */
export interface Sent {
  readonly way: 'gossip' | 'direct'
  readonly topic: TopicName
  readonly bytes: Uint8Array
}

/** A network at the seam: it keeps what is sent, and answers what a test puts there. */
export class FakeNetwork implements Network {
  readonly peerId: string
  readonly addresses: readonly string[] = []
  readonly sent: Sent[] = []
  readonly asked: { kind: string; what: readonly unknown[] }[] = []
  readonly reported: { peer: string; code: string }[] = []
  answers: Partial<
    Record<'attestations' | 'blocks' | 'views' | 'certificates', readonly Fetched[]>
  > = {}
  state: Fetched | undefined
  handler: ((message: InboundMessage) => Acceptance) | undefined

  constructor(peerId = 'self') {
    this.peerId = peerId
  }
  publish(topic: TopicName, _shard: number, bytes: Uint8Array): Promise<number> {
    this.sent.push({ way: 'gossip', topic, bytes })
    return Promise.resolve(1)
  }
  sendDirect(messages: readonly { topic: TopicName; bytes: Uint8Array }[]): void {
    for (const { topic, bytes } of messages) this.sent.push({ way: 'direct', topic, bytes })
  }
  onMessage(handler: (message: InboundMessage) => Acceptance): void {
    this.handler = handler
  }
  onPeersChange(_handler?: () => void): void {}
  #answer(
    kind: keyof FakeNetwork['answers'],
    what: readonly unknown[],
  ): Promise<readonly Fetched[]> {
    this.asked.push({ kind, what })
    return Promise.resolve(this.answers[kind] ?? [])
  }
  fetchAttestations: Network['fetchAttestations'] = (digests) =>
    this.#answer('attestations', [digests])
  fetchBlocks: Network['fetchBlocks'] = (digests) => this.#answer('blocks', [digests])
  fetchViews: Network['fetchViews'] = (epoch, from, to) => this.#answer('views', [epoch, from, to])
  fetchCertificates: Network['fetchCertificates'] = (from, count) =>
    this.#answer('certificates', [from, count])
  fetchState: Network['fetchState'] = (root) => {
    this.asked.push({ kind: 'state', what: [root] })
    return Promise.resolve(this.state)
  }
  fetchHighest: Network['fetchHighest'] = (epoch) => {
    this.asked.push({ kind: 'highest', what: [epoch] })
    return Promise.resolve([])
  }
  reportPeer(peer: string, code: string): void {
    this.reported.push({ peer, code })
  }
  peers(): [] {
    return []
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}
