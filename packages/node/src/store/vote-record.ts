import type { Digest, Epoch, Round, View } from '@watchfire/attestation'
import type { KeptMessage, Place } from '../ports.ts'

// One kept message inside a frame of the vote log, little-endian:
// kind u8 | vote u8 | shard u16 | epoch u64 | view or round u64 | digest 32 | length u32 | bytes

const fixedBytes = 56
const kinds = ['attestation', 'proposal', 'vote'] as const

/** Where a place stands in time: its round for an attestation, else its view. */
export function getPlaceTime(place: Place): number {
  return place.kind === 'attestation' ? place.round : place.view
}

/** One text a place, as key of a map. */
export function getPlaceKey(place: Place): string {
  switch (place.kind) {
    case 'attestation':
      return `a/${place.epoch}/${place.round}/${place.shard}`
    case 'proposal':
      return `p/${place.epoch}/${place.view}`
    case 'vote':
      return `v/${place.epoch}/${place.view}/${place.vote}`
    default:
      throw new TypeError('a place of no known kind')
  }
}

export function encodeRecords(messages: readonly KeptMessage[]): Uint8Array {
  const length = messages.reduce((sum, { bytes }) => sum + fixedBytes + bytes.length, 0)
  const out = new Uint8Array(length)
  const data = new DataView(out.buffer)
  let at = 0
  for (const { place, digest, bytes } of messages) {
    data.setUint8(at, kinds.indexOf(place.kind))
    data.setUint8(at + 1, place.kind === 'vote' ? place.vote : 0)
    data.setUint16(at + 2, place.kind === 'attestation' ? place.shard : 0, true)
    data.setBigUint64(at + 4, BigInt(place.epoch), true)
    data.setBigUint64(at + 12, BigInt(getPlaceTime(place)), true)
    out.set(digest, at + 20)
    data.setUint32(at + 52, bytes.length, true)
    out.set(bytes, at + fixedBytes)
    at += fixedBytes + bytes.length
  }
  return out
}

/** A record, and where in the decoded bytes its message lies. */
export interface LocatedRecord {
  readonly place: Place
  readonly digest: Digest
  readonly offset: number
  readonly length: number
}

/** The records of a frame whose checksum held, or `undefined` if they are not ours. */
export function decodeRecords(frame: Uint8Array): LocatedRecord[] | undefined {
  const data = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const records: LocatedRecord[] = []
  let at = 0
  while (at < frame.length) {
    if (frame.length - at < fixedBytes) return undefined
    const kind = kinds[data.getUint8(at)]
    const epoch = Number(data.getBigUint64(at + 4, true)) as Epoch
    const time = Number(data.getBigUint64(at + 12, true))
    const length = data.getUint32(at + 52, true)
    if (kind === undefined || frame.length - at - fixedBytes < length) return undefined
    const place: Place =
      kind === 'attestation'
        ? { kind, epoch, round: time as Round, shard: data.getUint16(at + 2, true) }
        : kind === 'proposal'
          ? { kind, epoch, view: time as View }
          : { kind, epoch, view: time as View, vote: data.getUint8(at + 1) }
    const digest = frame.slice(at + 20, at + 52) as Digest
    records.push({ place, digest, offset: at + fixedBytes, length })
    at += fixedBytes + length
  }
  return records
}
