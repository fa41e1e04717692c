import {
  type Certificate,
  certificateType,
  type Digest,
  encode,
  type EpochContext,
  evidenceType,
  getRoundAt,
  type MemberIndex,
  signedAttestationType,
  type State,
  type UnixMs,
  type Verified,
  type View,
} from '@watchfire/attestation'
import {
  admit,
  type Admission,
  type CoreState,
  type Effect,
  type Input,
  makeAdmission,
  type Recovery,
  setAdmissionWindow,
  type Status,
  type StepResult,
} from '@watchfire/consensus'
import type { Auditor, TopicName, Watched } from '../checkers/checker.ts'
import type { Witness } from '../checkers/witness.ts'
import type { Vice } from '../vices/vice.ts'
import { Attestor } from './attestor.ts'
import { type SimDisk, toName } from './disk.ts'
import type { EventQueue, Happening } from './event-queue.ts'
import { Fetcher } from './fetcher.ts'
import type { Founding } from './founding.ts'
import type { Health } from './health.ts'
import { Held } from './held.ts'
import { Inquiry } from './inquiry.ts'
import type { SimNetwork } from './network.ts'
import { LATE_RECORDS, Outbox } from './outbox.ts'
import type { Prng } from './prng.ts'
import type { Answer, Request } from './requests.ts'
import type { Engine, Seam } from './seam.ts'
import type { SignatureScheme } from './signature-scheme.ts'
import type { Trace } from './trace.ts'

/** All that the nodes of a run share. */
export interface World {
  readonly seed: number
  readonly queue: EventQueue
  readonly network: SimNetwork
  readonly trace: Trace
  readonly auditor: Auditor
  readonly witness: Witness
  readonly founding: Founding
  readonly scheme: SignatureScheme
  readonly seam: Seam
  readonly health: Health
  readonly nodes: SimNode[]
  /** Of bytes, for the trace. */
  readonly getFingerprint: (bytes: Uint8Array) => number
}

/** Topics as the trace tells them apart. */
const topicNumbers: Readonly<Record<TopicName, number>> = {
  attestation: 0,
  proposal: 1,
  vote: 2,
  certificate: 3,
  evidence: 4,
}

export interface NodePlan {
  readonly index: number
  /** Undefined for an observer. */
  readonly member: MemberIndex | undefined
  readonly clockOffsetMs: number
  readonly vice: Vice | undefined
}

/** How a life ends. */
export type CrashKind = 'kill' | 'power' | 'wipe'

/** Thrown where a node dies between two of its operations. */
class Death extends Error {}

/** Ticks that a core may ask for within one millisecond before it is taken for stuck. */
const TICKS_A_MS_MAX = 200
/** Messages kept because they come too early (SPEC 8, QUEUE). */
const QUEUED_MAX = 2000

/** A message that came too early. */
interface Queued {
  readonly from: SimNode
  readonly topic: TopicName
  readonly shard: number
  readonly bytes: Uint8Array
  readonly retryAtMs: number
}

/** The shell around a core: what packages/node is in production, with everything outside simulated. */
export class SimNode implements Watched {
  readonly index: number
  readonly member: number | undefined
  readonly isHonest: boolean
  readonly disk: SimDisk
  readonly prng: Prng
  readonly held = new Held()
  isUp = false
  /** Whether its own code threw: it stays down. */
  isBroken = false
  /** Called once, when the node first enters another epoch. */
  onNewEpoch: (() => void) | undefined
  /** Restarts so far. */
  life = 0
  /** Virtual time at which each round's block became final here. */
  readonly finalizedAtMs = new Map<number, number>()

  readonly #world: World
  readonly #plan: NodePlan
  readonly #engine: Engine
  readonly #epochs: readonly EpochContext[]
  readonly #outbox: Outbox
  readonly #attestor: Attestor
  readonly #fetcher: Fetcher
  readonly #inquiry: Inquiry
  #clockOffsetMs: number
  #core: CoreState | undefined
  #admission: Admission | undefined
  #wake: Happening | undefined
  #ticks = { atMs: 0, count: 0 }
  #loopback: { topic: TopicName; shard: number; bytes: Uint8Array }[] = []
  #queued: Queued[] = []
  #queueWake: Happening | undefined
  #isBusy = false
  #isDraining = false
  #opsLeft: number | undefined
  #crashKind: CrashKind = 'kill'

