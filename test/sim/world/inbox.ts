import {
  type Epoch,
  type EpochContext,
  type MemberIndex,
  type SignatureCheck,
  toSignatureCheck,
} from '@watchfire/attestation'
import {
  admit,
  type Admission,
  type AdmissionResult,
  type AdmissionWindow,
  type CoreConfig,
  type Input,
  makeAdmission,
  setAdmissionWindow,
} from '@watchfire/consensus'
import { findForeignSignature } from '../../../packages/node/src/loop/foreign-signature.ts'
import type { Verdict } from '../checkers/checker.ts'
import { toName } from './disk.ts'
import type { Happening } from './event-queue.ts'
import type { SimNode } from './sim-node.ts'
import type { Parcel, World } from './world.ts'

/** Messages kept because they come too early (SPEC 8, QUEUE). */
const QUEUED_MAX = 2000

/** A message that came too early. */
interface Queued extends Parcel {
  readonly from: SimNode
  readonly retryAtMs: number
}

/** Bytes in: judged by `admit`, and what it takes fed to the core; what comes too early waits. */
export class Inbox {
  readonly #world: World
  readonly #node: SimNode
  readonly #feed: (input: Input) => void
  readonly #check: SignatureCheck
  #admission: Admission | undefined
  #epoch: Epoch = 0 as Epoch
  /**
   * What admission found known or settled stays so: it is not asked again about the same bytes object, save
   * for attestations while a block wants one (SPEC 8.2). Undefined where each message is judged each time.
   */
  readonly #known: Map<Uint8Array, Verdict> | undefined
  #isWanting = false
  #loopback: Parcel[] = []
  #queued: Queued[] = []
  #queueWake: Happening | undefined
  #isDraining = false

  constructor(world: World, node: SimNode, feed: (input: Input) => void) {
    this.#world = world
    this.#node = node
    this.#feed = feed
    this.#check = toSignatureCheck(world.scheme.verify)
    if (world.isShared) this.#known = new Map()
  }

  get admission(): Admission | undefined {
    return this.#admission
  }

  open(epochs: readonly EpochContext[]): CoreConfig {
    const config = {
      networkId: this.#world.founding.networkId,
      epochs,
      me: this.#node.member as MemberIndex | undefined,
      verify: this.#world.scheme.verify,
    }
    this.#admission = makeAdmission(config)
    return config
  }

  /** The process is gone, and all that waited with it. */
  close(): void {
    this.#admission = undefined
    this.#known?.clear()
    this.#loopback = []
    this.#queued = []
    this.#isDraining = false
    if (this.#queueWake !== undefined) this.#queueWake.cancelled = true
    this.#queueWake = undefined
  }

  setWindow(window: AdmissionWindow): void {
    this.#epoch = window.epoch
    this.#isWanting = window.wanted.size > 0
    if (this.#admission !== undefined) setAdmissionWindow(this.#admission, window)
  }

  /** Bytes from another node. */
  receive(from: SimNode, parcel: Parcel): void {
    const { nowMs } = this.#world.queue
    const { index } = this.#node
    this.#world.trace.addArrival({
      atMs: nowMs,
      to: index,
      from: from.index,
      topic: parcel.topic,
      print: this.#world.getFingerprint(parcel.bytes),
    })
    this.#admit(from, parcel)
  }

  /** Takes what the node sent itself. */
  loopBack(parcel: Parcel): void {
    this.#loopback.push(parcel)
  }

  /** Our own messages come back through the same validation as anyone's. */
  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    for (let own = this.#loopback.shift(); own !== undefined; own = this.#loopback.shift()) {
      this.#admit(this.#node, own)
    }
    this.#isDraining = false
  }

  #admit(from: SimNode, parcel: Parcel): void {
    const admission = this.#admission
    if (admission === undefined) return
    const { topic, shard, bytes } = parcel
    const node = this.#node
    const { auditor } = this.#world
    const known = this.#known?.get(bytes)
    if (known !== undefined && (topic !== 'attestation' || !this.#isWanting)) {
      auditor.judged(node, from, parcel, known)
      return
    }
    const verdict = admit(admission, topic, shard, bytes, node.nowMs, this.#check)
    const code = verdict.action === 'accept' ? '' : verdict.code
    const judged = { action: verdict.action, code }
    if (code === 'seen' || code === 'settled-view') this.#known?.set(bytes, judged)
    auditor.judged(node, from, parcel, judged)
    switch (verdict.action) {
      case 'accept': {
        const { input } = verdict
        // Of what a garbler sent, damage may undo the harm.
        if (parcel.isDamaged === true && from.isHonest) {
          auditor.violate('signature', `node ${node.index} takes a damaged ${topic} for a true one`)
        }
        if (input.kind === 'status') break
        if (input.kind === 'attestation') {
          const name = toName(input.digest)
          node.held.attestations.set(name, { shard, bytes, message: input.message })
          node.disk.put({ kind: 'attestation', name, message: input.message, bytes })
        }
        this.#feed({ ...input, nowMs: node.nowMs })
        break
      }
      case 'reject':
        node.say(`rejects ${topic} of n${from.index}: ${verdict.code}`)
        if (parcel.isDamaged === true) this.#world.witness.count('refused-damaged-message')
        else auditor.tell((checker) => checker.onReject?.(node, from, topic, verdict.code))
        break
      case 'ignore':
        if (verdict.code === 'internal') throw new Error(`admission threw: ${verdict.detail}`)
        break
      case 'queue': {
        const retryAtMs = verdict.retryAtMs ?? node.nowMs + 100
        if (this.#queued.length < QUEUED_MAX) this.#queued.push({ ...parcel, from, retryAtMs })
        this.#scheduleQueue()
        break
      }
    }
    if (from !== node) this.#watchOwn(verdict)
    if (verdict.evidence !== undefined) {
      this.#feed({ kind: 'evidence', message: verdict.evidence, nowMs: node.nowMs })
    }
  }

  /** SPEC 6.9: a signature of our own that our log does not hold. The faulty do not care. */
  #watchOwn(verdict: AdmissionResult): void {
    if (verdict.action !== 'accept' && verdict.evidence === undefined) return
    const { identity, member, epochs, isHonest } = this.#node
    const context = epochs[this.#epoch]
    if (identity === undefined || member === undefined || context === undefined || !isHonest) return
    const detail = findForeignSignature(context, member as MemberIndex, identity.log, verdict)
    if (detail !== undefined) this.#feed({ kind: 'mute', detail, nowMs: this.#node.nowMs })
  }

  #scheduleQueue(): void {
    if (this.#queueWake !== undefined || this.#queued.length === 0) return
    const node = this.#node
    const nextMs = this.#queued.reduce((least, each) => Math.min(least, each.retryAtMs), Infinity)
    this.#queueWake = node.at(Math.max(nextMs, node.nowMs + 1), () => {
      this.#queueWake = undefined
      const due = this.#queued.filter((each) => each.retryAtMs <= node.nowMs)
      this.#queued = this.#queued.filter((each) => each.retryAtMs > node.nowMs)
      for (const { from, ...parcel } of due) this.#admit(from, parcel)
      node.drain()
      this.#scheduleQueue()
    })
  }
}
