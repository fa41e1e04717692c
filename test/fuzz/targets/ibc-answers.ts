import {
  readClientStatus,
  readCommitments,
  readConsensusTime,
  readIsOpen,
  readTrustingPeriod,
} from '../../../packages/probes/src/protocols/ibc/ibc-queries.ts'
import { isRecord } from '../../../packages/probes/src/protocols/json-rpc/json-rpc.ts'
import { readRecording } from '../../../packages/probes/test/recorded-server.ts'
import { join, mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'

/** Ten thousand years: twice as much is far from what a signal holds. */
const TIME_MS_END = 315_576_000_001_000n

/** How each query's response is read, by the path of the query. */
const readers = Object.entries({
  'client.v1.Query/ClientStatus': readClientStatus,
  'client.v1.Query/ClientState': readTrustingPeriod,
  'client.v1.Query/ConsensusState': readConsensusTime,
  'channel.v1.Query/Channel': readIsOpen,
  'channel.v1.Query/PacketCommitments': readCommitments,
})

/** What a real chain answered to each. */
const healthy = readers.map(([path]) => findResponse(path))

function findResponse(path: string): Uint8Array {
  const replies = Object.entries(readRecording('simd').replies)
  const reply = replies.find(([key]) => key.startsWith(`abci_query ["/ibc.core.${path}"`))?.[1]
  const result: unknown = reply !== undefined && 'result' in reply ? reply.result : undefined
  const response = isRecord(result) ? result['response'] : undefined
  const value = isRecord(response) ? response['value'] : undefined
  if (typeof value !== 'string') throw new RangeError(`nothing is recorded of ${path}`)
  return Buffer.from(value, 'base64')
}

/** Messages in what chains answer to queries of IBC, whose JSON `chain-answers` changes. */
export const ibcAnswers: FuzzTarget = {
  name: 'ibc-answers',
  codes: ['protocol'],
  share: 1,
  open: () => ({
    draw(prng) {
      const index = prng.between(0, readers.length - 1)
      const response = healthy[index] ?? new Uint8Array()
      return join(Uint8Array.of(index), mutateBytes(prng, response, healthy))
    },
    run(input) {
      const [, read] = readers[(input[0] ?? 0) % readers.length] ?? []
      if (read === undefined) throw new RangeError('there is no such reader')
      const value = Buffer.from(input.subarray(1)).toString('base64')
      const answered = read({ ok: true, result: { response: { code: 0, log: '', value } } })
      if (!answered.ok) {
        check(answered.stop.status === 'failed', 'abstains over what a target said')
        return { code: answered.stop.status === 'failed' ? answered.stop.outcome : 'abstained' }
      }
      const { value: result } = answered
      if (typeof result === 'bigint') {
        check(result < TIME_MS_END && result > -TIME_MS_END, `a time of ${result} ms`)
      }
      if (typeof result !== 'object') return { code: 'accepted', trace: String(result) }
      const { count, oldest } = result
      check(count <= BigInt(Number.MAX_SAFE_INTEGER), `${count} packets`)
      check(oldest === undefined || (oldest > 0n && count > 0n), `packet ${oldest} of ${count}`)
      return { code: 'accepted', trace: `${count} ${oldest}` }
    },
  }),
}
