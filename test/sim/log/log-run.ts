import type { Digest, Epoch, Round, View } from '@watchfire/attestation'
import { type KeptMessage, StorageFault, type VoteLog } from '../../../packages/node/src/ports.ts'
import { openVoteLog } from '../../../packages/node/src/store/vote-log.ts'
import { LosingDisk } from '../../../packages/node/test/store/losing-disk.ts'
import type { Violation } from '../checkers/checker.ts'
import { Prng } from '../world/prng.ts'
import { Death, DyingDisk } from './dying-disk.ts'

/** Lives of the process in a run, each ended by a crash. */
const LIVES = 12
/** What a life asks of its log, unless it dies before. */
const STEPS_MAX = 40
/** Small, so that the log is written anew several times a run. */
const COMPACT_BYTES = 1500
/** Steps at which the disk begins to fail, until the process is started anew. */
const FAILING_PER_MILLE = 10
/** Bytes of the smallest and the largest message. */
const MESSAGE_BYTES = { min: 1, max: 300 }

/**
 * The real vote log on a disk that loses what was not flushed, under a process that dies at any
 * operation, or whose power goes with it, or whose flush fails: what an append returned for, or a restart read, is there for
 * ever (`durability`), and at a place nothing else ever gets in (`double-signature`, `exclusion`).
 *
 * @param seed all chance comes from it
 * @returns what was broken, in the order in which it showed
 */
export function runLog(seed: number): Violation[] {
  return new LogRun(seed).run()
}

class LogRun {
  readonly #prng: Prng
  readonly #disk = new LosingDisk()
  readonly #violations: Violation[] = []
  /** All that was ever asked to be kept, by place and digest. */
  readonly #asked = new Map<string, KeptMessage>()
  /** What left the process, by place: after its append returned, or because a restart read it. */
  readonly #left = new Map<string, KeptMessage>()
  #floor = { view: 0, round: 0 }
  #marks = 0

  constructor(seed: number) {
    this.#prng = new Prng(seed, 'vote log')
  }

