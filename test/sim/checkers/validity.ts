import type {
  Block,
  Observation,
  SignedAttestation,
  State,
  Target,
  TargetState,
} from '@watchfire/attestation'
import type { AttestationBook } from './attestation-book.ts'
import {
  type AuditContext,
  type Checker,
  describe,
  type Finalized,
  type Violate,
  type Watched,
} from './checker.ts'
import { checkCrossed, type GetHeads, isAnySeen } from './crossing.ts'
import { text } from './own-wire.ts'

const [REACHED, FAILED, ABSTAINED] = [1, 2, 3]
const [UP, DOWN, UNKNOWN] = [1, 4, 5]
const [BY_NOTHING, BY_OUTCOME, BY_THRESHOLD, BY_VANTAGE, BY_FORK] = [0, 1, 2, 5, 6]

/** What one honest member said of a target. */
interface Voice {
  readonly member: number
  readonly weight: bigint
  readonly said: Observation
}

/**
 * What is agreed lies within what honest observers said (SPEC 7): at most f lies, and wherever
 * something is said to be agreed, more than 2·fLive observed it, so that
 *
 *   a signal, median or corroborated   is between the least and the greatest honest value of it
 *   a group's head                     is between the least and the greatest of honest members' highest
 *   an outcome, identity, reference    is one that an honest observer gave
 *   weights                            are those of the honest, and at most the faulty weight more
 *   a verdict that turns               its reason is this block's raw verdict's (SPEC 7.8), and some honest
 *                                      observer backs that: failed, reached (a target astray too), or saw
 *                                      what a threshold asks.
 *                                      It turns to down or up only by a raw verdict of that name
 *   a threshold crossed, or cleared    some honest observer saw it pass its bound, or come back (SPEC 7.7)
 *   unknown                            too few honest observed for their majority to outweigh f
 *
 * Disputed is not here: a lie may make it, which is said when a manifest is admitted (SPEC 7.8).
 */
export class ValidityChecker implements Checker {
  readonly name = 'validity'
  readonly #context: AuditContext
  readonly #attestations: AttestationBook
  readonly #violate: Violate
  readonly #targets = new Map<string, TargetState>()
  #height = 0
  #epoch = 0

  constructor(context: AuditContext, attestations: AttestationBook, violate: Violate) {
    this.#context = context
    this.#attestations = attestations
    this.#violate = violate
  }

