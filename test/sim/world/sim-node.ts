import {
  type Certificate,
  type Digest,
  type EpochContext,
  getRoundAt,
  type MemberIndex,
  type Round,
  type State,
  type UnixMs,
  type Verified,
  type View,
} from '@watchfire/attestation'
import type { AdmissionWindow, Input, Status } from '@watchfire/consensus'
import { type SigningFloor, StorageFault } from '../../../packages/node/src/ports.ts'
import type { TopicName, Watched } from '../checkers/checker.ts'
import { Attestor } from './attestor.ts'
import { CoreLoop } from './core-loop.ts'
import type { SimDisk } from './disk.ts'
import { Effects } from './effects.ts'
import type { Happening } from './event-queue.ts'
import { Held } from './held.ts'
import { openSimIdentity, type SimIdentity } from './identity.ts'
import { Inbox } from './inbox.ts'
import { Inquiry } from './inquiry.ts'
import { type CrashKind, Life } from './life.ts'
import { Outbox } from './outbox.ts'
import type { Prng } from './prng.ts'
import { listOwn } from './recovery.ts'
import type { Answer, Request } from './requests.ts'
import type { NodePlan, Parcel, World } from './world.ts'

/** After which a supervisor starts a process again that stopped. */
const RESTART_MS = 700
/** How far behind with its messages a slow node may be. */
const BACKLOG_MS_MAX = 3000

/** The shell around a core: what packages/node is in production, with everything outside simulated. */
export class SimNode implements Watched {
  readonly index: number
  readonly member: number | undefined
  readonly isHonest: boolean
  readonly disk: SimDisk
  readonly prng: Prng
  readonly held = new Held()
  /** Called once, when the node first enters another epoch. */
  onNewEpoch: (() => void) | undefined
  /** Virtual time at which each round's block became final here. */
  readonly finalizedAtMs = new Map<number, number>()

  readonly #world: World
  readonly #plan: NodePlan
  readonly #life: Life
  readonly #loop: CoreLoop
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  readonly #effects: Effects
  readonly #attestor: Attestor
  readonly #inquiry: Inquiry
  #identity: SimIdentity | undefined
  #costMs = 0
  #busyUntilMs = 0

