import assert from 'node:assert/strict'
import {
  decode,
  getStatusDigest,
  type Height,
  type Round,
  type SignedStatus,
  signedStatusType,
  toSigned,
  type UnixMs,
  verifySignature,
  type View,
} from '@watchfire/attestation'
import { startStatusSender } from '../../src/health/status-sender.ts'
import { makeSigner } from '../../src/keys/signer.ts'
import { getSeed, makeContext, makeTestLog, TestClock } from '../fixtures.ts'
import { FakeNetwork } from '../loop/fake-network.ts'

const context = makeContext()

function start(): {
  clock: TestClock
  network: FakeNetwork
  own: number[]
  end: () => void
  peersChange: () => void
} {
  const clock = new TestClock(10_000)
  const network = new FakeNetwork()
  let peersChange: () => void = () => assert.fail('nobody listens for peers')
  network.onPeersChange = (handler?: () => void) => {
    peersChange = handler ?? peersChange
  }
  const own: number[] = []
  const key = { file: '', secretKey: getSeed(0), publicKey: new Uint8Array(32) }
  const end = startStatusSender({
    context,
    signer: makeSigner(key, 0 as never),
    clock,
    log: makeTestLog(),
    network,
    version: '1.2.3',
    bootMs: 9000 as UnixMs,
    getProgress: () => ({ height: 5 as Height, round: 6 as Round, view: 7 as View }),
    getClockOffsetMs: () => -12.4,
    receive: ({ bytes }) => void own.push(bytes.length),
  })
  return { clock, network, own, end, peersChange: () => peersChange() }
}
function read(bytes: Uint8Array): SignedStatus {
  const decoded = decode(signedStatusType, bytes)
  assert.ok(decoded.ok)
  return decoded.value
}

describe('status sender', () => {
  it('signs what it says of itself, and takes it in itself', () => {
    const { clock, network, own, end } = start()
    clock.advance(300)
    end()
    const sent = network.sent.find(({ way }) => way === 'gossip') ?? assert.fail()
    const { message, signature } = read(sent.bytes)
    const key = context.committee.members[0]?.publicKey ?? assert.fail()
    const digest = getStatusDigest(context.networkId, message)
    assert.equal(verifySignature(signature, digest, key), true)
    assert.equal(message.view, 7)
    assert.equal(message.bootMs, 9000)
    assert.equal(toSigned(message.clockOffsetMs), -12n)
    assert.equal(own.length, 1)
  })

  it('speaks again every two rounds, of later times only, even when the clock is set back', () => {
    const { clock, network, end } = start()
    clock.advance(300)
    clock.set(2000)
    clock.advance(8000)
    end()
    clock.advance(60_000)
    const times = network.sent
      .filter(({ way }) => way === 'gossip')
      .map(({ bytes }) => read(bytes).message.timeMs)
    assert.equal(times.length, 3)
    assert.ok(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0)))
  })

  it('tells peers that have just come directly, all of them at once', () => {
    const { clock, network, end, peersChange } = start()
    clock.advance(300)
    const before = network.sent.filter(({ way }) => way === 'direct').length
    peersChange()
    clock.advance(100)
    peersChange()
    clock.advance(300)
    end()
    assert.equal(network.sent.filter(({ way }) => way === 'direct').length, before + 1)
  })
})