  onFinalize(node: Watched, { block, state }: Finalized): void {
    const { header } = block
    if (!node.isHonest || header.height <= this.#height) return
    const isNext = header.height === this.#height + 1
    this.#height = header.height
    const isSameEpoch = header.epoch === this.#epoch
    this.#epoch = header.epoch
    const say = (fault: string) => this.#violate(this.name, `${describe(header)}: ${fault}`)
    const context = this.#context.founding.epochs[header.epoch]
    if (context === undefined) return
    const faultyWeight = this.#weighFaulty(block, state)
    const byTarget = this.#listen(block)
    for (const [index, target] of context.parameters.targets.entries()) {
      const agreed = state.targets[index]
      if (agreed === undefined) continue
      const id = text(target.id)
      const heard = byTarget.get(index) ?? []
      const told = (fault: string) => say(`target ${id}: ${fault}`)
      checkWeights(agreed, heard, faultyWeight, told)
      checkValues(target, agreed, heard, told)
      const before = isNext ? this.#targets.get(id) : undefined
      const heads = (signal: number) =>
        this.#getHonestHeads(block, state.targets, target, signal, byTarget)
      const isKept = isSameEpoch && header.round - header.parentRound <= context.parameters.gapMax
      const crossed = isKept ? (before?.crossed ?? 0) : 0
      if (before !== undefined && before.verdict !== agreed.verdict) {
        checkTurn(target, { ...before, crossed }, agreed, heard, heads, told)
      }
      if (before !== undefined) checkCrossed(target, crossed, agreed, heard, heads, told)
      if (agreed.verdict === UNKNOWN) this.#checkUnknown(block, state, heard, told)
      this.#targets.set(id, agreed)
    }
    this.#checkHeads(block, state, byTarget, say)
  }

  /** Weight of what faulty members that are not excluded told this block. */
  #weighFaulty({ header, body }: Block, { meta }: State): bigint {
    const members = this.#context.founding.epochs[header.epoch]?.committee.members ?? []
    const faulty = new Set<number>(
      body.attestations
        .map(({ member }) => member)
        .filter((each) => !this.#context.honest.has(each)),
    )
    for (const { member } of meta.excluded) faulty.delete(member)
    return [...faulty].reduce((sum, member) => sum + BigInt(members[member]?.weight ?? 0), 0n)
  }

  /** What honest members say in a block, by target. */
  #listen({ header, body }: Block): ReadonlyMap<number, readonly Voice[]> {
    const members = this.#context.founding.epochs[header.epoch]?.committee.members ?? []
    const byTarget = new Map<number, Voice[]>()
    for (const { member, digest } of body.attestations) {
      const found: SignedAttestation | undefined = this.#attestations.get(digest)
      if (found === undefined || !this.#context.honest.has(member)) continue
      const weight = BigInt(members[member]?.weight ?? 0)
      for (const said of found.message.observations) {
        const voices = byTarget.get(said.target) ?? []
        byTarget.set(said.target, [...voices, { member, weight, said }])
      }
    }
    return byTarget
  }

  /** Unknown needs that the honest in the block could not outvote what may lie beside them. */
  #checkUnknown(
    { header }: Block,
    { meta }: State,
    heard: readonly Voice[],
    say: (fault: string) => void,
  ): void {
    const members = this.#context.founding.epochs[header.epoch]?.committee.members ?? []
    const whole = members.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
    const faulty = whole - ((2n * whole) / 3n + 1n)
    const out = meta.excluded.reduce(
      (sum, { member }) => sum + BigInt(members[member]?.weight ?? 0),
      0n,
    )
    const live = faulty > out ? faulty - out : 0n
    const observing = weigh(heard.filter(({ said }) => said.status !== ABSTAINED))
    if (observing > 2n * live) say(`is unknown, though ${observing} honest weight observed it`)
  }

  /** Highest value of each honest member for a signal, over the targets of a group. */
  #getHonestHighest(
    { header }: Block,
    agreed: State['targets'],
    group: string,
    name: string,
    byTarget: ReadonlyMap<number, readonly Voice[]>,
  ): bigint[] {
    const targets = this.#context.founding.epochs[header.epoch]?.parameters.targets ?? []
    const highest = new Map<number, bigint>()
    const sources = targets.flatMap((target, index) =>
      text(target.group) !== group
        ? []
        : target.signals.flatMap((definition, signal) =>
            definition.aggregate === 2 && text(definition.name) === name ? [{ index, signal }] : [],
          ),
    )
    // Those on another chain do not tell how far this one is, unless there are no others.
    const onChain = sources.filter(({ index }) => agreed[index]?.astray !== 1)
    for (const { index, signal } of onChain.length === 0 ? sources : onChain) {
      for (const { member, value } of pick(byTarget.get(index) ?? [], signal)) {
        const known = highest.get(member)
        if (known === undefined || value > known) highest.set(member, value)
      }
    }
    return [...highest.values()]
  }

  #getHonestHeads(
    block: Block,
    agreed: State['targets'],
    target: Target,
    signal: number,
    byTarget: ReadonlyMap<number, readonly Voice[]>,
  ): readonly bigint[] {
    const name = text(target.signals[signal]?.name ?? new Uint8Array())
    return this.#getHonestHighest(block, agreed, text(target.group), name, byTarget)
  }

  #checkHeads(
    block: Block,
    state: State,
    byTarget: ReadonlyMap<number, readonly Voice[]>,
    say: (fault: string) => void,
  ): void {
    for (const { id, heads } of state.groups) {
      for (const { name, value } of heads) {
        const honest = this.#getHonestHighest(block, state.targets, text(id), text(name), byTarget)
        if (!isWithin(BigInt.asIntN(64, value), honest)) {
          say(
            `group ${text(id)}: the head of ${text(name)} is ${value}, the honest saw ${honest.join()}`,
          )
        }
      }
    }
  }
}

