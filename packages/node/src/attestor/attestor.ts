import {
  abstentions,
  type Attestation,
  type EpochContext,
  getRoundAt,
  type MemberIndex,
  type Observation,
  observationStatuses,
  type Round,
  type TargetIndex,
  type UnixMs,
} from '@watchfire/attestation'
import { type ProbedTarget, type Scheduler, toObservation } from '@watchfire/probes'
import type { HealthReport } from '../health/self-health.ts'
import { type Draft, draftAttestation, type Outgoing, toOutgoing } from '../loop/signed-keeper.ts'
import type { Clock, Log, Meter, VoteLog } from '../ports.ts'
import { startRoundClock } from './round-clock.ts'

// Every round: probe, sign one attestation a shard, keep it, send it (SPEC 5). What was signed for a
// round is never signed anew: after a restart its kept bytes go out again.

/** Own attestations of rounds without a block that are repeated when a round begins. */
const repeatedMax = 4

/** Share of the probing time that may have passed when a node begins in the middle of a round. */
const lateStartPart = 4

/** A round as the attestor comes to it. */
interface Turn {
  readonly round: Round
  readonly startMs: UnixMs
  /** The round under way when the attestor began. */
  readonly isFirst: boolean
}

export interface AttestorOptions {
  readonly context: EpochContext
  readonly member: MemberIndex
  readonly log: Log
  readonly meter: Meter
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly voteLog: VoteLog
  /** Asks whatever else must answer in a round; waited for, so it has to end within the probing time. */
  readonly askControls?: (round: Round) => Promise<void>
  /** This node's own health, asked when the probes of a round are done. */
  readonly checkHealth: () => HealthReport
  /** Signs, keeps, sends and takes in. */
  readonly sign: (drafts: readonly Draft[]) => void
  /** Sends kept bytes again by gossip, and takes them in. */
  readonly resend: (messages: readonly Outgoing[]) => void
  /** Sends kept bytes over direct streams. */
  readonly repeat: (messages: readonly Outgoing[]) => void
  /** The round of the highest final block. */
  readonly getFinalRound: () => Round
  /** What the probes of a round came to, for surfaces. */
  readonly onProbed?: (round: Round, results: readonly ProbedTarget[]) => void
}

export interface Attestor {
  /** Begins; the round under way is attested if enough of it is left. */
  begin(signal: AbortSignal): void
  /** Attests nothing until released (SPEC 6.9). */
  hold(): void
  /** Attests from this round on. */
  release(from: Round): void
  /** Ends, once the round under way has. */
  stop(): Promise<void>
}

export function makeAttestor(options: AttestorOptions): Attestor {
  const { context, member, log, meter, clock, voteLog } = options
  const { parameters, epoch } = context
  let end: () => void = () => undefined
  let underWay: Promise<void> = Promise.resolve()
  let heldUntil = 0
  const lateStartMs = Math.floor(parameters.attestByMs / lateStartPart)

  function listKept(round: Round): Outgoing[] {
    return voteLog
      .listAttestations(epoch, round)
      .filter(({ place }) => place.kind === 'attestation' && place.round === round)
      .map(toOutgoing)
  }

  function repeatUncovered(round: Round): void {
    const from = Math.max(options.getFinalRound() + 1, round - parameters.roundsBehindMax)
    const kept = voteLog
      .listAttestations(epoch, from as Round)
      .filter(({ place }) => place.kind === 'attestation' && place.round < round)
    if (kept.length > 0)
      options.repeat(kept.slice(-repeatedMax * parameters.shards).map(toOutgoing))
  }

  /** Why nothing is signed for a round after its probes, if so. */
  function findDelay(round: Round, startMs: UnixMs): 'late' | 'clock' | undefined {
    const nowMs = clock.nowMs()
    // Held up, or the clock was set forward: others are past proposing by now.
    if (nowMs > startMs + parameters.proposeAtMs) return 'late'
    // Set back: the round has not begun any more.
    return getRoundAt(parameters, nowMs) === round ? undefined : 'clock'
  }

  function skip(round: Round, code: string): void {
    meter.add('rounds-not-attested', code)
    log.warn({ round, code }, `round ${round} is not attested: ${code}`)
  }

  function makeDrafts(round: Round, results: readonly ProbedTarget[]): Draft[] {
    const health = options.checkHealth()
    if (!health.healthy) {
      meter.add('rounds-abstained', health.cause)
      const { cause, reason } = health
      log.warn({ round, cause, reason }, `round ${round}: abstaining from all targets: ${reason}`)
    }
    const observations = results.map(({ target, result }) => observe(target, result, health))
    return Array.from({ length: parameters.shards }, (_, shard) => {
      const attestation: Attestation = {
        epoch,
        round,
        shard,
        member,
        observations: observations.filter(
          ({ target }) => parameters.targets[target]?.shard === shard,
        ),
      }
      return draftAttestation(context, attestation)
    })
  }

  function observe(
    index: TargetIndex,
    result: ProbedTarget['result'],
    health: HealthReport,
  ): Observation {
    const target = parameters.targets[index]
    if (target === undefined) throw new Error(`no target has index ${index}`)
    return health.healthy
      ? toObservation(target, index, result)
      : {
          target: index,
          status: observationStatuses.abstained,
          code: abstentions[health.abstention],
          referenceKind: 0,
          reference: 0,
          signals: [],
          identities: [],
        }
  }

  async function attest({ round, startMs, isFirst }: Turn, signal: AbortSignal): Promise<void> {
    repeatUncovered(round)
    if (round < heldUntil) return
    const kept = listKept(round)
    if (kept.length > 0) {
      options.resend(kept)
      return
    }
    if (voteLog.isBelowFloor({ kind: 'attestation', epoch, round, shard: 0 })) {
      skip(round, 'below-floor')
      return
    }
    if (clock.nowMs() >= startMs + (isFirst ? lateStartMs : parameters.attestByMs)) {
      // Begun in the middle of a round: the next is soon enough. What could still be probed would be
      // cut short, and a network's first verdicts would be `unknown` because its monitors had begun.
      meter.add('rounds-not-attested', 'begun-late')
      return
    }
    // What is said of the targets of a round stands or falls with the controls of that round.
    const [results] = await Promise.all([
      options.scheduler.run(round, startMs, signal),
      options.askControls?.(round),
    ])
    if (signal.aborted) return
    options.onProbed?.(round, results)
    const delay = findDelay(round, startMs)
    if (delay !== undefined) {
      skip(round, delay)
      return
    }
    // Looked at again after the await: it may have been held meanwhile.
    if (round < heldUntil) return
    options.sign(makeDrafts(round, results))
    meter.observe('attestation', clock.nowMs() - startMs)
  }

  return {
    begin(signal) {
      let isFirst = true
      end = startRoundClock(parameters, clock, (round, startMs) => {
        const turn: Turn = { round, startMs, isFirst }
        isFirst = false
        // One round at a time: the scheduler ends before `attestBy`, so the one before is done.
        underWay = underWay
          .then(() => attest(turn, signal))
          .catch((error: unknown) => {
            meter.add('attestor-errors')
            const detail = error instanceof Error ? error.stack : String(error)
            log.error({ round, error: detail }, 'attesting failed')
          })
      })
    },
    hold() {
      heldUntil = Number.POSITIVE_INFINITY
    },
    release(from) {
      heldUntil = from
    },
    async stop() {
      end()
      await underWay
    },
  }
}
