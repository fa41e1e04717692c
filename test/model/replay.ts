import {
  type MemberIndex,
  type SignedVote,
  toHex,
  type UnixMs,
  type View,
  type Vote,
  voteKinds,
} from '@watchfire/attestation'
import {
  type CoreState,
  type Effect,
  getStatus,
  type Input,
  start,
  step,
} from '@watchfire/consensus'
import {
  makeProposalOf,
  signProposal,
  signVote,
  verify,
} from '../../packages/consensus/test/driver.ts'
import { BYZANTINE, context, getBlock, getParent, HONEST, startMs, TIMEOUT_MS } from './stage.ts'
import type { TraceEvent } from './trace.ts'

// Plays a trace of the model against the real core. Before each vote of the trace its member is
// restarted from its vote log alone, as the model has it, is given the votes that make the
// certificates the rule asks for, and the proposal; it must then cast that vote. What it casts
// besides may only be finalize for what it was shown notarized and never nullified: the model allows
// that at the same moment (`MAY_FINALIZE`), and having cast it takes nothing away from the trace,
// for the member has left that view.

export interface Replayed {
  /** Votes of the trace that the core cast. */
  readonly cast: number
  /** Finalize votes that it cast besides. */
  readonly besides: number
  /** The first vote of the trace that the core did not cast. */
  readonly refused?: TraceEvent
  /** What the core cast and no rule allows. */
  readonly wrong?: string
}

type Kind = keyof typeof voteKinds
type NewInput = Input extends infer T ? (T extends unknown ? Omit<T, 'nowMs'> : never) : never

class Play {
  /** Every vote sent, by member, in order. */
  readonly logs: SignedVote[][] = [[], [], []]
  cast = 0
  besides = 0
  wrong: string | undefined
  private readonly siblings: number
  private nowMs: UnixMs = startMs
  private state: CoreState | undefined
  private pending: Vote[] = []

  constructor(siblings: number) {
    this.siblings = siblings
  }

  /** @returns whether the member cast the vote of the event */
  play(event: TraceEvent): boolean {
    const { member, view } = event
    this.restart(member)
    if (event.kind === 'finalize') {
      this.show(member, 'notarize', view, event.block)
    } else {
      const parentView = event.kind === 'notarize' ? event.parentView : view - 1
      const parent = event.kind === 'notarize' ? this.getParentOf(event) : undefined
      if (parent !== undefined && parent !== 0) this.show(member, 'notarize', parentView, parent)
      for (let between = parentView + 1; between < view; between++) {
        this.show(member, 'nullify', between, 0)
      }
      if (event.kind === 'nullify') this.lead(member, view)
    }
    if (event.kind === 'notarize') this.propose(member, event)
    if (event.kind === 'nullify') {
      this.nowMs = (this.nowMs + TIMEOUT_MS) as UnixMs
      this.input(member, { kind: 'tick' })
    }
    return this.settle(event)
  }

  /** The block that the proposal builds on: itself where it is proposed again. */
  private getParentOf({ block, parentView }: Extract<TraceEvent, { kind: 'notarize' }>): number {
    return parentView === 0 ? 0 : getParent(block, this.siblings)
  }

  /** Brings the member into a view by whichever certificate of the one before can be made. */
  private lead(member: number, view: number): void {
    if (this.getView() < view) this.show(member, 'nullify', view - 1, 0)
    for (const block of this.getVotedFor(view - 1)) {
      if (this.getView() < view) this.show(member, 'notarize', view - 1, block)
    }
  }

  private getView(): number {
    return this.state === undefined ? 0 : getStatus(this.state).view
  }

