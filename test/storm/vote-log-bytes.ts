import { readFileSync } from 'node:fs'

/** One message of a vote log: the topic it is sent on, and its bytes. */
export interface LoggedMessage {
  readonly topic: string
  readonly bytes: Uint8Array
}

const HEADER_BYTES = 68
const RECORD_BYTES = 56
const TOPICS = ['attestation', 'proposal', 'vote']

/**
 * What a monitor keeps of what it signed, read from the file as ADR 0010 describes it: a header, then
 * frames of length, checksum and records, each with its length at byte 52.
 */
export function readVoteLog(path: string): LoggedMessage[] {
  const file = readFileSync(path)
  const messages: LoggedMessage[] = []
  for (let at = HEADER_BYTES; at + 8 <= file.length; ) {
    const end = at + 8 + file.readUInt32LE(at)
    // An append under way.
    if (end > file.length) break
    for (let record = at + 8; record < end; ) {
      const from = record + RECORD_BYTES
      const length = file.readUInt32LE(record + 52)
      const topic = TOPICS[file.readUInt8(record)]
      if (topic === undefined) throw new Error(`${path}: a record of no kind at ${record}`)
      messages.push({ topic, bytes: file.subarray(from, from + length) })
      record = from + length
    }
    at = end
  }
  return messages
}
