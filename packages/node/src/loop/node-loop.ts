import {
  type Digest,
  decode,
  type EpochContext,
  getStatusDigest,
  type MemberIndex,
  type State,
  signedStatusType,
  toHex,
  type UnixMs,
  type Verify,
  type View,
  verifySignature,
} from '@watchfire/attestation'
import {
  type AdmissionResult,
  type AdmittedMessage,
  type AlarmCode,
  admit,
  type CoreState,
  type Effect,
  getAdmissionWindow,
  getStatus,
  type Input,
  makeAdmission,
  type Recovery,
  setAdmissionWindow,
  start,
  type Status,
  step,
} from '@watchfire/consensus'
import { countVerdicts } from '../metrics/count-verdicts.ts'
import {
  type Acceptance,
  type Clock,
  type FinalRecord,
  type InboundMessage,
  type Log,
  type Meter,
  type Network,
  type SignatureBudget,
  StorageFault,
  type Store,
} from '../ports.ts'
import type { AttestationBuffer } from './attestation-buffer.ts'
import { makeEffectShell } from './effect-shell.ts'
import { makeExcludedEvidence } from './excluded-evidence.ts'
import { isSignedByMember, makeSignatureCheck } from './fast-verify.ts'
import { getPriority, type InputPriority, makeInputQueue } from './input-queue.ts'
import { findForeignSignature } from './foreign-signature.ts'
import { describe, type LoopFaultCode } from './loop-fault.ts'
import type { MemberBook } from './member-book.ts'
import { type Fed, makePuller, type Puller } from './puller.ts'
import { makeRetryQueue } from './retry-queue.ts'
import type { Draft, Outgoing, SignedKeeper } from './signed-keeper.ts'
import { makeSync } from './sync.ts'

// The effect loop: the one place where the core meets the world (SPEC 6).
//
//   bytes ► admit (SPEC 8) ► input queue ► step ► effects ► store ► vote log ► network
//                ▲                                                       │
//                └──────────────── our own messages ─────────────────────┘
//
// Everything here runs on one thread and without an await, so a step sees all effects of the one
// before it carried out.

/** Inputs of each priority that may wait; beyond it messages are kept back before they are judged. */
const capacity: Readonly<Record<InputPriority, number>> = {
  own: 4096,
  agreement: 8192,
  bulk: 32_768,
}
/** A slice of work, after which timers and sockets have their turn. */
const sliceMs = 20
/** Effects carried out as one batch, which share their flushes. */
const batchEffectsMax = 512
/** A timer never sleeps longer than this, so that a clock that jumps is noticed. */
const sleepMsMax = 1000
/** Admitted attestations wait at most this long, or this many bytes, for a write of the store. */
const bufferMsMax = 1000
const bufferBytesMax = 16_777_216

export interface NodeLoopOptions {
  readonly context: EpochContext
  readonly me: MemberIndex | undefined
  readonly recovery: Recovery
  readonly store: Store
  readonly keeper: SignedKeeper | undefined
  readonly buffer: AttestationBuffer
  readonly members: MemberBook
  readonly fast: Verify
  readonly clock: Clock
  readonly meter: Meter
  readonly log: Log
  readonly signal: AbortSignal
  readonly onFinal: (record: FinalRecord & { readonly state: State }) => void
  readonly onEvidence: () => void
  readonly onAlarm: (code: AlarmCode) => void
  /** The loop has stopped for good: nothing was sent that is not kept. */
  readonly onFault: (fault: { code: StorageFault['code'] | LoopFaultCode; detail: string }) => void
  /** Runs soon, after what the event loop has waiting; `setImmediate` but in tests. */
  readonly defer: (run: () => void) => void
}

export interface NodeLoop {
  /** The one handler of everything that comes in. */
  readonly handle: (message: InboundMessage) => Acceptance
  /** Begins with the network there; inputs that came before wait until then. */
  begin(network: Network, budget: SignatureBudget): void
  /** Signs, keeps, sends and takes in, as for a vote. */
  sign(drafts: readonly Draft[]): void
  /** Sends kept bytes by gossip and takes them in. */
  resend(messages: readonly Outgoing[]): void
  /** Runs what may fail on storage; a failure stops the node. */
  guard(run: () => void): void
  /** The node may sign from this view on (SPEC 6.9). */
  unmute(fromView: View): void
  status(): Status
  readonly puller: Puller
  /** Writes what waits. After it nothing is signed any more. */
  stop(): Promise<void>
}