  constructor(world: World, plan: NodePlan, prng: Prng) {
    this.#world = world
    this.#plan = plan
    this.index = plan.index
    this.member = plan.member
    this.isHonest = plan.vice === undefined
    this.prng = prng
    this.disk = world.seam.makeDisk(plan.index)
    this.#engine = world.seam.makeEngine(plan.index)
    this.#epochs = world.seam.getEpochs(world.founding.epochs, plan.index)
    this.#clockOffsetMs = plan.clockOffsetMs
    this.#outbox = new Outbox(world, this, plan.vice)
    this.#attestor = new Attestor(world, this, this.#outbox)
    this.#fetcher = new Fetcher(world, this)
    this.#inquiry = new Inquiry(world, this)
  }

  // --- What others see

  get status(): Status | undefined {
    return this.#core === undefined ? undefined : this.#engine.getStatus(this.#core)
  }

  get epochs(): readonly EpochContext[] {
    return this.#epochs
  }

  /** The round by its own clock. */
  get round(): number {
    const parameters = this.#epochs[0]?.parameters ?? fail()
    return getRoundAt(parameters, this.nowMs) ?? parameters.originRound
  }

  answer(request: Request): Answer | undefined {
    const { status } = this
    if (!this.isUp || status === undefined || this.#plan.vice?.answers === false) return undefined
    const answer = this.held.answer(request, this.#plan.member, status.epoch, this.round)
    const { vice } = this.#plan
    return vice?.corruptAnswer === undefined
      ? answer
      : vice.corruptAnswer(this.#outbox.getPowers(), answer)
  }

  /** Its clock less the world's. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs
  }

  /** This node's wall clock. */
  get nowMs(): UnixMs {
    return (this.#world.queue.nowMs + this.#clockOffsetMs) as UnixMs
  }

  say(what: string): void {
    this.#world.trace.add(`${this.#world.queue.nowMs} n${this.index} ${what}`)
  }

  get memory(): { core: object; admission: object } | undefined {
    return this.#core === undefined || this.#admission === undefined
      ? undefined
      : { core: this.#core, admission: this.#admission }
  }

  // --- Life and death

  /** Starts, or starts again, from what the disk kept. */
  boot(): void {
    this.#guard(() => {
      const recovery = this.#world.seam.recover(this.disk)
      // What the process before wrote may still only be in memory: it counts once it is on disk.
      this.disk.log.flush()
      this.disk.store.flush()
      for (const { topic, bytes } of this.disk.log.records.slice(-LATE_RECORDS)) {
        this.#world.auditor.tell((checker) => checker.onKept?.(this, topic, bytes))
      }
      this.held.reload(this.disk)
      this.isUp = true
      this.say(`boot life ${this.life} height ${recovery.final?.header.height ?? 0}`)
      this.#world.auditor.tell((checker) =>
        checker.onRestart?.(this, recovery.final?.header.height ?? 0),
      )
      const config = {
        networkId: this.#world.founding.networkId,
        epochs: this.#epochs,
        me: this.member as MemberIndex | undefined,
        verify: this.#world.scheme.verify,
      }
      this.#admission = makeAdmission(config)
      const muteUntilView = this.disk.muteUntilView
      const given: Recovery =
        muteUntilView === undefined ? recovery : { ...recovery, muteUntilView }
      this.#carry(this.#engine.start(config, given, this.nowMs))
      this.drain()
      if (muteUntilView === 'told') this.askHighest()
      this.#attestor.start()
    })
  }

  /** Dies now, or after some more operations: between two writes, or a write and what follows. */
  crash(kind: CrashKind, afterOps: number): void {
    this.#crashKind = kind
    if (afterOps === 0 || !this.isUp) this.#die()
    else this.#opsLeft = afterOps
  }

  /** Dies if a crash is still waiting for its operation. */
  crashNow(): void {
    if (this.#opsLeft !== undefined) this.#die()
  }

  setClockOffset(offsetMs: number): void {
    this.#clockOffsetMs = offsetMs
  }

  #die(): void {
    const lost = this.#crashKind === 'power' ? this.disk.losePower(this.prng) : 0
    if (this.#crashKind === 'wipe') this.disk.wipe()
    this.say(`dies (${this.#crashKind}, ${lost} writes lost)`)
    this.isUp = false
    this.life += 1
    this.#opsLeft = undefined
    this.#core = undefined
    this.#admission = undefined
    this.#loopback = []
    this.#queued = []
    this.#isBusy = false
    this.#isDraining = false
    if (this.#wake !== undefined) this.#wake.cancelled = true
    if (this.#queueWake !== undefined) this.#queueWake.cancelled = true
    this.#queueWake = undefined
    this.#inquiry.reset()
  }

  /** Runs what belongs to this life; an error of the core ends the node and is a violation. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!(error instanceof Death)) {
        this.#world.auditor.tell((checker) => checker.onThrow?.(this, error))
        this.#crashKind = 'kill'
        this.isBroken = true
      }
      this.#die()
    }
  }

  /** Called after each operation: a crash may come there. */
  op(): void {
    if (this.#opsLeft === undefined) return
    this.#opsLeft -= 1
    if (this.#opsLeft <= 0) throw new Death('the crash that was waiting')
  }

  /** Runs `run` later in this life, at a time by this node's clock. */
  at(localMs: number, run: () => void): Happening {
    const { life } = this
    return this.#world.queue.at(localMs - this.#clockOffsetMs, () => {
      if (this.isUp && this.life === life) this.#guard(run)
    })
  }

  /** Runs `run` later in this life, after a delay. */
  after(delayMs: number, run: () => void): Happening {
    return this.at(this.nowMs + delayMs, run)
  }

  // --- Messages in

  /** Bytes from another node, or its own coming back. */
  receive(from: SimNode, topic: TopicName, shard: number, bytes: Uint8Array): void {
    if (!this.isUp) return
    this.#outbox.hear(topic, shard, bytes)
    this.#guard(() => {
      const { nowMs } = this.#world.queue
      const print = this.#world.getFingerprint(bytes)
      this.#world.trace.addNumbers(
        [nowMs, this.index, from.index, topicNumbers[topic], print],
        () => `${nowMs} n${this.index} < n${from.index} ${topic} ${print.toString(16)}`,
      )
      this.#admit(from, topic, shard, bytes)
      this.drain()
    })
  }

  #admit(from: SimNode, topic: TopicName, shard: number, bytes: Uint8Array): void {
    const admission = this.#admission
    if (admission === undefined) return
    const { verify } = this.#world.scheme
    const verdict = admit(admission, topic, shard, bytes, this.nowMs, (signature, digest, key) =>
      verify(signature, digest, key) ? 'valid' : 'invalid',
    )
    const code = verdict.action === 'accept' ? '' : verdict.code
    this.#world.auditor.tell((checker) =>
      checker.onVerdict?.(this, from, topic, bytes, { action: verdict.action, code }),
    )
    switch (verdict.action) {
      case 'accept': {
        const { input } = verdict
        if (input.kind === 'status') break
        if (input.kind === 'attestation') {
          const name = toName(input.digest)
          this.held.attestations.set(name, { shard, bytes, message: input.message })
          this.disk.put({ kind: 'attestation', name, message: input.message, bytes })
        }
        this.#feed({ ...input, nowMs: this.nowMs })
        break
      }
      case 'reject':
        this.say(`rejects ${topic} of n${from.index}: ${verdict.code}`)
        this.#world.auditor.tell((checker) => checker.onReject?.(this, from, topic, verdict.code))
        break
      case 'ignore':
        if (verdict.code === 'internal') throw new Error(`admission threw: ${verdict.detail}`)
        break
      case 'queue': {
        const retryAtMs = verdict.retryAtMs ?? this.nowMs + 100
        if (this.#queued.length < QUEUED_MAX)
          this.#queued.push({ from, topic, shard, bytes, retryAtMs })
        this.#scheduleQueue()
        break
      }
    }
    if (verdict.evidence !== undefined) {
      this.#feed({ kind: 'evidence', message: verdict.evidence, nowMs: this.nowMs })
    }
  }

  #scheduleQueue(): void {
    if (this.#queueWake !== undefined || this.#queued.length === 0) return
    const nextMs = this.#queued.reduce((least, each) => Math.min(least, each.retryAtMs), Infinity)
    this.#queueWake = this.at(Math.max(nextMs, this.nowMs + 1), () => {
      this.#queueWake = undefined
      const due = this.#queued.filter((each) => each.retryAtMs <= this.nowMs)
      this.#queued = this.#queued.filter((each) => each.retryAtMs > this.nowMs)
      for (const { from, topic, shard, bytes } of due) this.#admit(from, topic, shard, bytes)
      this.drain()
      this.#scheduleQueue()
    })
  }

  // --- The loop

  /** An input from outside the shell's own course. */
  take(input: Input): void {
    if (this.isUp) this.#guard(() => this.#feed(input))
  }

  /** A certified state that came by sync. */
  adopt(certificate: Certificate, headerDigest: Digest, state: State): void {
    if (!this.isUp) return
    this.#guard(() => {
      this.say(`syncs height ${certificate.header.height}`)
      this.#world.auditor.tell((checker) => checker.onSynced?.(this, certificate, state))
      this.#keepFinal(certificate, headerDigest, state)
      const verified = certificate as Verified<Certificate>
      this.#feed({ kind: 'synced', certificate: verified, state, nowMs: this.nowMs })
    })
  }

  /** One input into the core, and its effects out. */
  #feed(input: Input): void {
    if (this.#core === undefined) return
    this.#carry(this.#engine.step(this.#core, input))
    this.drain()
  }

  #carry(result: StepResult): void {
    this.#core = result.state
    const wasBusy = this.#isBusy
    this.#isBusy = true
    for (const effect of result.effects) this.#carryOut(effect)
    this.#isBusy = wasBusy
    if (this.#admission !== undefined) {
      const window = this.#engine.getAdmissionWindow(result.state)
      setAdmissionWindow(this.#admission, window)
      if (window.epoch > 0 && this.onNewEpoch !== undefined) {
        const { onNewEpoch } = this
        this.onNewEpoch = undefined
        onNewEpoch()
      }
    }
    this.#scheduleWake(result.wakeAtMs)
  }

  /** Our own messages come back through the same validation as anyone's, after the effects they stood among. */
  drain(): void {
    if (this.#isBusy || this.#isDraining) return
    this.#isDraining = true
    for (let own = this.#loopback.shift(); own !== undefined; own = this.#loopback.shift()) {
      this.#admit(this, own.topic, own.shard, own.bytes)
    }
    this.#isDraining = false
  }

  #scheduleWake(wakeAtMs: UnixMs | undefined): void {
    if (this.#wake !== undefined) this.#wake.cancelled = true
    this.#wake = undefined
    if (wakeAtMs === undefined) return
    this.#wake = this.at(wakeAtMs, () => {
      const { nowMs } = this.#world.queue
      this.#ticks = { atMs: nowMs, count: this.#ticks.atMs === nowMs ? this.#ticks.count + 1 : 1 }
      if (this.#ticks.count > TICKS_A_MS_MAX) throw new Error('the core asks for ticks without end')
      this.#feed({ kind: 'tick', nowMs: this.nowMs })
    })
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'store-block': {
        const name = toName(effect.digest)
        this.op()
        for (const [index, { digest }] of effect.block.body.attestations.entries()) {
          const message = effect.attestations[index]
          const named = toName(digest)
          if (message === undefined || this.disk.has(named)) continue
          const bytes = encode(signedAttestationType, message)
          this.disk.put({ kind: 'attestation', name: named, message, bytes })
        }
        this.disk.put({ kind: 'block', name, block: effect.block })
        this.op()
        this.disk.store.flush()
        this.op()
        this.held.blocks.set(name, effect.block)
        this.#outbox.keepState(name, effect.block, effect.attestations)
        this.say(`stores block ${name.slice(0, 8)} height ${effect.block.header.height}`)
        break
      }
      case 'store-certificate':
        this.op()
        this.disk.put({ kind: 'certificate', certificate: effect.certificate })
        this.held.addCertificate(effect.certificate)
        break
      case 'sign-proposal':
        this.#outbox.signProposal(effect.proposal)
        break
      case 'sign-vote':
        this.#outbox.signVote(effect.vote)
        break
      case 'publish-certificate':
        this.op()
        this.#outbox.publishCertificate(effect.certificate)
        break
      case 'repeat':
        this.#outbox.repeat(effect)
        break
      case 'fetch-attestations':
        this.#fetcher.fetchAttestations(effect.digests.map(toName), effect.from)
        break
      case 'fetch-blocks':
        this.#fetcher.fetchBlocks(effect.digests.map(toName))
        break
      case 'fetch-views':
        this.#fetcher.fetchViews(effect.epoch, effect.from, effect.to)
        break
      case 'sync':
        this.#fetcher.sync(effect.height)
        break
      case 'finalize': {
        this.op()
        const { header } = effect.block
        this.say(`finalizes height ${header.height} round ${header.round}`)
        this.#world.auditor.tell((checker) => checker.onFinalize?.(this, effect))
        this.#keepFinal(effect.certificate, effect.headerDigest, effect.state)
        break
      }
      case 'accuse': {
        this.#world.auditor.tell((checker) => checker.onAccuse?.(this, effect.evidence))
        this.say(`accuses member ${effect.evidence.value.first.message.member}`)
        this.#outbox.publish('evidence', 0, encode(evidenceType, effect.evidence))
        break
      }
      case 'alarm':
        this.say(`ALARM ${effect.code}: ${effect.detail}`)
        this.#world.auditor.tell((checker) => checker.onAlarm?.(this, effect.code, effect.detail))
        if (effect.code === 'unknown-own-signature') {
          if (this.#plan.vice?.isShameless === true) {
            this.after(1, () => {
              const fromView = this.status?.view
              if (fromView !== undefined)
                this.#feed({ kind: 'unmute', fromView, nowMs: this.nowMs })
            })
            break
          }
          this.disk.muteUntilView = 'told'
          this.askHighest()
        } else {
          this.disk.put({ kind: 'halt', code: effect.code })
          this.disk.store.flush()
        }
        break
    }
  }

  /** Keeps a final block in the store; it may be lost with the power, and is then found again. */
  #keepFinal(certificate: Certificate, headerDigest: Digest, state: State): void {
    const { header } = certificate
    this.disk.put({ kind: 'final', record: { header, headerDigest, certificate, state } })
    this.held.finals.set(header.height, {
      certificate: encode(certificateType, certificate),
      state,
    })
    this.finalizedAtMs.set(header.round, this.#world.queue.nowMs)
    this.#outbox.keepFinalState(toName(headerDigest), state)
  }

  /** Takes what it sent itself into its inbox. */
  loopBack(topic: TopicName, shard: number, bytes: Uint8Array): void {
    this.#loopback.push({ topic, shard, bytes })
  }

  // --- Being without a log (SPEC 6.9)

  /** Whether it does not know yet what it may sign. */
  get isAsking(): boolean {
    return this.#inquiry.isOpen
  }

  askHighest(): void {
    this.#inquiry.open()
  }

  unmute(fromView: View, fromRound: number): void {
    // Kept beside the key, not in the log that was lost: the next life must know it too.
    this.disk.muteUntilView = fromView
    this.disk.attestFrom = Math.max(this.disk.attestFrom, fromRound)
    this.say(`may sign from view ${fromView}, attest from round ${fromRound}`)
    this.take({ kind: 'unmute', fromView, nowMs: this.nowMs })
  }
}

function fail(): never {
  throw new Error('a broken invariant of the simulator')
}
