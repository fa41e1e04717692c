import assert from 'node:assert/strict'
import {
  abstentions,
  type Attestation,
  decode,
  type MemberIndex,
  observationStatuses,
  type Round,
  signedAttestationType,
  type TargetIndex,
} from '@watchfire/attestation'
import type { ProbedTarget, Scheduler } from '@watchfire/probes'
import { makeAttestor } from '../../src/attestor/attestor.ts'
import type { HealthReport } from '../../src/health/self-health.ts'
import type { Draft, Outgoing } from '../../src/loop/signed-keeper.ts'
import type { VoteLog } from '../../src/ports.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'
import { makeContext, makeTestLog, makeTestMeter, TestClock } from '../fixtures.ts'
import { LosingDisk } from '../store/losing-disk.ts'

const context = makeContext()
const reached: ProbedTarget = {
  target: 0 as TargetIndex,
  result: { status: 'reached', signals: {}, identities: {}, phases: [] },
}

/** An attestor whose probes end when the test says so. */
class Bench {
  readonly clock: TestClock
  readonly meter = makeTestMeter()
  readonly voteLog: VoteLog
  readonly signed: Attestation[] = []
  readonly resent: Outgoing[] = []
  readonly repeated: Outgoing[] = []
  readonly stopping = new AbortController()
  health: HealthReport = { healthy: true }
  readonly controls: Round[] = []
  controlsDone: Promise<void> = Promise.resolve()
  finalRound = 0
  runs: { round: Round; finish: () => void }[] = []
  readonly attestor: ReturnType<typeof makeAttestor>

  constructor(nowMs: number, disk = new LosingDisk()) {
    this.clock = new TestClock(nowMs)
    this.voteLog = openVoteLog(disk).log
    const scheduler: Scheduler = {
      run: (round) =>
        new Promise((resolve) => {
          this.runs.push({ round, finish: () => resolve([reached]) })
        }),
      close: () => undefined,
    }
    this.attestor = makeAttestor({
      context,
      member: 0 as MemberIndex,
      log: makeTestLog(),
      meter: this.meter,
      clock: this.clock,
      scheduler,
      voteLog: this.voteLog,
      askControls: (round) => {
        this.controls.push(round)
        return this.controlsDone
      },
      checkHealth: () => this.health,
      sign: (drafts) => this.#sign(drafts),
      resend: (messages) => void this.resent.push(...messages),
      repeat: (messages) => void this.repeated.push(...messages),
      getFinalRound: () => this.finalRound as Round,
    })
  }

  #sign(drafts: readonly Draft[]): void {
    for (const draft of drafts) {
      const { place, digest } = draft
      const bytes = draft.seal(new Uint8Array(64))
      this.voteLog.append([{ place, digest, bytes }])
      const signed = decode(signedAttestationType, bytes)
      assert.ok(signed.ok)
      this.signed.push(signed.value.message)
    }
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }
  async begin(): Promise<void> {
    this.attestor.begin(this.stopping.signal)
    await this.settle()
  }
  async advance(byMs: number): Promise<void> {
    this.clock.advance(byMs)
    await this.settle()
  }
  async finish(): Promise<void> {
    for (const { finish } of this.runs.splice(0)) finish()
    await this.settle()
  }
}

