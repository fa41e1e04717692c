import assert from 'node:assert/strict'
import { type Digest, type Epoch, type Round, type View, voteKinds } from '@watchfire/attestation'
import * as fc from 'fast-check'
import { type KeptMessage, StorageFault, type VoteLog } from '../../src/ports.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'
import { LosingDisk } from './losing-disk.ts'

const epoch = 0 as Epoch

function makeVote(view: number, vote: number = voteKinds.notarize, mark = 1): KeptMessage {
  return {
    place: { kind: 'vote', epoch, view: view as View, vote },
    digest: new Uint8Array(32).fill(mark) as Digest,
    bytes: new Uint8Array(100).fill(view % 256),
  }
}
function makeAttestation(round: number, size = 200, mark = 1): KeptMessage {
  return {
    place: { kind: 'attestation', epoch, round: round as Round, shard: 0 },
    digest: new Uint8Array(32).fill(mark) as Digest,
    bytes: new Uint8Array(size).fill(round % 256),
  }
}
function isFault(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StorageFault && error.code === code
}
function assertHolds(log: VoteLog, message: KeptMessage): void {
  const kept = log.get(message.place)
  assert.deepEqual(kept && Buffer.from(kept.bytes), Buffer.from(message.bytes))
}

describe('vote log', () => {
  it('gives back the bytes that were kept, after it was opened again', () => {
    const disk = new LosingDisk()
    const first = openVoteLog(disk)
    const proposal: KeptMessage = {
      place: { kind: 'proposal', epoch, view: 3 as View },
      digest: new Uint8Array(32).fill(9) as Digest,
      bytes: Uint8Array.of(1, 2, 3),
    }
    first.log.append([proposal, makeVote(3)])
    first.log.append([makeAttestation(7)])
    const again = openVoteLog(disk)
    assert.equal(again.isNew, false)
    assert.equal(again.log.logId, first.log.logId)
    assert.equal(again.log.count, 3)
    for (const message of [proposal, makeVote(3), makeAttestation(7)])
      assertHolds(again.log, message)
    const views = again.log.listViews(epoch, 1 as View, 9 as View)
    assert.deepEqual(
      views.map(({ place }) => place.kind),
      ['proposal', 'vote'],
    )
    assert.equal(again.log.listAttestations(epoch, 8 as Round).length, 0)
    assert.equal(again.log.listAttestations(epoch, 7 as Round).length, 1)
  })

  it('refuses a second message for one place, and keeps the first', () => {
    const { log } = openVoteLog(new LosingDisk())
    log.append([makeVote(1)])
    assert.throws(() => log.append([makeVote(1, voteKinds.notarize, 2)]), isFault('conflict'))
    log.append([makeVote(1)])
    assert.equal(log.count, 1)
    log.append([makeAttestation(1)])
    assert.throws(() => log.append([makeAttestation(1, 10, 2)]), isFault('conflict'))
    assertHolds(log, makeAttestation(1))
  })

  it('refuses two messages for one place within one append, and keeps neither', () => {
    const { log } = openVoteLog(new LosingDisk())
    const pair = [makeVote(1), makeVote(1, voteKinds.notarize, 2)]
    assert.throws(() => log.append(pair), isFault('conflict'))
    assert.equal(log.get(makeVote(1).place), undefined)
  })

  it('refuses finalize where nullify was signed, and nullify where finalize was', () => {
    const { log } = openVoteLog(new LosingDisk())
    log.append([makeVote(1, voteKinds.nullify)])
    assert.throws(() => log.append([makeVote(1, voteKinds.finalize)]), isFault('conflict'))
    log.append([makeVote(2, voteKinds.finalize), makeVote(2, voteKinds.notarize)])
    assert.throws(() => log.append([makeVote(2, voteKinds.nullify)]), isFault('conflict'))
  })

  it('holds everything whose append returned, whatever a loss of power does to the rest', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        fc.array(fc.constantFrom('append', 'large', 'fail', 'lose'), { maxLength: 40 }),
        (luck, actions) => {
          const random = (): number => Number(luck.next().value)
          const disk = new LosingDisk()
          let { log } = openVoteLog(disk, { compactBytes: 2000 })
          const kept: KeptMessage[] = []
          let view = 0
          for (const action of actions) {
            view += 1
            const batch = [makeVote(view), makeAttestation(view, action === 'large' ? 3000 : 20)]
            if (action === 'lose') {
              disk.losePower(random)
              ;({ log } = openVoteLog(disk, { compactBytes: 2000 }))
            } else if (action === 'fail') {
              disk.failFlush = true
              assert.throws(() => log.append(batch), isFault('write-failed'))
              assert.throws(() => log.append([makeVote(view + 1)]), isFault('write-failed'))
              disk.failFlush = false
              disk.losePower(random)
              ;({ log } = openVoteLog(disk, { compactBytes: 2000 }))
            } else {
              log.append(batch)
              kept.push(...batch)
            }
            for (const message of kept) assertHolds(log, message)
            assert.ok(log.count >= kept.length)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('keeps for good what it gives back after a flush that failed, though no later flush would bring it to the disk', () => {
    const disk = new LosingDisk()
    const { log } = openVoteLog(disk)
    disk.failFlush = true
    assert.throws(() => log.append([makeVote(1)]), isFault('write-failed'))
    disk.failFlush = false
    assertHolds(openVoteLog(disk).log, makeVote(1))
    disk.losePower(() => 0)
    assertHolds(openVoteLog(disk).log, makeVote(1))
  })

  it('drops a torn tail, says how much, and goes on behind it', () => {
    const disk = new LosingDisk()
    const { log } = openVoteLog(disk)
    log.append([makeVote(1)])
    log.append([makeVote(2)])
    disk.cut('votes.log', 5)
    const again = openVoteLog(disk)
    assert.ok(again.tornBytes > 0)
    assert.equal(again.log.count, 1)
    again.log.append([makeVote(3)])
    const third = openVoteLog(disk)
    assert.equal(third.tornBytes, 0)
    assertHolds(third.log, makeVote(1))
    assertHolds(third.log, makeVote(3))
  })

  it('says that the disk is full, signs nothing afterwards, and holds what it held', () => {
    const disk = new LosingDisk()
    const { log } = openVoteLog(disk)
    log.append([makeVote(1)])
    disk.capacity = disk.sizeOf('votes.log') + 50
    assert.throws(() => log.append([makeVote(2)]), isFault('disk-full'))
    disk.capacity = Number.POSITIVE_INFINITY
    assert.throws(() => log.append([makeVote(3)]), isFault('write-failed'))
    const again = openVoteLog(disk)
    assert.equal(again.log.count, 1)
    assertHolds(again.log, makeVote(1))
  })

  it('refuses a file that does not start as a vote log', () => {
    const disk = new LosingDisk()
    disk.open('votes.log').write(0, new Uint8Array(80))
    assert.throws(() => openVoteLog(disk), isFault('corrupt'))
  })

  it('signs nothing below a floor that was raised, after a loss of power too', () => {
    const disk = new LosingDisk()
    const { log } = openVoteLog(disk)
    log.append([makeVote(1), makeAttestation(5)])
    log.raiseFloor({ epoch, view: 10 as View, round: 20 as Round })
    disk.losePower(() => 0)
    const again = openVoteLog(disk).log
    assert.deepEqual(again.floor, { epoch, view: 10, round: 20 })
    assert.throws(() => again.append([makeVote(9)]), isFault('conflict'))
    assert.throws(() => again.append([makeAttestation(19)]), isFault('conflict'))
    again.raiseFloor({ epoch, view: 2 as View, round: 2 as Round })
    assert.equal(again.isBelowFloor(makeVote(9).place), true)
    again.append([makeVote(10), makeAttestation(20)])
    assert.equal(again.count, 4)
  })

  // Seeds 35386 and 36490 of the simulator's hand-over: a node back in the epoch before could not sign.
  it('signs on in the epoch before, which a power cut may bring back, and not in older ones', () => {
    const { log } = openVoteLog(new LosingDisk(), { compactBytes: 1000 })
    const inEpoch = (at: number, view: number): KeptMessage => {
      const message = makeVote(view)
      return { ...message, place: { ...message.place, epoch: at as Epoch } }
    }
    for (const at of [0, 1, 2]) {
      for (let view = 1; view <= 10; view += 1) log.append([inEpoch(at, view)])
    }
    log.append([inEpoch(1, 11)])
    assertHolds(log, inEpoch(1, 1))
    assert.throws(() => log.append([inEpoch(0, 11)]), isFault('conflict'))
    assert.equal(log.get(inEpoch(0, 1).place), undefined)
  })

  it('stays bounded, and never signs for a place that it dropped', () => {
    const disk = new LosingDisk()
    const options = { compactBytes: 20_000 }
    const { log } = openVoteLog(disk, options)
    for (let round = 1; round <= 2000; round += 1) log.append([makeAttestation(round)])
    assert.ok(disk.sizeOf('votes.log') < 300_000)
    assert.equal(log.count, 2000)
    assert.equal(log.get(makeAttestation(1).place), undefined)
    assert.throws(() => log.append([makeAttestation(1, 10, 2)]), isFault('conflict'))
    const again = openVoteLog(disk, options).log
    assert.equal(again.count, 2000)
    assert.throws(() => again.append([makeAttestation(1, 10, 2)]), isFault('conflict'))
    assertHolds(again, makeAttestation(2000))
  })
})