  /** The blocks that a view has votes for, those with most first: a Byzantine member's first vote counts. */
  private getVotedFor(view: number): number[] {
    const counts = new Map<number, number>()
    for (const { message } of this.logs.flat()) {
      if (message.kind !== voteKinds.notarize || message.view !== view) continue
      const hex = toHex(message.header)
      for (let id = 1; id < this.siblings ** 4; id++) {
        if (toHex(getBlock(id, this.siblings).digest) !== hex) continue
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
    }
    return [...counts].toSorted(([, a], [, b]) => b - a).map(([id]) => id)
  }

  private restart(member: number): void {
    const config = {
      networkId: context.networkId,
      epochs: [context],
      me: HONEST[member],
      verify,
    }
    const recovery = {
      final: undefined,
      blocks: [],
      attestations: [],
      certificates: [],
      signedProposals: [],
      signedVotes: this.logs[member] ?? [],
    }
    this.pending = []
    const { state, effects } = start(config, recovery, this.nowMs)
    this.state = state
    this.carryOut(effects)
  }

  /** Shows a member all votes for one thing, the Byzantine ones included: a certificate if they suffice. */
  private show(member: number, kind: Kind, view: number, block: number): void {
    const header = kind === 'nullify' ? new Uint8Array(32) : getBlock(block, this.siblings).digest
    const hex = toHex(header)
    const isSame = ({ message }: SignedVote) =>
      message.kind === voteKinds[kind] && message.view === view && toHex(message.header) === hex
    for (const [other, log] of this.logs.entries()) {
      const vote = log.find(isSame)
      if (other !== member && vote !== undefined) this.give(member, vote)
    }
    for (const byzantine of BYZANTINE) {
      this.give(member, this.sign(byzantine, kind, view, header))
    }
    if (kind === 'notarize') this.giveChain(member, block)
  }

  private sign(by: MemberIndex, kind: Kind, view: number, header: Uint8Array) {
    return signVote(context, {
      epoch: context.epoch,
      view: view as View,
      kind: voteKinds[kind],
      member: by,
      header: header as Vote['header'],
    })
  }

  private give(member: number, message: SignedVote): void {
    this.input(member, { kind: 'vote', message } as NewInput)
  }

  /** A notarized block and its ancestors, as a member fetches them, with what they rest on. */
  private giveChain(member: number, block: number): void {
    for (let id = block; id > 0; id = getParent(id, this.siblings)) {
      this.input(member, { kind: 'block', block: getBlock(id, this.siblings).block })
    }
    for (let id = block; id > 0; id = getParent(id, this.siblings)) this.giveInputs(member, id)
  }

  private giveInputs(member: number, block: number): void {
    for (const { message, digest } of getBlock(block, this.siblings).attestations) {
      this.input(member, { kind: 'attestation', message, digest })
    }
  }

  private propose(
    member: number,
    { view, block, parentView }: Extract<TraceEvent, { kind: 'notarize' }>,
  ): void {
    const proposal = makeProposalOf(context, view, parentView, getBlock(block, this.siblings).block)
    this.input(member, { kind: 'proposal', message: signProposal(context, proposal) })
    this.giveInputs(member, block)
  }

  private input(member: number, input: NewInput): void {
    if (this.state === undefined) throw new Error(`member ${member} was not started`)
    const { state, effects } = step(this.state, { ...input, nowMs: this.nowMs } as Input)
    this.state = state
    this.carryOut(effects)
  }

  private carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) if (effect.kind === 'sign-vote') this.pending.push(effect.vote)
  }

  /** Logs what was cast, and looks at each. */
  private settle(event: TraceEvent): boolean {
    const { member } = event
    const wanted = toKey(event, this.siblings)
    let isCast = false
    for (const vote of this.pending) {
      const log = this.logs[member] ?? []
      const isSigned = (kind: Kind) =>
        log.some(({ message }) => message.kind === voteKinds[kind] && message.view === vote.view)
      if (voteKey(vote) === wanted) isCast = true
      else if (vote.kind === voteKinds.finalize && !isSigned('nullify') && !isSigned('finalize')) {
        this.besides++
      } else this.wrong ??= `${voteKey(vote)} was cast where ${wanted} is due`
      log.push(signVote(context, vote))
    }
    if (isCast) this.cast++
    return isCast
  }
}

function toKey(event: TraceEvent, siblings: number): string {
  const header = 'block' in event ? getBlock(event.block, siblings).digest : new Uint8Array(32)
  return `${voteKinds[event.kind]} ${event.view} ${toHex(header)}`
}

function voteKey({ kind, view, header }: Vote): string {
  return `${kind} ${view} ${toHex(header)}`
}

/**
 * Plays a trace against the core, up to the first vote that it does not cast.
 *
 * @param siblings K of the model that made the trace
 */
export function replay(events: readonly TraceEvent[], siblings: number): Replayed {
  const play = new Play(siblings)
  for (const event of events) {
    const isCast = play.play(event)
    const { cast, besides, wrong } = play
    if (wrong !== undefined) return { cast, besides, wrong }
    if (!isCast && !isCastEarlier(play, event, siblings)) {
      return { cast, besides, refused: event }
    }
  }
  return { cast: play.cast, besides: play.besides }
}

/** Finalize may have been cast besides an earlier vote. */
function isCastEarlier(play: Play, event: TraceEvent, siblings: number): boolean {
  const log = play.logs[event.member] ?? []
  if (event.kind !== 'finalize') return false
  return log.some(({ message }) => voteKey(message) === toKey(event, siblings))
}
