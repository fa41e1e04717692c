import type { UnixMs } from '@watchfire/attestation'
import {
  packetBytes,
  readReply,
  type SntpFaultCode,
} from '../../../packages/node/src/health/sntp.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget, listCodes } from '../target.ts'

const sentMs = 1_800_000_000_000 as UnixMs
const cookie = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const tookMs = 40

/** A server's answer that is well, as RFC 4330 has it: ours is 20 ms behind it. */
function makeAnswer(): Uint8Array {
  const bytes = new Uint8Array(packetBytes)
  const view = new DataView(bytes.buffer)
  bytes.set([0x24, 2])
  bytes.set(cookie, 24)
  for (const at of [32, 40]) view.setUint32(at, sentMs / 1000 + 2_208_988_800)
  for (const at of [36, 44]) view.setUint32(at, Math.floor(0.04 * 2 ** 32))
  return bytes
}
const well = makeAnswer()

/** What time servers answer, and whoever answers in their name. */
export const timeAnswers: FuzzTarget = {
  name: 'time-answers',
  codes: listCodes<SntpFaultCode>({
    malformed: true,
    'not-ours': true,
    unsynchronized: true,
    refused: true,
  }),
  share: 2,
  open: () => ({
    draw: (prng) => {
      const bytes = mutateBytes(prng, well)
      // What repeats another question is dropped before the rest is read.
      if (bytes.length >= 32 && prng.chance(800)) bytes.set(cookie, 24)
      return bytes
    },
    run(input) {
      const read = readReply(input, cookie, sentMs, tookMs)
      if (!read.ok) return { code: read.code }
      const { offsetMs, errorMs } = read.value
      // The nearest of the times that 32 bits of seconds name.
      check(Math.abs(offsetMs) <= 2 ** 31 * 1000 + tookMs, `off by ${offsetMs} ms`)
      check(errorMs >= 0 && errorMs <= tookMs / 2, `unsure by ${errorMs} ms`)
      return { code: 'accepted', trace: `${offsetMs} ${errorMs}` }
    },
  }),
}
