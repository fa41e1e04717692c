import {
  encodeHealthRequest,
  readHealthResponse,
} from '../../../packages/probes/src/protocols/grpc/health-messages.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'

/** Responses as servers of gRPC write them: a status, none, and with fields that nobody knows here. */
const healthy = [
  Uint8Array.of(0x08, 0x01),
  new Uint8Array(),
  Uint8Array.of(0x12, 0x03, 1, 2, 3, 0x08, 0x02),
  Uint8Array.of(0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 0x81, 0x01),
  encodeHealthRequest('a.service'),
]

/** What servers of gRPC answer to `grpc.health.v1`, without their frames, which are Node's to read. */
export const healthMessages: FuzzTarget = {
  name: 'health-messages',
  codes: ['malformed'],
  share: 2,
  open: () => ({
    draw: (prng) => mutateBytes(prng, prng.pick(healthy), healthy),
    run(input) {
      const status = readHealthResponse(input)
      if (status === undefined) return { code: 'malformed' }
      check(Number.isFinite(status) && status >= 0, `a status of ${status}`)
      return { code: 'accepted', trace: String(status) }
    },
  }),
}
