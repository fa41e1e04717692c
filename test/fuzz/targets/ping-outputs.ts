import { readOutput } from '../../../packages/probes/src/net/ping.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { check, type FuzzTarget } from '../target.ts'
import { toUtf8 } from '../text.ts'

/** What pings print, of several makes. */
const printed = [
  'PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.\n64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.028 ms\n',
  '64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.032 ms\n',
  '16 bytes from 2001:db8::1, icmp_seq=0 hlim=57 time=9 ms\n',
  'PING 192.0.2.1\n\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n',
  'From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n',
  'ping: sendmsg: Message too long\n',
  'ping: socket: Operation not permitted\n',
  'ping: sendmsg: No buffer space available\n',
].map(toUtf8)

/** What a ping prints: partly what routers said. */
export const pingOutputs: FuzzTarget = {
  name: 'ping-outputs',
  codes: ['timeout', 'unreachable', 'too-large', 'unsupported-kind', 'overloaded', 'internal'],
  share: 2,
  open: () => ({
    draw: (prng) => mutateBytes(prng, prng.pick(printed), printed),
    run(input) {
      // As the stream gives it, with the exit code in the first bit.
      const step = readOutput(Buffer.from(input).toString('latin1'), (input[0] ?? 0) & 1)
      if (!step.ok) {
        const { stop } = step
        check(stop.detail.length <= 301, `a detail of ${stop.detail.length} characters`)
        return { code: stop.status === 'failed' ? stop.outcome : stop.reason }
      }
      const { roundTripUs, hopLimit } = step.value
      check(Number.isSafeInteger(roundTripUs) && roundTripUs >= 0, `after ${roundTripUs} us`)
      check(Number.isInteger(hopLimit) && hopLimit >= 0 && hopLimit <= 999, `hops ${hopLimit}`)
      return { code: 'accepted', trace: `${roundTripUs} ${hopLimit}` }
    },
  }),
}
