import type { EventQueue } from './event-queue.ts'
import type { Prng } from './prng.ts'

/** How links behave. Reordering follows from delays that differ. */
export interface Weather {
  readonly lossPerMille: number
  readonly duplicatePerMille: number
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** Share of messages that take `slowMsMax` at most instead. */
  readonly slowPerMille: number
  readonly slowMsMax: number
  /** Share of messages of which a byte arrives as another. */
  readonly corruptPerMille?: number
}

export const goodWeather: Weather = {
  lossPerMille: 0,
  duplicatePerMille: 0,
  delayMsMin: 1,
  delayMsMax: 30,
  slowPerMille: 0,
  slowMsMax: 0,
}

export interface NetworkCounts {
  sent: number
  lost: number
  duplicated: number
  cut: number
  damaged: number
}

/** Links between all nodes; each message meets its own fate. */
export class SimNetwork {
  readonly #queue: EventQueue
  readonly #prng: Prng
  #weather: Weather
  /** Which side of the partition a node is on; all on one side when there is none. */
  #sides: readonly number[] = []
  /** Links that carry nothing this way, `from>to`; the other way may be whole. */
  readonly #broken = new Set<string>()
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, cut: 0, damaged: 0 }

  constructor(queue: EventQueue, prng: Prng, weather: Weather) {
    this.#queue = queue
    this.#prng = prng
    this.#weather = weather
  }

  setWeather(weather: Weather): void {
    this.#weather = weather
  }

  /** @param sides by node; nodes of different sides do not hear each other. Empty heals */
  partition(sides: readonly number[]): void {
    this.#sides = sides
  }

  /** Breaks a link in one direction only. */
  breakLink(from: number, to: number): void {
    this.#broken.add(`${from}>${to}`)
  }

  mendLink(from: number, to: number): void {
    this.#broken.delete(`${from}>${to}`)
  }

  mendLinks(): void {
    this.#broken.clear()
  }

  /** @returns the bytes with one of them changed; one where there was none */
  damage(bytes: Uint8Array): Uint8Array {
    this.counts.damaged += 1
    if (bytes.length === 0) return Uint8Array.of(this.#prng.between(0, 255))
    const at = this.#prng.between(0, bytes.length - 1)
    return bytes.with(at, (bytes[at] ?? 0) ^ this.#prng.between(1, 255))
  }

  /** @param arrive called once for each copy that arrives, and told whether it is to be damaged */
  send(from: number, to: number, arrive: (isDamaged: boolean) => void): void {
    this.counts.sent += 1
    if (!this.isConnected(from, to)) {
      this.counts.cut += 1
      return
    }
    const weather = this.#weather
    if (weather.lossPerMille > 0 && this.#prng.chance(weather.lossPerMille)) {
      this.counts.lost += 1
      return
    }
    this.#carry(from, to, arrive)
    if (weather.duplicatePerMille > 0 && this.#prng.chance(weather.duplicatePerMille)) {
      this.counts.duplicated += 1
      this.#carry(from, to, arrive)
    }
  }

  isConnected(from: number, to: number): boolean {
    if (this.#broken.size > 0 && this.#broken.has(`${from}>${to}`)) return false
    return this.#sides[from] === this.#sides[to]
  }

  #carry(from: number, to: number, arrive: (isDamaged: boolean) => void): void {
    const weather = this.#weather
    const { corruptPerMille = 0 } = weather
    const isDamaged = corruptPerMille > 0 && this.#prng.chance(corruptPerMille)
    const isSlow = weather.slowPerMille > 0 && this.#prng.chance(weather.slowPerMille)
    const delayMs = isSlow
      ? this.#prng.between(weather.delayMsMax, weather.slowMsMax)
      : this.#prng.between(weather.delayMsMin, weather.delayMsMax)
    this.#queue.after(delayMs, () => {
      // A cut also stops what is on its way: a link that fell takes its bytes along.
      if (this.isConnected(from, to)) arrive(isDamaged)
      else this.counts.cut += 1
    })
  }
}