  run(): Violation[] {
    for (let life = 0; life < LIVES && this.#violations.length === 0; life++) this.#live()
    return this.#violations
  }

  #live(): void {
    const ops = this.#prng.chance(300) ? this.#prng.between(0, 8) : this.#prng.between(8, 200)
    try {
      const disk = new DyingDisk(this.#disk, ops)
      const { log } = openVoteLog(disk, { compactBytes: COMPACT_BYTES })
      this.#readAll(log)
      for (let step = 0; step < STEPS_MAX; step++) this.#step(log)
    } catch (error) {
      // A log that cannot be opened is lost as a whole.
      if (!isDeath(error) && !this.#disk.failFlush) this.#say('durability', String(error))
    }
    this.#disk.failFlush = false
    // The process dies in any case; the power goes with it now and then.
    if (this.#prng.chance(500)) this.#disk.losePower(() => this.#prng.next() / 2 ** 32)
  }

  /** A restart sends again what it finds, so from then on it has left. */
  #readAll(log: VoteLog): void {
    // It may have been raised by a life that died before it heard so; it never falls.
    const { view, round } = log.floor
    if (view < this.#floor.view || round < this.#floor.round) {
      this.#say('double-signature', `the floor fell to view ${view} and round ${round}`)
    }
    this.#floor = { view, round }
    for (const message of this.#left.values()) {
      if (this.#isBelowFloor(message)) continue
      const held = log.get(message.place)
      if (held === undefined) this.#say('durability', `lost ${describe(message)}`)
      else if (!isSame(held, message)) {
        this.#say('double-signature', `holds another than ${describe(message)}`)
      }
    }
    const found = [
      ...log.listViews(0 as Epoch, 0 as View, Number.MAX_SAFE_INTEGER as View),
      ...log.listAttestations(0 as Epoch, 0 as Round),
    ]
    for (const message of found) {
      const asked = this.#asked.get(toKey(message))
      if (asked === undefined || !isSame(asked, message)) {
        this.#say('durability', `holds what was never signed: ${describe(message)}`)
      }
      this.#left.set(toPlace(message), message)
    }
  }

  #step(log: VoteLog): void {
    if (this.#prng.chance(FAILING_PER_MILLE)) this.#disk.failFlush = true
    if (this.#prng.chance(30)) {
      this.#raiseFloor(log)
      return
    }
    const messages = Array.from({ length: this.#prng.between(1, 3) }, () => this.#draw())
    for (const message of messages) this.#asked.set(toKey(message), message)
    try {
      log.append(messages)
    } catch (error) {
      // Refused as it must be, or the process is dead: either way nothing of it leaves.
      if (error instanceof StorageFault && error.code === 'conflict') return
      throw error
    }
    for (const message of messages) this.#onKept(message)
  }

  #onKept(message: KeptMessage): void {
    const before = this.#left.get(toPlace(message))
    if (before !== undefined && !isSame(before, message)) {
      this.#say('double-signature', `${describe(message)} after ${describe(before)}`)
    }
    if (before === undefined && this.#isBelowFloor(message)) {
      this.#say('double-signature', `${describe(message)} below the floor`)
    }
    const { place } = message
    if (place.kind === 'vote' && place.vote !== 1) {
      const other = toPlace({ ...message, place: { ...place, vote: 5 - place.vote } })
      if (this.#left.has(other)) this.#say('exclusion', `${describe(message)} beside ${other}`)
    }
    this.#left.set(toPlace(message), message)
  }

  #raiseFloor(log: VoteLog): void {
    const view = this.#floor.view + this.#prng.between(0, 3)
    const round = this.#floor.round + this.#prng.between(0, 3)
    log.raiseFloor({ epoch: 0 as Epoch, view: view as View, round: round as Round })
    this.#floor = { view, round }
  }

  #isBelowFloor({ place }: KeptMessage): boolean {
    return place.kind === 'attestation'
      ? place.round < this.#floor.round
      : place.view < this.#floor.view
  }

  /** Few places, so that most are asked for again, with the same thing or another. */
  #draw(): KeptMessage {
    const prng = this.#prng
    const time = prng.between(0, 25)
    const epoch = 0 as Epoch
    const place = prng.pick<KeptMessage['place']>([
      { kind: 'attestation', epoch, round: time as Round, shard: prng.between(0, 1) },
      { kind: 'proposal', epoch, view: time as View },
      { kind: 'vote', epoch, view: time as View, vote: prng.between(1, 3) },
    ])
    const known = [...this.#asked.values()].filter((each) => toPlace(each) === toPlace({ place }))
    if (known.length > 0 && prng.chance(500)) return prng.pick(known)
    this.#marks += 1
    const digest = new Uint8Array(32) as Digest
    new DataView(digest.buffer).setUint32(0, this.#marks)
    const length = prng.between(MESSAGE_BYTES.min, MESSAGE_BYTES.max)
    const bytes = Uint8Array.from({ length }, () => prng.between(0, 255))
    return { place, digest, bytes }
  }

  #say(checker: Violation['checker'], detail: string): void {
    this.#violations.push({ checker, detail })
  }
}

/** The log names what its disk throws. */
function isDeath(error: unknown): boolean {
  if (error instanceof Death) return true
  return error instanceof Error && isDeath(error.cause)
}

function toPlace({ place }: Pick<KeptMessage, 'place'>): string {
  return JSON.stringify(place)
}

function toKey(message: KeptMessage): string {
  return `${toPlace(message)} ${Buffer.from(message.digest).toString('hex')}`
}

function isSame(a: KeptMessage, b: KeptMessage): boolean {
  return Buffer.compare(a.digest, b.digest) === 0 && Buffer.compare(a.bytes, b.bytes) === 0
}

function describe(message: KeptMessage): string {
  return toKey(message).slice(0, 100)
}
