import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Step } from '../../src/kind.ts'
import { type PingReply, ping, readOutput } from '../../src/net/ping.ts'

function getEnding(step: Step<PingReply>): string {
  if (step.ok) return `${step.value.roundTripUs} us, ${step.value.hopLimit} hops`
  return step.stop.status === 'failed' ? step.stop.outcome : step.stop.reason
}

/** What real programs print: those marked were seen, the others are of their documentation. */
const printed: readonly (readonly [what: string, text: string, code: number, ending: string])[] = [
  [
    'iputils 20221126, seen',
    'PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.028 ms\n\n--- 127.0.0.1 ping statistics ---\n1 packets transmitted, 1 received, 0% packet loss, time 0ms\n',
    0,
    '28 us, 64 hops',
  ],
  [
    'iputils over IPv6, seen',
    'PING ::1(::1) 56 data bytes\n64 bytes from ::1: icmp_seq=1 ttl=64 time=0.136 ms\n',
    0,
    '136 us, 64 hops',
  ],
  [
    'busybox 1.35, seen',
    'PING 127.0.0.1 (127.0.0.1): 56 data bytes\n64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.032 ms\n',
    0,
    '32 us, 64 hops',
  ],
  ['BSD', '64 bytes from 192.0.2.1: icmp_seq=0 ttl=57 time=12.5 ms\n', 0, '12500 us, 57 hops'],
  [
    'BSD over IPv6',
    '16 bytes from 2001:db8::1, icmp_seq=0 hlim=57 time=9 ms',
    0,
    '9000 us, 57 hops',
  ],
  [
    'iputils without a reply, seen',
    'PING 127.0.0.1 (127.0.0.1) 56(84) bytes of data.\n\n--- 127.0.0.1 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss, time 0ms\n',
    1,
    'timeout',
  ],
  ['iputils without a way, seen', 'ping: connect: Network is unreachable\n', 2, 'unreachable'],
  ['iputils with a way shut, seen', 'ping: connect: No route to host\n', 2, 'unreachable'],
  ['busybox without a way, seen', 'ping: sendto: Network is unreachable\n', 1, 'unreachable'],
  [
    'iputils told by a router',
    'From 10.0.0.1 icmp_seq=1 Destination Host Unreachable\n\n--- 10.0.0.7 ping statistics ---\n',
    1,
    'unreachable',
  ],
  ['iputils told by a firewall', 'From 10.0.0.1 icmp_seq=1 Packet filtered\n', 1, 'unreachable'],
  ['iputils in a loop', 'From 10.0.0.1 icmp_seq=1 Time to live exceeded\n', 1, 'unreachable'],
  ['iputils on a small link, seen', 'ping: sendmsg: Message too long\n', 1, 'too-large'],
  [
    'iputils told of a small link',
    'From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n',
    1,
    'too-large',
  ],
  [
    'busybox without privilege, seen',
    'ping: permission denied (are you root?)\n',
    1,
    'unsupported-kind',
  ],
  [
    'iputils without privilege',
    'ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\n',
    2,
    'unsupported-kind',
  ],
  ['a full machine', 'ping: sendmsg: No buffer space available\n', 2, 'overloaded'],
  [
    'an option that it lacks',
    'ping: invalid option -- M\nUsage: ping [OPTIONS] HOST\n',
    2,
    'internal',
  ],
  ['something else', 'hello\n', 0, 'internal'],
  ['nothing', '', 127, 'internal'],
]

describe('the system’s ping', () => {
  let dir = ''
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchfire-ping-'))
  })
  after(() => rmSync(dir, { recursive: true }))

  /** A program in its place. */
  function write(name: string, script: string): string {
    const file = join(dir, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return file
  }
  const request = { payloadBytes: 56, dontFragment: false }

  for (const [what, text, code, ending] of printed) {
    it(`is read as ${ending} where it is ${what}`, () => {
      assert.equal(getEnding(readOutput(text, code)), ending)
    })
  }

  it('that is nowhere is no fault of the target: unsupported-kind, and where it was looked for', async () => {
    const { answer } = ping('127.0.0.1', request, ['/nowhere/ping'])
    const step = await answer
    assert.equal(getEnding(step), 'unsupported-kind')
    assert.match(step.ok ? '' : step.stop.detail, /\/nowhere\/ping/)
  })

  it('is run with fixed arguments, and nothing of this process’s environment', async () => {
    const told = join(dir, 'told')
    const program = write('tells', `printf '%s\\n' "$*" > ${told}; env >> ${told}; pwd >> ${told}`)
    await ping('192.0.2.1', { payloadBytes: 100, dontFragment: true, hopsMax: 5 }, [
      '/nowhere',
      program,
    ]).answer
    const lines = readFileSync(told, 'latin1').trim().split('\n')
    // Node hands this one down by itself where coverage is measured.
    const [args, ...rest] = lines.filter((line) => !line.startsWith('NODE_V8_COVERAGE='))
    assert.equal(args, '-n -c 1 -s 100 -M do -t 5 192.0.2.1')
    assert.ok(rest.includes('LC_ALL=C'))
    assert.ok(!rest.some((line) => line.startsWith('HOME=') || line.startsWith('NODE')))
    assert.equal(rest.at(-1), '/')
  })

  it('that prints without end is ended at a bound', async () => {
    const program = write('floods', 'exec yes')
    const step = await ping('192.0.2.1', request, [program]).answer
    assert.equal(getEnding(step), 'internal')
    assert.match(step.ok ? '' : step.stop.detail, /without end/)
  })

  it('that hangs is gone once the probe has ended', async () => {
    const own = join(dir, 'pid')
    const program = write('hangs', `echo $$ > ${own}.new; mv ${own}.new ${own}; exec sleep 600`)
    const running = ping('192.0.2.1', request, [program])
    while (!existsSync(own)) await new Promise((resolve) => setTimeout(resolve, 5))
    const pid = Number(readFileSync(own, 'latin1'))
    assert.ok(process.kill(pid, 0))
    running.close()
    assert.equal(getEnding(await running.answer), 'stopping')
    const isThere = () => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    while (isThere()) await new Promise((resolve) => setTimeout(resolve, 5))
  })

  it('that cannot be started says nothing of the target', async () => {
    const file = join(dir, 'broken')
    writeFileSync(file, '#!/nowhere/sh\n', { mode: 0o755 })
    assert.equal(getEnding(await ping('192.0.2.1', request, [file]).answer), 'internal')
  })
})
