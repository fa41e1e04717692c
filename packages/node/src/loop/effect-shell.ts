import {
  encode,
  type EpochContext,
  evidenceType,
  type Round,
  signedAttestationType,
  type State,
  toHex,
  viewCertificateType,
  getOffender,
} from '@watchfire/attestation'
import { type AlarmCode, type Effect } from '@watchfire/consensus'
import type {
  Clock,
  Counters,
  FinalRecord,
  InboundMessage,
  Log,
  Network,
  Store,
  StoreBatch,
  StoredAttestation,
} from '../ports.ts'
import type { AttestationBuffer } from './attestation-buffer.ts'
import type { Puller } from './puller.ts'
import {
  type Draft,
  draftProposal,
  draftVote,
  type Outgoing,
  type SignedKeeper,
  toOutgoing,
} from './signed-keeper.ts'

// Carries out the effects of a batch of steps (SPEC 6). Whatever the batch holds, the order is:
//
//   1. what a vote rests on, and what became known, in one flushed write of the store;
//   2. what is signed, in one flushed write of the vote log;
//   3. what is said: the signed messages, certificates, evidence, repeats, requests.
//
// So nothing is sent that is not kept, and no vote is kept without the block it is for. Within a
// batch the core's own order among things of one kind stays.

/** Own attestations repeated at once: those of the newest rounds that no block covers. */
const roundsRepeatedMax = 8
/** Messages repeated at once. */
const repeatedMax = 512

type Final = FinalRecord & { readonly state: State }

export interface EffectShellOptions {
  readonly context: EpochContext
  readonly store: Store
  /** Undefined for an observer, which signs nothing. */
  readonly keeper: SignedKeeper | undefined
  readonly buffer: AttestationBuffer
  readonly puller: Puller
  readonly clock: Clock
  readonly meter: Counters
  readonly log: Log
  readonly getNetwork: () => Network
  /** Takes our own message in through admission, like anyone's. */
  readonly receive: (message: InboundMessage) => void
  readonly onFinal: (record: Final) => void
  /** Evidence became known here, and is kept. */
  readonly onEvidence: () => void
  readonly onAlarm: (code: AlarmCode, detail: string) => void
}

export interface EffectShell {
  /**
   * @throws {StorageFault} nothing more may be signed or sent
   */
  carryOut(effects: readonly Effect[], finalRound: Round): void
  /** Signs, keeps, sends and takes in. @throws {StorageFault} */
  sign(drafts: readonly Draft[]): void
  /** Sends what is kept, and takes it in. */
  resend(messages: readonly Outgoing[]): void
  /** Writes what waits in the attestation buffer. @throws {StorageFault} */
  flush(): void
}

