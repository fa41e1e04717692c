import type { Attestation, MemberIndex, Round } from '@watchfire/attestation'
import type { SigningKey } from '../../src/keys/key-file.ts'
import type { LogSidecar, LogSidecarWriter } from '../../src/keys/log-sidecar.ts'
import { makeSigner } from '../../src/keys/signer.ts'
import { getPublicKey } from '@watchfire/attestation'
import { makeAttestationBuffer } from '../../src/loop/attestation-buffer.ts'
import { makeFastVerify } from '../../src/loop/fast-verify.ts'
import { makeMemberBook } from '../../src/loop/member-book.ts'
import { makeNodeLoop, type NodeLoop } from '../../src/loop/node-loop.ts'
import { draftAttestation, makeSignedKeeper } from '../../src/loop/signed-keeper.ts'
import type { FinalRecord, Meter } from '../../src/ports.ts'
import { openChainStore } from '../../src/store/chain-store.ts'
import { recover } from '../../src/store/recover.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'
import { getSeed, makeContext, makeTestLog, makeTestMeter, TestClock } from '../fixtures.ts'
import { LosingDisk } from '../store/losing-disk.ts'
import { FakeNetwork } from './fake-network.ts'

const bounds = {
  attestationRounds: 1000,
  attestationBytesMax: 1e9,
  stateHeights: 1000,
  stateBytesMax: 1e9,
}

/** One member's loop with a real core, store and vote log, and everything else in a test's hands. */
export class LoopHarness {
  readonly context = makeContext()
  readonly clock: TestClock
  readonly network: FakeNetwork
  readonly meter = makeTestMeter()
  readonly log = makeTestLog()
  readonly disk: LosingDisk
  readonly finals: FinalRecord[] = []
  readonly alarms: string[] = []
  /** How often evidence became known. */
  accusations = 0
  readonly faults: { code: string; detail: string }[] = []
  readonly said: LogSidecar[] = []
  readonly store: ReturnType<typeof openChainStore>
  readonly voteLog: ReturnType<typeof openVoteLog>['log']
  readonly members: ReturnType<typeof makeMemberBook>
  readonly buffer: ReturnType<typeof makeAttestationBuffer>
  readonly loop: NodeLoop
  readonly stopping = new AbortController()
  #deferred: (() => void)[] = []

  constructor(
    member: number,
    options: {
      clock?: TestClock
      disk?: LosingDisk
      path?: string
      isDoubtful?: boolean
      /** Counts in the place of `meter`. */
      meter?: Meter
    } = {},
  ) {
    const me = member as MemberIndex
    this.clock = options.clock ?? new TestClock(2100)
    this.network = new FakeNetwork(`peer-${me}`)
    this.disk = options.disk ?? new LosingDisk()
    this.store = openChainStore(options.path ?? ':memory:', bounds)
    this.voteLog = openVoteLog(this.disk).log
    this.members = makeMemberBook(this.context, me, () => this.clock.monotonicMs())
    this.buffer = makeAttestationBuffer(this.store)
    const secretKey = getSeed(me)
    const key: SigningKey = { file: '', secretKey, publicKey: getPublicKey(secretKey) }
    const write = (said: LogSidecar): void => void this.said.push(said)
    const sidecar: LogSidecarWriter = { write, flush: write, close: () => undefined }
    this.loop = makeNodeLoop({
      context: this.context,
      me,
      recovery: recover(this.store, this.voteLog, this.context.epoch, options.isDoubtful ?? false),
      store: this.store,
      keeper: makeSignedKeeper({
        log: this.voteLog,
        sidecar,
        signer: makeSigner(key, me),
        clock: this.clock,
        meter: this.meter,
      }),
      buffer: this.buffer,
      members: this.members,
      fast: makeFastVerify(),
      clock: this.clock,
      meter: options.meter ?? this.meter,
      log: this.log,
      signal: this.stopping.signal,
      onFinal: (record) => void this.finals.push(record),
      onEvidence: () => void this.accusations++,
      onAlarm: (code) => void this.alarms.push(code),
      onFault: (fault: { code: string; detail: string }) => void this.faults.push(fault),
      defer: (run) => void this.#deferred.push(run),
    })
  }

  begin(): void {
    this.loop.begin(this.network, { take: () => true })
    this.settle()
  }

  /** Runs what was put off until there is nothing more. */
  settle(): void {
    while (this.#deferred.length > 0) for (const run of this.#deferred.splice(0)) run()
  }

  advance(byMs: number): void {
    this.clock.advance(byMs)
    this.settle()
  }
}

/** Signs an attestation of a round that says nothing of any target, and takes it in. */
export function attest(harness: LoopHarness, member: number, round: number): void {
  const message: Attestation = {
    epoch: harness.context.epoch,
    round: round as Round,
    shard: 0,
    member: member as MemberIndex,
    observations: [],
  }
  harness.loop.sign([draftAttestation(harness.context, message)])
  harness.settle()
}

/** Four members on one clock, begun. */
export function makeCommittee(): { clock: TestClock; all: LoopHarness[] } {
  const clock = new TestClock(2100)
  const all = [0, 1, 2, 3].map((member) => new LoopHarness(member, { clock }))
  for (const harness of all) harness.begin()
  return { clock, all }
}

/** Carries what each sends to all others until nobody says anything more. */
export function gossip(
  harnesses: readonly LoopHarness[],
  drop: (topic: string) => boolean = () => false,
): void {
  for (let isQuiet = false; !isQuiet; ) {
    isQuiet = true
    for (const from of harnesses)
      for (const { topic, bytes, way } of from.network.sent.splice(0)) {
        if (drop(topic)) continue
        isQuiet = false
        for (const to of harnesses)
          if (to !== from) {
            const shard = way === 'gossip' ? 0 : undefined
            to.loop.handle({ topic, shard, bytes, from: from.network.peerId, via: way })
          }
      }
    for (const harness of harnesses) harness.settle()
  }
}
