import {
  type Block,
  bodyType,
  type Certificate,
  committeeType,
  encode,
  type Header,
  parametersType,
  type State,
} from '@watchfire/attestation'
import {
  type AuditContext,
  type Checker,
  describe,
  type Finalized,
  type Violate,
  type Watched,
} from './checker.ts'
import { refuteEvidence } from './own-evidence.ts'
import { computeOwnStateRoot } from './own-state-root.ts'
import { headerDigest, tagged } from './own-wire.ts'

/** Of an epoch, as its headers name them. */
interface Hashes {
  readonly committee: Buffer
  readonly parameters: Buffer
}

/** Pieces of evidence that a block may hold (SPEC 3). */
const EVIDENCE_MAX = 8

/**
 * Every final block obeys SPEC 6.4.3, 6.4.6, 6.4.8 and 6.4.10, and the hand-over of 6.1, read apart
 * from production.
 */
export class BlockChecker implements Checker {
  readonly name = 'block'
  readonly #context: AuditContext
  readonly #violate: Violate
  readonly #byHeight = new Map<number, { readonly header: Header; readonly state: State }>()
  readonly #checked = new Set<number>()
  readonly #hashes = new Map<number, Hashes>()

  /** @param genesis the state before the first block */
  constructor(context: AuditContext, violate: Violate, genesis: State) {
    this.#context = context
    this.#violate = violate
    this.#byHeight.set(0, { header: this.#makeGenesis(genesis), state: genesis })
  }

  /** SPEC 6.1. */
  #makeGenesis(state: State): Header {
    const zero = { epoch: 0, height: 0, round: state.meta.round, parentRound: state.meta.round }
    const hashes = {
      parent: Buffer.alloc(32),
      ...this.#getHashes(0),
      body: tagged('body', encode(bodyType, { attestations: [], evidence: [] })),
      stateRoot: computeOwnStateRoot(state),
    }
    return { ...zero, ...hashes, next: [] } as unknown as Header
  }

  #getHashes(epoch: number): Hashes {
    const known = this.#hashes.get(epoch)
    if (known !== undefined) return known
    const context = this.#context.founding.epochs[epoch]
    if (context === undefined) return { committee: Buffer.alloc(32), parameters: Buffer.alloc(32) }
    const hashes = {
      committee: tagged('committee', encode(committeeType, context.committee)),
      parameters: tagged('parameters', encode(parametersType, context.parameters)),
    }
    this.#hashes.set(epoch, hashes)
    return hashes
  }

  onSynced(node: Watched, { header }: Certificate, state: State): void {
    if (node.isHonest) this.#byHeight.set(header.height, { header, state })
  }

  onFinalize(node: Watched, { block, state }: Finalized): void {
    const { header } = block
    if (!node.isHonest || this.#checked.has(header.height)) return
    this.#checked.add(header.height)
    this.#byHeight.set(header.height, { header, state })
    const parent = this.#byHeight.get(header.height - 1)
    if (parent === undefined) return
    for (const fault of [
      ...this.#findHeaderFaults(parent, block),
      ...this.#findBodyFaults(parent.state, block),
    ]) {
      this.#violate(this.name, `${describe(header)}: ${fault}`)
    }
  }

  #findHeaderFaults(parent: { header: Header; state: State }, { header, body }: Block): string[] {
    const { founding } = this.#context
    const faults: string[] = []
    const expect = (holds: boolean, fault: string) => {
      if (!holds) faults.push(fault)
    }
    const digest = headerDigest(founding.networkId, parent.header)
    expect(digest.equals(header.parent), 'another parent')
    expect(header.parentRound === parent.header.round, 'another round of its parent')
    expect(header.round > parent.header.round, 'a round not after its parent’s')
    const isNewEpoch = parent.header.next.length > 0
    expect(header.epoch === parent.header.epoch + (isNewEpoch ? 1 : 0), 'another epoch')
    const hashes = this.#getHashes(header.epoch)
    expect(hashes.committee.equals(header.committee), 'another committee')
    expect(hashes.parameters.equals(header.parameters), 'other parameters')
    expect(tagged('body', encode(bodyType, body)).equals(header.body), 'another body')
    const [handover] = isNewEpoch
      ? (founding.epochs[header.epoch]?.parameters.handover ?? [])
      : parent.state.meta.handover
    const isLast = handover?.lastHeight === header.height
    const [next] = header.next
    expect((next !== undefined) === isLast, 'hands over where it must not, or does not')
    if (handover !== undefined && next !== undefined) {
      const isSame =
        Buffer.compare(next.committee, handover.committee) === 0 &&
        Buffer.compare(next.parameters, handover.parameters) === 0
      expect(isSame, 'hands over to another epoch')
    }
    return faults
  }

  #findBodyFaults(prior: State, { header, body }: Block): string[] {
    const context = this.#context.founding.epochs[header.epoch]
    if (context === undefined) return ['an unknown epoch']
    const { members } = context.committee
    const faults: string[] = []
    const expect = (holds: boolean, fault: string) => {
      if (!holds) faults.push(fault)
    }
    const before = new Set<number>(
      prior.meta.epoch === header.epoch ? prior.meta.excluded.map(({ member }) => member) : [],
    )
    const offenders = body.evidence.map(({ value }) => value.first.message.member)
    expect(body.evidence.length <= EVIDENCE_MAX, 'too much evidence')
    expect(isAscending(offenders), 'evidence out of order, or twice against one')
    for (const [index, offender] of offenders.entries()) {
      expect(!before.has(offender), `evidence against member ${offender}, which is excluded`)
      const evidence = body.evidence[index]
      const refuted = evidence === undefined ? 'none' : refuteEvidence(this.#context, evidence)
      expect(refuted === undefined, `evidence that proves nothing: ${refuted}`)
    }
    const excluded = new Set<number>([...before, ...offenders])
    const places = body.attestations.map(({ shard, member }) => shard * 1000 + member)
    expect(isAscending(places), 'references out of order, or twice')
    for (const { member, shard } of body.attestations) {
      expect(member < members.length && shard < context.parameters.shards, 'a reference to nobody')
      expect(!excluded.has(member), `rests on member ${member}, which is excluded`)
    }
    const weigh = (some: readonly number[]) =>
      some.reduce((sum, member) => sum + BigInt(members[member]?.weight ?? 0), 0n)
    const whole = weigh([...members.keys()])
    const needed = (2n * whole) / 3n + 1n - weigh([...excluded])
    for (let shard = 0; shard < context.parameters.shards; shard++) {
      const named = body.attestations.filter((each) => each.shard === shard)
      const weight = weigh([...new Set<number>(named.map(({ member }) => member))])
      expect(weight >= needed, `shard ${shard} rests on ${weight} of ${needed}`)
    }
    return faults
  }
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? -1))
}
