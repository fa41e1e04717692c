import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Epoch, type Round, type View, voteKinds } from '@watchfire/attestation'
import {
  type KeptMessage,
  type Place,
  type SigningFloor,
  StorageFault,
  type VoteLog,
} from '../ports.ts'
import type { LogDisk, LogFile } from './log-disk.ts'
import { makeStorageFault } from './storage-fault.ts'
import {
  decodeRecords,
  encodeRecords,
  getPlaceKey,
  getPlaceTime,
  type LocatedRecord,
} from './vote-record.ts'

// The vote log: what this key signed, one thing a place (SPEC 6.5, 6.9).
//
//   header: magic 8 | log id 16 | count before u64 | floors 4 x u64 | crc32 u32
//   frame:  length u32 | crc32 of the payload u32 | payload (vote-record.ts)
//
// One append is one frame, written at the end and flushed before anything of it is sent. A frame that
// is cut short or does not match its checksum can only be the last one, whose append never returned:
// it is dropped. If anything that was flushed should be lost, the count is lower than the key's
// sidecar says, and the node signs nothing until it is safe (keys/log-sidecar.ts).
//
// The file is bounded: what lies far below the newest is dropped by compaction, which raises the
// floors. Below a floor nothing is ever signed again, so uniqueness still holds for ever.

const magic = new TextEncoder().encode('WFVOTES1')
const headerBytes = 68
const frameHeadBytes = 8
/** One append: an attestation a shard, or a step's proposal and votes. */
const frameBytesMax = 1 << 28
/** Rounds of attestations kept; others refuse older ones after `roundsBehindMax` (at most 1024). */
const roundsKept = 256
/** Views of votes kept; far more than can be without finality (SPEC 6.4.6). */
const viewsKept = 16_384
const fileName = 'votes.log'
const nextName = 'votes.next'

interface Floor {
  epoch: number
  /** Lowest round or view of that epoch which may still be signed for. */
  from: number
}
interface Held extends LocatedRecord {
  /** Position of the message in the file. */
  readonly at: number
}

export interface VoteLogOptions {
  /** File size from which compaction is tried. */
  readonly compactBytes?: number
}

/** What opening found; `tornBytes` were of an append that never returned. */
export interface OpenedVoteLog {
  readonly log: VoteLog
  readonly isNew: boolean
  readonly tornBytes: number
}

function encodeHeader(logId: string, base: number, floors: readonly Floor[]): Uint8Array {
  const out = new Uint8Array(headerBytes)
  const data = new DataView(out.buffer)
  out.set(magic)
  out.set(Buffer.from(logId, 'hex'), 8)
  data.setBigUint64(24, BigInt(base), true)
  floors.forEach(({ epoch, from }, i) => {
    data.setBigUint64(32 + 16 * i, BigInt(epoch), true)
    data.setBigUint64(40 + 16 * i, BigInt(from), true)
  })
  data.setUint32(64, crc32(out.subarray(0, 64)), true)
  return out
}

function encodeFrame(messages: readonly KeptMessage[]): Uint8Array {
  const payload = encodeRecords(messages)
  const out = new Uint8Array(frameHeadBytes + payload.length)
  const data = new DataView(out.buffer)
  data.setUint32(0, payload.length, true)
  data.setUint32(4, crc32(payload), true)
  out.set(payload, frameHeadBytes)
  return out
}

/**
 * Opens the vote log in a directory, or makes it.
 *
 * @throws {StorageFault} `corrupt` if the header is not ours; `write-failed`, `disk-full`.
 */
export function openVoteLog(disk: LogDisk, options: VoteLogOptions = {}): OpenedVoteLog {
  try {
    return openOrMake(disk, options.compactBytes ?? 16_777_216)
  } catch (error) {
    throw makeStorageFault(error, 'vote log')
  }
}

function openOrMake(disk: LogDisk, compactBytes: number): OpenedVoteLog {
  disk.remove(nextName)
  const isNew = !disk.exists(fileName)
  if (isNew) {
    // Written aside and moved, so that a header is whole or absent.
    const file = disk.open(nextName)
    const floors = [
      { epoch: 0, from: 0 },
      { epoch: 0, from: 0 },
    ]
    file.write(0, encodeHeader(randomBytes(16).toString('hex'), 0, floors))
    file.flush()
    file.close()
    disk.replace(nextName, fileName)
    disk.flushNames()
  }
  return load(disk, disk.open(fileName), compactBytes, isNew)
}