export function makeNodeLoop(options: NodeLoopOptions): NodeLoop {
  const { context, me, store, buffer, members, clock, meter, log, defer } = options
  const fast = countVerdicts(options.fast, 'fast', meter)
  const slow = countVerdicts(verifySignature, 'slow', meter)
  const verify: Verify = (...signed) => fast(...signed) || slow(...signed)
  const config = { networkId: context.networkId, epochs: [context], me, verify }
  const admission = makeAdmission(config)
  const queue = makeInputQueue<Fed>(capacity)
  const retries = makeRetryQueue()

  let core: CoreState | undefined
  let network: Network | undefined
  let budget: SignatureBudget | undefined
  let wanted: ReadonlySet<string> = new Set()
  let wakeAtMs: UnixMs | undefined
  let cancelTimer: (() => void) | undefined
  let isDeferred = false
  let isStopped = false

  function getNetwork(): Network {
    if (network === undefined) throw new Error('the loop has not begun')
    return network
  }
  function getCore(): CoreState {
    if (core === undefined) throw new Error('the loop has not begun')
    return core
  }

  // --- In

  function feed(input: Fed, priority: InputPriority): void {
    queue.push(input, priority)
    schedule()
  }

  function note(message: InboundMessage, input: AdmittedMessage): void {
    const nowMs = clock.nowMs()
    switch (input.kind) {
      case 'attestation': {
        const { member, round } = input.message.message
        members.hear(member, message.from, nowMs, round)
        buffer.add(input.message, input.digest, message.bytes, nowMs)
        break
      }
      case 'proposal':
      case 'vote':
        members.hear(input.message.message.member, message.from, nowMs)
        break
      case 'status':
        members.hearStatus(input.message, message.from, nowMs)
        break
      default:
    }
  }

  function judge(message: InboundMessage): Acceptance {
    const nowMs = clock.nowMs()
    const { topic, shard, bytes } = message
    // What admission accepts it remembers as seen, so it must reach the core: no room, no judgement.
    if (queue.isFull(getPriority(message))) return keepBack(message, nowMs, undefined)
    // A digest does not cover the signature: anyone can push false ones under a digest that a block names.
    const isNamed = (digest: Digest): boolean =>
      message.via === 'fetch' && wanted.has(toHex(digest))
    const takeSlow = (digest: Digest): boolean =>
      message.via === 'self' || budget === undefined
        ? true
        : budget.take(message.from, isNamed(digest))
    const check = makeSignatureCheck(fast, takeSlow, slow)
    const verdict = admit(admission, topic, shard, bytes, nowMs, check)
    if (verdict.evidence !== undefined)
      feed({ kind: 'evidence', message: verdict.evidence }, 'bulk')
    if (message.via !== 'self') watchOwn(verdict)
    if (verdict.action === 'accept') {
      const { input } = verdict
      note(message, input)
      if (input.kind !== 'status') feed(input, getPriority(message))
      return 'accept'
    }
    const { code, detail } = verdict
    meter.add('messages-refused', `${topic}-${code}`)
    if (code === 'internal') log.error({ topic, detail }, 'alarm: admission failed')
    if (code === 'clock-too-far') noteFarClock(message)
    if (verdict.action === 'queue') {
      const isSigned = code === 'early' && isSignedByMember(context, bytes, fast)
      return keepBack(message, nowMs, verdict.retryAtMs, isSigned)
    }
    if (verdict.action === 'reject' && message.via === 'fetch')
      getNetwork().reportPeer(message.from, code)
    return verdict.action
  }

  /** SPEC 8 [QUEUE]: gossipsub will not bring it again, so it is tried again from here. */
  function keepBack(
    message: InboundMessage,
    nowMs: UnixMs,
    retryAtMs: UnixMs | undefined,
    isSigned = false,
  ): Acceptance {
    if (retries.add(message, nowMs, retryAtMs, isSigned) === 'full')
      meter.add('retries-dropped', message.topic)
    else rearm()
    return 'ignore'
  }

  /** SPEC 6.9: a signature of our own that our log does not hold. */
  function watchOwn(verdict: AdmissionResult): void {
    const { keeper } = options
    if (me === undefined || keeper === undefined) return
    guard(() => {
      const detail = findForeignSignature(context, me, keeper.log, verdict)
      if (detail !== undefined) feed({ kind: 'mute', detail }, 'own')
    })
  }

  /** A status too far from our clock is not admitted, but tells that one of the clocks is wrong. */
  function noteFarClock({ bytes }: InboundMessage): void {
    const decoded = decode(signedStatusType, bytes)
    if (!decoded.ok) return
    const { message, signature } = decoded.value
    const key = context.committee.members[message.member]?.publicKey
    if (key !== undefined && fast(signature, getStatusDigest(context.networkId, message), key))
      members.hearFarClock(message.member, message.timeMs - clock.nowMs())
  }

  function handle(message: InboundMessage): Acceptance {
    if (isStopped) return 'ignore'
    try {
      return judge(message)
    } catch (error) {
      // SPEC 8: whatever goes wrong in here is ours, not the sender's.
      meter.add('admission-errors', message.topic)
      log.error({ topic: message.topic, error: describe(error) }, 'admission failed')
      return 'ignore'
    }
  }

  const sync = makeSync({
    context,
    store,
    verify,
    counters: meter,
    log,
    getNetwork,
    onSynced(record) {
      const { certificate, state } = record
      feed({ kind: 'synced', certificate, state }, 'agreement')
      options.onFinal(record)
    },
    fetchEvidence: makeExcludedEvidence({ ...options, counters: meter, getNetwork }),
    onConflict: (certificates) => feed({ kind: 'conflict', certificates }, 'own'),
  })
  const puller = makePuller({
    getNetwork,
    counters: meter,
    clock,
    log,
    signal: options.signal,
    getHint: (member) => members.get(member).peer,
    receive: handle,
    feed: (input) => feed(input, 'agreement'),
    onFault: fail,
    sync,
  })
  const shell = makeEffectShell({ ...options, puller, getNetwork, receive: handle })

  // --- Step and out

  function take(result: ReturnType<typeof step>): readonly Effect[] {
    core = result.state
    wakeAtMs = result.wakeAtMs
    const window = getAdmissionWindow(result.state)
    wanted = window.wanted
    setAdmissionWindow(admission, window)
    return result.effects
  }

  function carryOut(effects: readonly Effect[]): void {
    shell.carryOut(effects, getStatus(getCore()).finalRound)
    const { oldestMs } = buffer
    const isDue = oldestMs !== undefined && clock.nowMs() - oldestMs > bufferMsMax
    if (isDue || buffer.bytes > bufferBytesMax) shell.flush()
  }

  const hasStopped = (): boolean => isStopped

  /** Takes inputs until there are none or the slice is over. */
  function run(): void {
    const endMs = clock.monotonicMs() + sliceMs
    for (const message of retries.takeDue(clock.nowMs())) handle(message)
    while (clock.monotonicMs() < endMs) {
      const effects: Effect[] = []
      while (effects.length < batchEffectsMax && clock.monotonicMs() < endMs) {
        const input = queue.shift()
        if (input === undefined) break
        effects.push(...take(step(getCore(), { ...input, nowMs: clock.nowMs() } as Input)))
      }
      // Our own messages come back in here, and are taken by the next turn.
      carryOut(effects)
      if (hasStopped() || queue.size === 0) break
    }
  }

  function runGuarded(): void {
    isDeferred = false
    if (isStopped || core === undefined) return
    guard(run)
    if (queue.size > 0) schedule()
    else rearm()
  }

  function schedule(): void {
    if (isDeferred || isStopped || core === undefined) return
    isDeferred = true
    defer(runGuarded)
  }

  function rearm(): void {
    cancelTimer?.()
    cancelTimer = undefined
    if (isStopped || isDeferred || core === undefined) return
    const nowMs = clock.nowMs()
    const atMs = Math.min(wakeAtMs ?? Number.POSITIVE_INFINITY, retries.nextMs() ?? nowMs + 1e9)
    const delayMs = Math.min(Math.max(0, atMs - nowMs), sleepMsMax)
    cancelTimer = clock.setTimer(delayMs, () => {
      if (wakeAtMs !== undefined && clock.nowMs() >= wakeAtMs) feed({ kind: 'tick' }, 'own')
      else schedule()
    })
  }

  function fail(error: unknown): void {
    if (isStopped) return
    isStopped = true
    cancelTimer?.()
    const fault =
      error instanceof StorageFault
        ? { code: error.code, detail: error.message }
        : { code: 'invariant' as const, detail: describe(error) }
    log.fatal({ code: fault.code }, `the node stops: ${fault.detail}`)
    options.onFault(fault)
  }

  function guard(work: () => void): void {
    if (isStopped) return
    try {
      work()
    } catch (error) {
      fail(error)
    }
  }

  return {
    handle,
    begin(opened, signatures) {
      network = opened
      budget = signatures
      guard(() => carryOut(take(start(config, options.recovery, clock.nowMs()))))
      schedule()
    },
    sign: (drafts) => guard(() => shell.sign(drafts)),
    resend: (messages) => guard(() => shell.resend(messages)),
    guard,
    unmute: (fromView) => feed({ kind: 'unmute', fromView }, 'own'),
    status: () => getStatus(getCore()),
    puller,
    async stop() {
      const wasStopped = isStopped
      isStopped = true
      cancelTimer?.()
      await puller.settle()
      // After a fault the store is not to be trusted with more.
      if (!wasStopped) shell.flush()
    },
  }
}
