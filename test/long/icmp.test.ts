import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findIsolation } from '../faults/isolation.ts'

// Pings through a network of their own, which the kernel takes away with the last process in it.

const launcher = fileURLToPath(new URL('../../packages/cli/bin/watchfire.js', import.meta.url))
const isolation = findIsolation()
const missing = [
  ...(isolation.mode === 'namespaces' ? [] : [`network namespaces (${isolation.why})`]),
  ...(['/usr/bin/ping', '/bin/ping', '/sbin/ping'].some(existsSync) ? [] : ['a ping program']),
]

interface Answer {
  readonly status: string
  readonly outcome?: string
  readonly reason?: string
  readonly signals?: readonly { readonly name: string; readonly value: string }[]
}

/** Prepares the network by shell commands, then probes in it once. */
function probe(prepare: readonly string[], ...argv: readonly string[]): Answer {
  const words = [process.execPath, launcher, 'probe', 'icmp', ...argv, '--json']
  const script = ['ip link set lo up', ...prepare, `exec ${words.join(' ')}`].join(' && ')
  const [command = '', ...args] = isolation.prefix
  const ran = spawnSync(command, [...args, 'sh', '-c', script], { encoding: 'utf8' })
  if (ran.stdout === '') throw new Error(`${ran.status}: ${ran.stderr}`)
  return JSON.parse(ran.stdout) as Answer
}

const local = ['--allow', '127.0.0.0/8', '--allow', '10.9.0.0/24', '--allow', '192.0.2.0/24']
/** Another machine: a namespace at the end of a cable. */
const cable = [
  'mount -t tmpfs tmpfs /run',
  'ip netns add there',
  'ip link add near type veth peer name far netns there',
  'ip addr add 10.9.0.1/24 dev near',
  'ip link set near up',
  'ip -n there addr add 10.9.0.2/24 dev far',
  'ip -n there link set far up',
]
const ignore = 'echo 1 > /proc/sys/net/ipv4/icmp_echo_ignore_all'

describe('kind icmp, in a network of its own', function () {
  this.timeout(60_000)

  if (missing.length > 0) {
    it(`has not what it takes here: ${missing.join(', ')}`, () => {
      process.stderr.write(`left out: icmp beyond loopback, for want of ${missing.join(', ')}\n`)
    })
    return
  }

  it('reaches another machine', () => {
    const { status, signals } = probe(cable, '10.9.0.2', ...local)
    assert.equal(status, 'reached')
    assert.equal(signals?.find(({ name }) => name === 'hop-limit')?.value, '64')
  })

  it('says timeout of a machine that does not answer', () => {
    const prepare = [...cable, `ip netns exec there sh -c '${ignore}'`]
    const { outcome } = probe(prepare, '10.9.0.2', '--timeout', '1s', ...local)
    assert.equal(outcome, 'timeout')
  })

  it('says unreachable where the way is shut, or nobody has the address', () => {
    const shut = ['ip route add unreachable 192.0.2.0/24']
    assert.equal(probe(shut, '192.0.2.1', ...local).outcome, 'unreachable')
    assert.equal(probe([], '192.0.2.1', ...local).outcome, 'unreachable')
    assert.equal(probe(cable, '10.9.0.7', '--timeout', '8s', ...local).outcome, 'unreachable')
  })

  it('says too-large of what no link on the way takes whole, and sends it in pieces else', () => {
    const prepare = [...cable, 'ip link set near mtu 1000', 'ip -n there link set far mtu 1000']
    const large = ['10.9.0.2', '--param', 'payloadBytes=2000', ...local]
    assert.equal(probe(prepare, ...large, '--param', 'dontFragment=true').outcome, 'too-large')
    assert.equal(probe(prepare, ...large).status, 'reached')
  })
})