function checkWeights(
  agreed: TargetState,
  heard: readonly Voice[],
  faulty: bigint,
  say: (fault: string) => void,
): void {
  for (const [name, status] of [
    ['reached', REACHED],
    ['failed', FAILED],
    ['abstained', ABSTAINED],
  ] as const) {
    const honest = weigh(heard.filter(({ said }) => said.status === status))
    const is = BigInt(agreed[name])
    if (is < honest || is > honest + faulty) say(`${name} is ${is}, honest is ${honest} of it`)
  }
}

function checkValues(
  { signals }: Target,
  agreed: TargetState,
  heard: readonly Voice[],
  say: (fault: string) => void,
): void {
  const reaching = heard.filter(({ said }) => said.status === REACHED)
  for (const { index, value } of agreed.signals) {
    const honest = pick(heard, index).map((each) => each.value)
    if (!isWithin(BigInt.asIntN(64, value), honest)) {
      const name = text(signals[index]?.name ?? new Uint8Array())
      say(`${name} is ${BigInt.asIntN(64, value)}, the honest saw ${honest.join()}`)
    }
  }
  for (const { index, value } of agreed.identities) {
    const isSaid = reaching.some(({ said }) =>
      said.identities.some(
        (each) => each.index === index && Buffer.compare(each.value, value) === 0,
      ),
    )
    if (!isSaid) say(`identity ${index} is one that no honest observer gave`)
  }
  const hasOutcome = heard.some(
    ({ said }) => said.status === FAILED && said.code === agreed.outcome,
  )
  if (agreed.outcome !== 0 && !hasOutcome) say(`outcome ${agreed.outcome} met no honest observer`)
  const hasReference = reaching.some(
    ({ said }) =>
      said.referenceKind === agreed.referenceKind && said.reference === agreed.reference,
  )
  if (agreed.referenceKind !== 0 && !hasReference) say('a reference that no honest observer gave')
}

/** What a verdict that turns in this block needs of the honest. */
function checkTurn(
  { policy }: Target,
  before: TargetState,
  { verdict, reasonKind, reasonCode, astray }: TargetState,
  heard: readonly Voice[],
  getHeads: GetHeads,
  say: (fault: string) => void,
): void {
  const someone = (status: number) => heard.some(({ said }) => said.status === status)
  const isCrossed = () => {
    const threshold = policy.thresholds[reasonCode]
    if (threshold === undefined) return false
    // One that was crossed goes on to hold up to where it clears.
    const wasCrossed = Math.floor(before.crossed / 2 ** reasonCode) % 2 === 1
    const bound = wasCrossed ? threshold.clear : threshold.value
    return isAnySeen(threshold, bound, true, heard, getHeads)
  }
  const isBacked =
    reasonKind === BY_NOTHING
      ? someone(REACHED)
      : reasonKind === BY_THRESHOLD
        ? isCrossed()
        : reasonKind === BY_OUTCOME || reasonKind === BY_VANTAGE
          ? someone(FAILED)
          : reasonKind === BY_FORK
            ? astray === 1 && someone(REACHED)
            : true
  if (!isBacked) say(`turns ${verdict} for reason ${reasonKind}, and no honest observer saw why`)
  // After unknown a verdict comes back as it was, whatever this block saw.
  if (before.verdict === UNKNOWN) return
  if (verdict === DOWN && ![BY_OUTCOME, BY_THRESHOLD, BY_FORK].includes(reasonKind)) {
    say(`turns down for reason ${reasonKind}`)
  }
  if (verdict === UP && reasonKind !== BY_NOTHING) say(`turns up for reason ${reasonKind}`)
}

function pick(
  voices: readonly Voice[],
  signal: number,
): { readonly member: number; readonly value: bigint }[] {
  return voices
    .filter(({ said }) => said.status === REACHED)
    .flatMap(({ member, said }) =>
      said.signals
        .filter(({ index }) => index === signal)
        .map(({ value }) => ({ member, value: BigInt.asIntN(64, value) })),
    )
}

function isWithin(value: bigint, honest: readonly bigint[]): boolean {
  return honest.some((each) => each <= value) && honest.some((each) => each >= value)
}

function weigh(voices: readonly Voice[]): bigint {
  return voices.reduce((sum, { weight }) => sum + weight, 0n)
}
