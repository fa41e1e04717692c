import assert from 'node:assert/strict'
import { isCidr, makeAddressGuard } from '../../src/net/address-guard.ts'

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '2606:4700:4700::1111',
  '2a00:1450:4001:82a::200e',
  '::ffff:8.8.8.8',
]

const INSIDE: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff::1'],
  'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'fec0::1'],
  metadata: ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  multicast: ['224.0.0.1', '239.255.255.250', 'ff02::1', '255.255.255.255'],
  shared: ['100.64.0.1', '198.18.0.1'],
  reserved: ['240.0.0.1', '192.0.2.1', '203.0.113.1', '2001:db8::1', '100::1'],
  'IPv4 inside IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '::7f00:1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2001::1',
  ],
  'IPv6 beyond what is assigned': ['4000::1', '1::1'],
  'no address': ['', 'example.com', '127.0.0.1:80', '1.2.3.4/32', '[::1]'],
}

describe('address guard', () => {
  it('lets probes ask public addresses', () => {
    const guard = makeAddressGuard([])
    for (const address of PUBLIC) assert.equal(guard.refuse(address), undefined, address)
  })

  for (const [what, addresses] of Object.entries(INSIDE)) {
    it(`refuses by default: ${what}`, () => {
      const guard = makeAddressGuard([])
      for (const address of addresses) assert.notEqual(guard.refuse(address), undefined, address)
    })
  }

  it('lets probes into the blocks an operator allows, and no further', () => {
    const guard = makeAddressGuard(['127.0.0.0/8', '10.1.0.0/16', 'fd00::/8'])
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.1.255.255', 'fd12::1']) {
      assert.equal(guard.refuse(address), undefined, address)
    }
    for (const address of ['10.2.0.0', '::1', 'fc00::1', '169.254.169.254']) {
      assert.notEqual(guard.refuse(address), undefined, address)
    }
  })

  it('lets a translated address pass only if the address inside may be asked too', () => {
    const guard = makeAddressGuard(['64:ff9b::/96'])
    assert.equal(guard.refuse('64:ff9b::8.8.8.8'), undefined)
    assert.notEqual(guard.refuse('64:ff9b::10.0.0.1'), undefined)
    assert.equal(
      makeAddressGuard(['64:ff9b::/96', '10.0.0.0/8']).refuse('64:ff9b::10.0.0.1'),
      undefined,
    )
  })

  it('knows a block from what is none', () => {
    for (const text of ['127.0.0.0/8', '::1/128', '0.0.0.0/0'])
      assert.equal(isCidr(text), true, text)
    for (const text of ['', '127.0.0.1', '127.0.0.0/33', 'localhost/8', '::/129']) {
      assert.equal(isCidr(text), false, text)
      assert.throws(() => makeAddressGuard([text]), RangeError)
    }
  })

  it('judges an address the same again, however many were judged in between', () => {
    const guard = makeAddressGuard([])
    const first = ['127.0.0.1', '1.1.1.1', 'no address'].map((text) => guard.refuse(text))
    for (let n = 0; n < 10_000; n++) guard.refuse(`10.0.${n >> 8}.${n & 255}`)
    for (let times = 0; times < 2; times++) {
      const again = ['127.0.0.1', '1.1.1.1', 'no address'].map((text) => guard.refuse(text))
      assert.deepEqual(again, first)
    }
    assert.equal(first[1], undefined)
  })
})