describe('attestor', () => {
  it('probes as a round begins and signs one attestation for it', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    assert.equal(bench.runs[0]?.round, 1)
    await bench.advance(400)
    assert.equal(bench.signed.length, 0)
    await bench.finish()
    assert.equal(bench.signed.length, 1)
    const [attestation] = bench.signed
    assert.equal(attestation?.round, 1)
    assert.equal(attestation.observations[0]?.status, observationStatuses.reached)
  })

  it('sends what it kept for a round it comes back to, and signs nothing anew', async () => {
    const disk = new LosingDisk()
    const first = new Bench(2000, disk)
    await first.begin()
    await first.finish()
    assert.equal(first.signed.length, 1)
    const again = new Bench(2500, disk)
    await again.begin()
    await again.finish()
    assert.deepEqual(again.signed, [])
    assert.equal(again.resent.length, 1)
    const [kept] = first.voteLog.listAttestations(context.epoch, 1 as Round)
    assert.deepEqual(Buffer.from(again.resent[0]?.bytes ?? []), Buffer.from(kept?.bytes ?? []))
  })

  it('does not begin a round that is past attesting', async () => {
    const bench = new Bench(3100)
    await bench.begin()
    assert.equal(bench.runs.length, 0)
    assert.equal(bench.meter.get('rounds-not-attested', 'begun-late'), 1)
    await bench.advance(900)
    assert.equal(bench.runs.length, 1)
  })

  it('leaves out the round it begins in once a quarter of its probing time has passed', async () => {
    const inTime = new Bench(2249)
    await inTime.begin()
    assert.equal(inTime.runs.length, 1)
    const late = new Bench(2250)
    await late.begin()
    assert.equal(late.runs.length, 0)
    assert.equal(late.meter.get('rounds-not-attested', 'begun-late'), 1)
    await late.advance(1750)
    assert.equal(late.runs.length, 1, 'the next one is probed from its start')
  })

  it('signs nothing for a round that others are past proposing in by the time its probes end', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    bench.clock.advance(1301)
    await bench.finish()
    assert.deepEqual(bench.signed, [])
    assert.equal(bench.meter.get('rounds-not-attested', 'late'), 1)
  })

  it('signs nothing for a round that the clock was set back before', async () => {
    const bench = new Bench(4000)
    await bench.begin()
    bench.clock.set(3000)
    await bench.finish()
    assert.deepEqual(bench.signed, [])
    assert.equal(bench.meter.get('rounds-not-attested', 'clock'), 1)
  })

  it('leaves out rounds the clock jumped over, and attests the one it is in', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    await bench.finish()
    bench.clock.set(20_000)
    await bench.advance(1000)
    // Noticed within a second: round 10 is still to be attested, those between are not.
    await bench.finish()
    await bench.advance(1000)
    await bench.finish()
    assert.deepEqual(
      bench.signed.map(({ round }) => round),
      [1, 11],
    )
  })

  it('abstains from every target when its own health is bad, and says as what', async () => {
    const bench = new Bench(2000)
    bench.health = {
      healthy: false,
      abstention: 'self-unhealthy',
      cause: 'canaries',
      reason: 'cut off',
    }
    await bench.begin()
    await bench.finish()
    const [observation] = bench.signed[0]?.observations ?? []
    assert.equal(observation?.status, observationStatuses.abstained)
    assert.equal(observation.code, abstentions['self-unhealthy'])
  })

  it('waits for the controls of the round, and goes by what they came to', async () => {
    const bench = new Bench(2000)
    const controls = Promise.withResolvers<undefined>()
    bench.controlsDone = controls.promise
    await bench.begin()
    await bench.finish()
    assert.deepEqual(bench.controls, [1])
    assert.equal(bench.signed.length, 0)
    const bad = { abstention: 'self-unhealthy', cause: 'canaries', reason: 'cut off' } as const
    bench.health = { healthy: false, ...bad }
    controls.resolve(undefined)
    await bench.settle()
    assert.equal(bench.signed[0]?.observations[0]?.code, abstentions['self-unhealthy'])
    assert.equal(bench.meter.get('rounds-abstained', 'canaries'), 1)
  })

  it('attests nothing while held, not even what was being probed, and again once released', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    bench.attestor.hold()
    await bench.finish()
    await bench.advance(2000)
    assert.equal(bench.runs.length, 0)
    bench.attestor.release(3 as Round)
    await bench.advance(2000)
    await bench.finish()
    assert.deepEqual(
      bench.signed.map(({ round }) => round),
      [3],
    )
  })

  it('never signs below the floor of its log', async () => {
    const bench = new Bench(2000)
    bench.voteLog.raiseFloor({ epoch: context.epoch, view: 0 as never, round: 2 as Round })
    await bench.begin()
    assert.equal(bench.runs.length, 0)
    assert.equal(bench.meter.get('rounds-not-attested', 'below-floor'), 1)
    await bench.advance(2000)
    await bench.finish()
    assert.equal(bench.signed[0]?.round, 2)
  })

  it('repeats over direct streams what no block covers yet, until one does', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    await bench.finish()
    await bench.advance(2000)
    const [kept] = bench.voteLog.listAttestations(context.epoch, 1 as Round)
    assert.equal(bench.repeated.length, 1)
    assert.deepEqual(bench.repeated[0]?.bytes, kept?.bytes)
    bench.finalRound = 2
    await bench.finish()
    await bench.advance(2000)
    assert.equal(bench.repeated.length, 1)
  })

  it('signs nothing of probes that a stop cut short', async () => {
    const bench = new Bench(2000)
    await bench.begin()
    bench.stopping.abort()
    await bench.finish()
    await bench.attestor.stop()
    assert.deepEqual(bench.signed, [])
  })
})
