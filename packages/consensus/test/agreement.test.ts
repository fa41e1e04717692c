import { deepEqual, equal, ok } from 'node:assert/strict'
import { Network } from './driver.ts'
import { makeEqual } from './fixtures.ts'

describe('agreement of four members', () => {
  it('makes one final block a round, the same everywhere', () => {
    const network = new Network({ epochs: [makeEqual(4)] }).boot()
    network.run(10_000)
    for (const node of network.nodes) {
      deepEqual(
        node.finals.map(({ block }) => block.header.round),
        [1, 2, 3, 4, 5],
      )
      deepEqual(node.alarms, [])
    }
  })

  it('needs three network delays from the last attestation to the certificate', () => {
    const network = new Network({ epochs: [makeEqual(4)], latencyMs: 30 }).boot()
    const bornMs = network.nowMs
    network.run(2000, () => network.nodes.every(({ height }) => height === 1))
    // Attested at 100; then attestation, proposal, notarize, finalize: each one latency.
    equal(network.nowMs - bornMs, 100 + 4 * 30)
    ok(network.nodes.every(({ height }) => height === 1))
  })
})
