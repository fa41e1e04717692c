import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fromHex } from '@watchfire/attestation'
import { readProposal } from './own-wire.ts'

interface Vectors {
  readonly network: { readonly networkId: string }
  readonly messages: readonly {
    readonly name: string
    readonly ssz: string
    readonly digest: string
  }[]
}

describe('A proposal as the checkers read it', () => {
  const file = new URL('../../vectors/messages.json', import.meta.url)
  const { network, messages } = JSON.parse(readFileSync(file, 'utf8')) as Vectors
  const vector = messages.find(({ name }) => name === 'a proposal')
  const bytes = fromHex(vector?.ssz ?? '')
  const networkId = fromHex(network.networkId)

  it('has the digest that the vectors say, and its header’s body', () => {
    const proposal = readProposal(networkId, bytes)
    assert.equal(proposal.digest.toString('hex'), vector?.digest)
    assert.equal(proposal.isWhole, true)
  })

  // Seed 22250 of `byzantine`: a leader sent its block with another body, and a fork of it. No node keeps
  // a message whose body is not its header’s (SPEC 8.3), so nobody could accuse it.
  it('is not whole when a bit of its body is another, though its signature still holds', () => {
    const altered = Uint8Array.from(bytes)
    altered[altered.length - 1] = (altered[altered.length - 1] ?? 0) ^ 1
    const proposal = readProposal(networkId, altered)
    assert.equal(proposal.digest.toString('hex'), vector?.digest)
    assert.equal(proposal.isWhole, false)
  })
})