  constructor(world: World, plan: NodePlan, prng: Prng) {
    this.#world = world
    this.#plan = plan
    this.index = plan.index
    this.member = plan.member
    this.isHonest = plan.vice === undefined
    this.prng = prng
    this.disk = world.seam.makeDisk(plan.index)
    this.#life = new Life(world.queue, plan, {
      onThrow: (error) => this.#onThrow(error),
      onDeath: (kind) => this.#onDeath(kind),
      onGone: () => this.#onGone(),
    })
    this.#outbox = new Outbox(world, this, plan.vice)
    this.#effects = new Effects(world, this, this.#outbox, plan.vice?.isShameless === true)
    this.#loop = new CoreLoop(world, this, {
      carryOut: (effect) => this.#effects.carryOut(effect),
      onWindow: (window) => this.#onWindow(window),
    })
    this.#inbox = new Inbox(world, this, (input) => this.#loop.feed(input))
    this.#attestor = new Attestor(world, this, this.#outbox)
    this.#inquiry = new Inquiry(world, this)
  }

  // --- What others see

  get isUp(): boolean {
    return this.#life.isUp
  }

  /** Whether its own code threw: it stays down. */
  get isBroken(): boolean {
    return this.#life.isBroken
  }

  /** Restarts so far. */
  get life(): number {
    return this.#life.number
  }

  /** Its key in use; undefined for an observer, and while it is down. */
  get identity(): SimIdentity | undefined {
    return this.#identity
  }

  get status(): Status | undefined {
    return this.#loop.status
  }

  get epochs(): readonly EpochContext[] {
    return this.#loop.epochs
  }

  /** The round by its own clock. */
  get round(): number {
    const parameters = this.epochs[0]?.parameters ?? fail()
    return getRoundAt(parameters, this.nowMs) ?? parameters.originRound
  }

  answer(request: Request): Answer | undefined {
    const { status } = this
    const { vice, member } = this.#plan
    if (!this.isUp || status === undefined || vice?.answers === false) return undefined
    const answer = this.held.answer(request, member, status.epoch, this.round)
    return vice?.corruptAnswer === undefined
      ? answer
      : vice.corruptAnswer(this.#outbox.getPowers(), answer)
  }

  say(what: string): void {
    this.#world.trace.add(`${this.#world.queue.nowMs} n${this.index} ${what}`)
  }

  get memory(): { core: object; admission: object } | undefined {
    const { core } = this.#loop
    const { admission } = this.#inbox
    return core === undefined || admission === undefined ? undefined : { core, admission }
  }

  // --- Time, by its own clock

  /** Its clock less the world's. */
  get clockOffsetMs(): number {
    return this.#life.clockOffsetMs
  }

  setClockOffset(offsetMs: number): void {
    this.#life.clockOffsetMs = offsetMs
  }

  /** This node's wall clock. */
  get nowMs(): UnixMs {
    return this.#life.nowMs
  }

  /** Runs `run` later in this life, at a time by this node's clock. */
  at(localMs: number, run: () => void): Happening {
    return this.#life.at(localMs, run)
  }

  /** Runs `run` later in this life, after a delay. */
  after(delayMs: number, run: () => void): Happening {
    return this.#life.after(delayMs, run)
  }

  // --- Life and death

  /** Starts, or starts again, from what the disk kept. */
  boot(): void {
    this.#life.guard(() => {
      // What the process before wrote may still only be in memory: it counts once it is on disk.
      this.disk.flushStore()
      this.#identity = this.#openIdentity()
      const { log, isDoubtful = false } = this.#identity ?? {}
      const recovery = this.#world.seam.recover(this.disk, log, isDoubtful, this.epochs.length)
      this.#tellKept()
      this.held.reload(
        this.disk,
        log === undefined ? [] : listOwn(this.disk, log, this.epochs.length),
      )
      this.#life.isUp = true
      const height = recovery.final?.header.height ?? 0
      this.say(`boot life ${this.life} height ${height}`)
      this.#world.auditor.tell((checker) => checker.onRestart?.(this, height))
      this.#loop.start(this.#inbox.open(this.epochs), recovery)
      this.drain()
      if (isDoubtful) this.askHighest()
      this.#attestor.start()
    })
  }

  /** Dies now, or after some more operations: between two writes, or a write and what follows. */
  crash(kind: CrashKind, afterOps: number): void {
    this.#life.crash(kind, afterOps)
  }

  /** Dies if a crash is still waiting for its operation. */
  crashNow(): void {
    this.#life.crashNow()
  }

  /** Called after each operation: a crash may come there. */
  op(): void {
    this.#life.op()
  }

  #onDeath(kind: CrashKind): void {
    const lost = kind === 'power' ? this.disk.losePower(this.prng) : 0
    if (kind === 'wipe') this.disk.wipe()
    this.say(`dies (${kind}, ${lost} writes lost)`)
  }

  /** A process that its disk stopped is started again; everything else that it throws is a bug. */
  #onThrow(error: unknown): boolean {
    const isOfDisk = error instanceof StorageFault && (error.code !== 'conflict' || !this.isHonest)
    if (!isOfDisk) {
      this.#world.auditor.tell((checker) => checker.onThrow?.(this, error))
      return false
    }
    this.say(`stops: ${error.message}`)
    this.#world.witness.count(`stop-${error.code}`)
    this.#world.queue.after(RESTART_MS, () => {
      if (!this.isUp && !this.isBroken) this.boot()
    })
    return true
  }

  #onGone(): void {
    this.#identity = undefined
    this.#loop.stop()
    this.#inbox.close()
    this.#inquiry.reset()
  }

  // --- In and out

  /** Bytes from another node. */
  receive(
    from: SimNode,
    topic: TopicName,
    shard: number,
    bytes: Uint8Array,
    isDamaged = false,
  ): void {
    if (!this.isUp) return
    const parcel = { topic, shard, bytes, isDamaged }
    if (this.#costMs === 0) {
      this.#takeIn(from, parcel)
      return
    }
    const { nowMs } = this.#world.queue
    const doneMs = Math.max(nowMs, this.#busyUntilMs) + this.#costMs
    // What has waited too long is dropped, as a full inbox does it.
    if (doneMs - nowMs > BACKLOG_MS_MAX) return
    this.#busyUntilMs = doneMs
    this.#world.witness.count('slowed-message')
    this.after(doneMs - nowMs, () => this.#takeIn(from, parcel))
  }

  /** From now on each message from another node takes so long. */
  slowDown(costMs: number): void {
    this.#costMs = costMs
  }

  #takeIn(from: SimNode, parcel: Parcel): void {
    if (parcel.isDamaged !== true) this.#outbox.hear(parcel.topic, parcel.shard, parcel.bytes)
    this.#life.guard(() => {
      this.#inbox.receive(from, parcel)
      this.drain()
    })
  }

  /** Takes what it sent itself into its inbox. */
  loopBack(topic: TopicName, shard: number, bytes: Uint8Array): void {
    this.#inbox.loopBack({ topic, shard, bytes })
  }

  /** Takes in what it sent itself, after the effects that this stood among. */
  drain(): void {
    if (!this.#loop.isBusy) this.#inbox.drain()
  }

  /** An input from outside the shell's own course. */
  take(input: Input): void {
    if (this.isUp) this.#life.guard(() => this.#loop.feed(input))
  }

  /** A certified state that came by sync. */
  adopt(certificate: Certificate, headerDigest: Digest, state: State): void {
    if (!this.isUp) return
    this.#life.guard(() => {
      this.say(`syncs height ${certificate.header.height}`)
      this.#world.auditor.tell((checker) => checker.onSynced?.(this, certificate, state))
      this.#effects.keepFinal(certificate, headerDigest, state)
      const verified = certificate as Verified<Certificate>
      this.#loop.feed({ kind: 'synced', certificate: verified, state, nowMs: this.nowMs })
    })
  }

  #onWindow(window: AdmissionWindow): void {
    if (this.#inbox.admission === undefined) return
    this.#inbox.setWindow(window)
    if (window.epoch === 0) return
    const { onNewEpoch } = this
    this.onNewEpoch = undefined
    onNewEpoch?.()
  }

  // --- Being without a log (SPEC 6.9)

  /** Whether it does not know yet what it may sign. */
  get isAsking(): boolean {
    return this.#inquiry.isOpen
  }

  askHighest(): void {
    this.#inquiry.open()
  }

  /** Kept first: a restart from here on must not sign below. */
  settle(floor: SigningFloor): void {
    this.#life.guard(() => {
      this.#identity?.settle(floor)
      this.say(`may sign from view ${floor.view}, attest from round ${floor.round}`)
      this.#loop.feed({ kind: 'unmute', fromView: floor.view, nowMs: this.nowMs })
    })
  }

  #openIdentity(): SimIdentity | undefined {
    const { member, disk } = this
    if (member === undefined) return undefined
    return openSimIdentity({
      disk,
      member: member as MemberIndex,
      sign: (digest) => this.#outbox.sign(digest),
      nowMs: () => this.#world.queue.nowMs,
      op: () => this.op(),
      compactBytes: this.#plan.compactBytes,
    })
  }

  #tellKept(): void {
    const log = this.#identity?.log
    if (log === undefined) return
    for (const { epoch } of this.epochs) {
      const kept = [
        ...log.listAttestations(epoch, 0 as Round),
        ...log.listViews(epoch, 0 as View, Number.MAX_SAFE_INTEGER as View),
      ]
      for (const { place, bytes } of kept) {
        this.#world.auditor.tell((checker) => checker.onKept?.(this, place.kind, bytes))
      }
    }
  }
}

function fail(): never {
  throw new Error('a broken invariant of the simulator')
}