function load(disk: LogDisk, opened: LogFile, compactBytes: number, isNew: boolean): OpenedVoteLog {
  let file = opened
  const head = Buffer.from(file.read(0, headerBytes))
  if (
    head.length < headerBytes ||
    !head.subarray(0, 8).equals(magic) ||
    head.readUInt32LE(64) !== crc32(head.subarray(0, 64))
  )
    throw new StorageFault('corrupt', `${fileName} does not start as a vote log does`)
  const logId = head.subarray(8, 24).toString('hex')
  let base = Number(head.readBigUInt64LE(24))
  const readFloor = (at: number): Floor => ({
    epoch: Number(head.readBigUInt64LE(at)),
    from: Number(head.readBigUInt64LE(at + 8)),
  })
  const attestationFloor = readFloor(32)
  const viewFloor = readFloor(48)

  const held = new Map<string, Held>()
  const size = file.size()
  let end = headerBytes
  let lastAt = headerBytes
  let compactAt = compactBytes
  let isBroken = false
  for (let records = readFrame(end); records !== undefined; records = readFrame(end)) {
    for (const record of records.list) hold(record, end + frameHeadBytes)
    lastAt = end
    end = records.end
  }
  const tornBytes = size - end
  if (tornBytes > 0) file.truncate(end)
  // A process that was killed between writing and flushing left a last frame that only looks kept: what
  // is read here is sent again (SPEC 6.9), so it must be on disk first, and the file under its name.
  // Where its flush failed, the kernel takes it for written and no flush would bring it there any more,
  // unless it is written again.
  if (end > lastAt) file.write(lastAt, file.read(lastAt, end - lastAt))
  file.flush()
  disk.flushNames()

  function readFrame(at: number): { list: LocatedRecord[]; end: number } | undefined {
    const frameHead = Buffer.from(file.read(at, frameHeadBytes))
    if (frameHead.length < frameHeadBytes) return undefined
    const length = frameHead.readUInt32LE(0)
    if (length === 0 || length > Math.min(frameBytesMax, size - at - frameHeadBytes))
      return undefined
    const payload = file.read(at + frameHeadBytes, length)
    if (payload.length < length || crc32(payload) !== frameHead.readUInt32LE(4)) return undefined
    const records = decodeRecords(payload)
    return records === undefined ? undefined : { list: records, end: at + frameHeadBytes + length }
  }

  function hold(record: LocatedRecord, payloadAt: number): void {
    held.set(getPlaceKey(record.place), { ...record, at: payloadAt + record.offset })
  }

  function getFloor(place: Place): Floor {
    return place.kind === 'attestation' ? attestationFloor : viewFloor
  }

  function isBelowFloor(place: Place): boolean {
    const floor = getFloor(place)
    return (
      place.epoch < floor.epoch || (place.epoch === floor.epoch && getPlaceTime(place) < floor.from)
    )
  }

  /** Refuses a second thing for a place; says whether the message is still to be written. */
  function check(message: KeptMessage, pending: ReadonlyMap<string, KeptMessage>): boolean {
    const { place } = message
    const key = getPlaceKey(place)
    const known = held.get(key) ?? pending.get(key)
    if (known !== undefined) {
      if (Buffer.compare(known.digest, message.digest) === 0) return false
      throw new StorageFault('conflict', `another message was signed for ${key}`)
    }
    if (isBelowFloor(place)) throw new StorageFault('conflict', `${key} is below the log's floor`)
    if (place.kind === 'vote' && place.vote !== voteKinds.notarize) {
      // SPEC 6.5: finalize and nullify exclude each other.
      const vote = place.vote === voteKinds.finalize ? voteKinds.nullify : voteKinds.finalize
      const other = getPlaceKey({ ...place, vote })
      if (held.has(other) || pending.has(other))
        throw new StorageFault('conflict', `${key} is excluded by ${other}`)
    }
    return true
  }

  function read(entry: Held): KeptMessage {
    const bytes = file.read(entry.at, entry.length)
    if (bytes.length < entry.length) throw new StorageFault('corrupt', 'the vote log was cut short')
    return { place: entry.place, digest: entry.digest, bytes }
  }

  function list(select: (place: Place) => boolean): KeptMessage[] {
    const found: KeptMessage[] = []
    for (const entry of held.values()) if (select(entry.place)) found.push(read(entry))
    return found.toSorted((a, b) => getPlaceTime(a.place) - getPlaceTime(b.place))
  }

  function compact(): void {
    for (const { place } of held.values()) {
      const floor = getFloor(place)
      const kept = place.kind === 'attestation' ? roundsKept : viewsKept
      const from = Math.max(0, getPlaceTime(place) - kept)
      // A power cut may take back the end of the epoch before, until this one is well begun.
      const epoch = from > 0 ? place.epoch : ((place.epoch - 1) as Epoch)
      if (epoch > floor.epoch) Object.assign(floor, { epoch, from })
      else if (epoch === floor.epoch) floor.from = Math.max(floor.from, from)
    }
    rewrite()
  }

  /** Writes the file anew with what is not below the floors, and puts it in place of the old one. */
  function rewrite(): void {
    const staying = [...held.values()].filter(({ place }) => !isBelowFloor(place))
    const kept = staying.map(read)
    const dropped = held.size - kept.length
    const next = disk.open(nextName)
    next.truncate(0)
    next.write(0, encodeHeader(logId, base + dropped, [attestationFloor, viewFloor]))
    let at = headerBytes
    const moved = new Map<string, Held>()
    for (const [i, message] of kept.entries()) {
      const frame = encodeFrame([message])
      next.write(at, frame)
      const entry = staying[i]
      if (entry === undefined) throw new Error('compaction lost an entry')
      const messageAt = at + frame.length - message.bytes.length
      moved.set(getPlaceKey(message.place), { ...entry, at: messageAt })
      at += frame.length
    }
    next.flush()
    disk.replace(nextName, fileName)
    disk.flushNames()
    file.close()
    file = next
    base += dropped
    held.clear()
    for (const [key, entry] of moved) held.set(key, entry)
    end = at
    compactAt = Math.max(compactBytes, 2 * at)
  }

  function write(messages: readonly KeptMessage[]): void {
    const pending = new Map<string, KeptMessage>()
    for (const message of messages)
      if (check(message, pending)) pending.set(getPlaceKey(message.place), message)
    if (pending.size === 0) return
    // From here on a failure leaves the file in a state we do not know: nothing more is signed.
    isBroken = true
    if (end > compactAt) compact()
    const frame = encodeFrame([...pending.values()])
    file.write(end, frame)
    file.flush()
    for (const record of decodeRecords(frame.subarray(frameHeadBytes)) ?? [])
      hold(record, end + frameHeadBytes)
    end += frame.length
    isBroken = false
  }

  function attempt(run: () => void): void {
    if (isBroken)
      throw new StorageFault('write-failed', 'the vote log failed before; nothing is signed')
    try {
      run()
    } catch (error) {
      throw makeStorageFault(error, 'vote log')
    }
  }

  function raiseFloor(asked: SigningFloor): void {
    const raise = (floor: Floor, from: number): boolean => {
      const isHigher =
        asked.epoch > floor.epoch || (asked.epoch === floor.epoch && from > floor.from)
      if (isHigher) Object.assign(floor, { epoch: asked.epoch, from })
      return isHigher
    }
    const isViewHigher = raise(viewFloor, asked.view)
    const isRoundHigher = raise(attestationFloor, asked.round)
    if (!isViewHigher && !isRoundHigher) return
    isBroken = true
    rewrite()
    isBroken = false
  }

  const log: VoteLog = {
    logId,
    get floor() {
      return {
        epoch: viewFloor.epoch as Epoch,
        view: viewFloor.from as View,
        round: attestationFloor.from as Round,
      }
    },
    raiseFloor: (floor) => attempt(() => raiseFloor(floor)),
    isBelowFloor,
    get count() {
      return base + held.size
    },
    append: (messages) => attempt(() => write(messages)),
    get(place) {
      const entry = held.get(getPlaceKey(place))
      return entry === undefined ? undefined : read(entry)
    },
    listViews: (epoch, from, to) =>
      list(
        (place) =>
          place.kind !== 'attestation' &&
          place.epoch === epoch &&
          place.view >= from &&
          place.view <= to,
      ),
    listAttestations: (epoch, from) =>
      list((place) => place.kind === 'attestation' && place.epoch === epoch && place.round >= from),
    close: () => file.close(),
  }
  return { log, isNew, tornBytes }
}