export function makeEffectShell(options: EffectShellOptions): EffectShell {
  const { context, store, keeper, buffer, puller, clock, meter, log, getNetwork } = options

  function say({ topic, shard, bytes }: Outgoing): void {
    getNetwork()
      .publish(topic, shard, bytes)
      .then(
        (peers) => {
          if (peers === 0) meter.add('published-to-nobody', topic)
        },
        (error: unknown) => log.warn({ topic, error: String(error) }, 'publishing failed'),
      )
  }

  function sign(drafts: readonly Draft[]): void {
    if (drafts.length === 0) return
    if (keeper === undefined) throw new Error('an observer was asked to sign')
    resend(keeper.keep(drafts))
  }

  function resend(messages: readonly Outgoing[]): void {
    const from = getNetwork().peerId
    for (const message of messages) {
      say(message)
      options.receive({ ...message, from, via: 'self' })
    }
  }

  /** Attestations that a block names, as they were received. */
  function collectNamed(effect: Extract<Effect, { kind: 'store-block' }>): StoredAttestation[] {
    return effect.block.body.attestations.flatMap(({ digest }, i) => {
      const signed = effect.attestations[i]
      // Those in the buffer go with this write anyway.
      if (signed === undefined || buffer.get(digest) !== undefined) return []
      const { epoch, round, shard, member } = signed.message
      const bytes = encode(signedAttestationType, signed)
      return [{ digest, epoch, round, shard, member, bytes, receivedAtMs: clock.nowMs() }]
    })
  }

  function collect(effects: readonly Effect[]): StoreBatch | undefined {
    const blocks: NonNullable<StoreBatch['blocks']>[number][] = []
    const attestations: StoredAttestation[] = []
    const certificates: NonNullable<StoreBatch['certificates']>[number][] = []
    const finals: FinalRecord[] = []
    const evidence: NonNullable<StoreBatch['evidence']>[number][] = []
    const alarms: NonNullable<StoreBatch['alarms']>[number][] = []
    for (const effect of effects) {
      switch (effect.kind) {
        case 'store-block':
          blocks.push(effect)
          attestations.push(...collectNamed(effect))
          break
        case 'store-certificate':
          certificates.push(effect.certificate)
          break
        case 'finalize':
          blocks.push({ digest: effect.headerDigest, block: effect.block })
          finals.push(toFinal(effect))
          // What the block holds stands in place of a piece known before, or of none.
          evidence.push(
            ...effect.block.body.evidence.map((each) => ({
              offender: getOffender(each),
              evidence: each,
              isFinal: true,
            })),
          )
          break
        case 'accuse':
          evidence.push({
            offender: getOffender(effect.evidence),
            evidence: effect.evidence,
            isFinal: false,
          })
          break
        case 'alarm':
          alarms.push({
            code: effect.code,
            detail: effect.detail,
            atMs: clock.nowMs(),
            inputs: JSON.stringify(effect.inputs, toPlain),
          })
          break
        default:
      }
    }
    const batch = { blocks, attestations, certificates, finals, evidence, alarms }
    return Object.values(batch).some((list) => list.length > 0) ? batch : undefined
  }

  function flush(batch: StoreBatch = {}): void {
    const attestations = [...buffer.list(), ...(batch.attestations ?? [])]
    store.put({ ...batch, attestations })
    buffer.clear()
  }

  function repeat(effect: Extract<Effect, { kind: 'repeat' }>, finalRound: Round): void {
    const messages = keeper === undefined ? [] : listKept(keeper, effect, finalRound)
    const certificate: Outgoing[] =
      effect.certificate === undefined
        ? []
        : [
            {
              topic: 'certificate',
              shard: 0,
              bytes: encode(viewCertificateType, effect.certificate),
            },
          ]
    const all = [...certificate, ...messages].slice(0, repeatedMax)
    meter.add('repeated', undefined, all.length)
    if (all.length > 0) getNetwork().sendDirect(all)
  }

  function listKept(
    from: SignedKeeper,
    { epoch, fromView, toView }: Extract<Effect, { kind: 'repeat' }>,
    finalRound: Round,
  ): Outgoing[] {
    const rounds = from.log.listAttestations(epoch, (finalRound + 1) as Round)
    const votes = from.log.listViews(epoch, fromView, toView)
    return [...rounds.slice(-roundsRepeatedMax), ...votes].map(toOutgoing)
  }

  function speak(effect: Effect, finalRound: Round): void {
    switch (effect.kind) {
      case 'publish-certificate':
        say({
          topic: 'certificate',
          shard: 0,
          bytes: encode(viewCertificateType, effect.certificate),
        })
        break
      case 'accuse':
        log.warn(
          { member: context.memberIds[getOffender(effect.evidence)] },
          'a member signed two things for one place',
        )
        say({ topic: 'evidence', shard: 0, bytes: encode(evidenceType, effect.evidence) })
        options.onEvidence()
        break
      case 'repeat':
        repeat(effect, finalRound)
        break
      case 'fetch-attestations':
        puller.fetchAttestations(effect.digests, effect.from)
        break
      case 'fetch-blocks':
        puller.fetchBlocks(effect.digests)
        break
      case 'fetch-views':
        puller.fetchViews(effect.epoch, effect.from, effect.to)
        break
      case 'sync':
        puller.sync(effect.height)
        break
      case 'finalize':
        options.onFinal(toFinal(effect))
        break
      case 'alarm':
        log.error({ code: effect.code }, `alarm: ${effect.detail}`)
        options.onAlarm(effect.code, effect.detail)
        break
      default:
    }
  }

  return {
    carryOut(effects, finalRound) {
      const batch = collect(effects)
      if (batch !== undefined) flush(batch)
      const drafts = effects.flatMap((effect): Draft[] => {
        if (effect.kind === 'sign-vote') return [draftVote(context, effect.vote)]
        if (effect.kind === 'sign-proposal') return [draftProposal(context, effect.proposal)]
        return []
      })
      sign(drafts)
      for (const effect of effects) speak(effect, finalRound)
    },
    sign,
    resend,
    flush: () => {
      if (buffer.bytes > 0) flush()
    },
  }
}

function toFinal({
  block,
  headerDigest,
  certificate,
  state,
}: Extract<Effect, { kind: 'finalize' }>): Final {
  return { header: block.header, headerDigest, certificate, state }
}

/** Bytes as hex and large integers as text, for an alarm's record. */
function toPlain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? toHex(value) : value
}
