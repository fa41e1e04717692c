import { writeSync } from 'node:fs'
import type { Digest, Epoch, Round } from '@watchfire/attestation'
import { makeLogDisk } from '../../src/store/log-disk.ts'
import { openVoteLog } from '../../src/store/vote-log.ts'

// A process that appends for ever, and says what it kept once it is kept. What it says of round r it
// derives from r alone, so that whoever reads the log can tell whether it is whole.
const [directory = '', from = ''] = process.argv.slice(2)
const { log } = openVoteLog(makeLogDisk(directory), { compactBytes: 40_000 })
for (let round = Number(from); ; round += 1) {
  const digest = new Uint8Array(32).fill(round % 251) as Digest
  const bytes = new Uint8Array(50 + (round % 400)).fill(round % 251)
  const place = { kind: 'attestation', epoch: 0 as Epoch, round: round as Round, shard: 0 } as const
  log.append([{ place, digest, bytes }])
  writeSync(1, `${round}\n`)
}
