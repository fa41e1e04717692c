import type { EpochContext, UnixMs } from '@watchfire/attestation'
import type {
  AdmissionWindow,
  CoreConfig,
  CoreState,
  Effect,
  Input,
  Recovery,
  Status,
  StepResult,
} from '@watchfire/consensus'
import type { Happening } from './event-queue.ts'
import type { Engine } from './seam.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

/** Ticks that a core may ask for within one millisecond before it is taken for stuck. */
const TICKS_A_MS_MAX = 200

/** What goes out of the core. */
export interface CoreOut {
  carryOut(effect: Effect): void
  /** What admission may take from here on. */
  onWindow(window: AdmissionWindow): void
}

/** The core's turn: an input in, its effects out, and a tick when it asks for one. */
export class CoreLoop {
  readonly epochs: readonly EpochContext[]
  readonly #world: World
  readonly #node: SimNode
  readonly #engine: Engine
  readonly #out: CoreOut
  #core: CoreState | undefined
  #shown: { core?: CoreState; status?: Status } = {}
  #wake: Happening | undefined
  #ticks = { atMs: 0, count: 0 }
  #isBusy = false

  constructor(world: World, node: SimNode, out: CoreOut) {
    this.#world = world
    this.#node = node
    this.#out = out
    this.#engine = world.seam.makeEngine(node.index)
    this.epochs = world.seam.getEpochs(world.founding.epochs, node.index)
  }

  get core(): CoreState | undefined {
    return this.#core
  }

  /** Worked out once for a core, at which many look. */
  get status(): Status | undefined {
    if (this.#core !== undefined && this.#shown.core !== this.#core) {
      this.#shown = { core: this.#core, status: this.#engine.getStatus(this.#core) }
    }
    return this.#core === undefined ? undefined : this.#shown.status
  }

  /** Whether effects are being carried out. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  start(config: CoreConfig, recovery: Recovery): void {
    this.#carry(this.#engine.start(config, recovery, this.#node.nowMs))
  }

  /** The process is gone. */
  stop(): void {
    this.#core = undefined
    this.#isBusy = false
    if (this.#wake !== undefined) this.#wake.cancelled = true
  }

  /** One input into the core, and its effects out. */
  feed(input: Input): void {
    if (this.#core === undefined) return
    this.#carry(this.#engine.step(this.#core, input))
    this.#node.drain()
  }

  #carry(result: StepResult): void {
    this.#core = result.state
    const wasBusy = this.#isBusy
    this.#isBusy = true
    for (const effect of result.effects) this.#out.carryOut(effect)
    this.#isBusy = wasBusy
    this.#out.onWindow(this.#engine.getAdmissionWindow(result.state))
    this.#scheduleWake(result.wakeAtMs)
  }

  #scheduleWake(wakeAtMs: UnixMs | undefined): void {
    if (this.#wake !== undefined) this.#wake.cancelled = true
    this.#wake = undefined
    if (wakeAtMs === undefined) return
    this.#wake = this.#node.at(wakeAtMs, () => {
      const { nowMs } = this.#world.queue
      this.#ticks = { atMs: nowMs, count: this.#ticks.atMs === nowMs ? this.#ticks.count + 1 : 1 }
      if (this.#ticks.count > TICKS_A_MS_MAX) throw new Error('the core asks for ticks without end')
      this.feed({ kind: 'tick', nowMs: this.#node.nowMs })
    })
  }
}
