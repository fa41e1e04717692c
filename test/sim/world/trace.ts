import type { TopicName } from '../checkers/checker.ts'

/** Lines kept to be shown when something goes wrong. */
const TAIL_LINES = 400

/** Bytes that came to a node: what happens most, and most such lines are never read. */
export interface Arrival {
  readonly atMs: number
  readonly to: number
  readonly from: number
  readonly topic: TopicName
  /** Of the bytes, as {@link getFingerprint}. */
  readonly print: number
}

/** Topics as the hash tells them apart. */
const topicNumbers: Readonly<Record<TopicName, number>> = {
  attestation: 0,
  proposal: 1,
  vote: 2,
  certificate: 3,
  evidence: 4,
}

/** All that happened in a run: hashed as a whole, its end kept in words. */
export class Trace {
  #left = 0x811c9dc5
  #right = 0x01000193
  readonly #tail: (string | Arrival)[] = []
  #count = 0

  add(line: string): void {
    for (let index = 0; index < line.length; index++) this.#mix(line.charCodeAt(index))
    this.#keep(line)
  }

  /** As `add`, put into words only when it is read. */
  addArrival(arrival: Arrival): void {
    this.#mix(arrival.atMs)
    this.#mix(arrival.to)
    this.#mix(arrival.from)
    this.#mix(topicNumbers[arrival.topic])
    this.#mix(arrival.print)
    this.#keep(arrival)
  }

  /** Lines so far. */
  get count(): number {
    return this.#count
  }

  /** The last lines, oldest first. */
  getTail(): readonly string[] {
    const at = this.#count % TAIL_LINES
    const inOrder = [...this.#tail.slice(at), ...this.#tail.slice(0, at)]
    return inOrder.map((line) => (typeof line === 'string' ? line : describe(line)))
  }

  /** A hash of all lines so far, in hex: two lanes of a multiplicative hash, 64 bits. */
  get hash(): string {
    return [this.#left, this.#right].map((lane) => toHex32(lane)).join('')
  }

  #keep(line: string | Arrival): void {
    this.#tail[this.#count % TAIL_LINES] = line
    this.#count += 1
    this.#mix(0x0a)
  }

  #mix(value: number): void {
    this.#left = Math.imul(this.#left ^ value, 0x01000193)
    this.#right = Math.imul((this.#right << 13) | (this.#right >>> 19), 0x9e3779b1) ^ value
  }
}

function describe({ atMs, to, from, topic, print }: Arrival): string {
  return `${atMs} n${to} < n${from} ${topic} ${print.toString(16)}`
}

function toHex32(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0')
}

/** A short number for bytes in a trace (FNV-1a): two runs differ in it where they differ in a byte. */
export function getFingerprint(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** As {@link getFingerprint}, worked out once for each bytes object: these must not change in place. */
export function makeFingerprints(): (bytes: Uint8Array) => number {
  const known = new Map<Uint8Array, number>()
  return (bytes) => {
    let print = known.get(bytes)
    if (print === undefined) {
      print = getFingerprint(bytes)
      known.set(bytes, print)
    }
    return print
  }
}
