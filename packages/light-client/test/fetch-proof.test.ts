import assert from 'node:assert/strict'
import type { Height } from '@watchfire/attestation'
import { type Fetch, fetchGroupProof, fetchProof, type TargetId } from '@watchfire/light-client'
import {
  type Block,
  flipBit,
  makeBlocks,
  makeContext,
  makeManifest,
  makeManifestJson,
  originMs,
} from './support/chain-fixture.ts'
import { makeManualClock } from './support/fake-server.ts'

type Proof = { certificate: string; leaf: string; branch: string[] }
const web = 'web' as TargetId

describe('fetchProof', () => {
  const context = makeContext()
  const manifest = makeManifest()
  const clock = makeManualClock(originMs + 2 * 2000 + 1500)
  let blocks: Block[]

  const getProof = (height: number, target = 'web'): Proof => {
    const proof = blocks[height - 1]?.proofs.get(target)
    assert.ok(proof !== undefined)
    return proof
  }
  const makeFetch =
    (answers: Record<string, unknown>, asked: string[] = []): Fetch =>
    async (url) => {
      asked.push(url)
      const answer = answers[new URL(url).hostname]
      if (answer === undefined) throw new TypeError('fetch failed')
      return Response.json(answer)
    }
  const ask = async (answer: unknown, options: Parameters<typeof fetchProof>[3] = {}) =>
    fetchProof('http://one', manifest, web, {
      fetch: makeFetch({ one: answer }),
      clock,
      ...options,
    })
  const expectCode = async (
    code: string,
    answer: unknown,
    options: Parameters<typeof fetchProof>[3] = {},
  ) => {
    const proven = await ask(answer, options)
    assert.equal(proven.ok ? 'proven' : proven.code, code)
  }
  const flip = (base64: string, at: number) =>
    Buffer.from(flipBit(Buffer.from(base64, 'base64'), at)).toString('base64')

  before(() => {
    blocks = makeBlocks(context, [1, 2])
  })

  it('proves one target from the certificate, its leaf and 17 hashes', async () => {
    const asked: string[] = []
    const fetch = makeFetch({ one: getProof(2) }, asked)
    const proven = await fetchProof('http://one', manifest, web, { fetch, clock })
    assert.ok(proven.ok)
    assert.equal(proven.value.verdict, 'up')
    assert.equal(proven.value.round, 2)
    assert.equal(proven.value.stale, false)
    assert.deepEqual([...proven.value.signers], ['m1', 'm2', 'm3'])
    assert.deepEqual(asked, ['http://one/v1/proofs/web'])
  })

  it('believes no part that was changed', async () => {
    const proof = getProof(2)
    await expectCode('bad-proof', { ...proof, leaf: flip(proof.leaf, 4) })
    await expectCode('bad-proof', { ...proof, branch: proof.branch.slice(1) })
    await expectCode('bad-proof', { ...proof, branch: proof.branch.toReversed() })
    await expectCode('bad-signature', { ...proof, certificate: flip(proof.certificate, -1) })
    await expectCode('malformed', { ...proof, leaf: proof.leaf.slice(0, 40) })
  })

  it('takes no proof of another target, or under another state, for the one asked for', async () => {
    await expectCode('bad-proof', getProof(2, 'chain'))
    const { certificate } = getProof(1)
    await expectCode('bad-proof', { ...getProof(2), certificate })
  })

  it('takes no proof of another height, network or epoch', async () => {
    const height = 2 as Height
    await expectCode('bad-answer', getProof(1), { height })
    await expectCode('went-back', getProof(1), { heightMin: height })
    const [elsewhere] = makeBlocks(makeContext(makeManifestJson('elsewhere')), [1])
    await expectCode('bad-signature', elsewhere?.proofs.get('web'))
    const later = { ...context, epoch: 1 as typeof context.epoch }
    const proven = await fetchProof('http://one', later, web, {
      fetch: makeFetch({ one: getProof(1) }),
      clock,
    })
    assert.equal(proven.ok ? '' : proven.code, 'unknown-epoch')
  })

  it('names what is no proof at all', async () => {
    await expectCode('bad-answer', {})
    await expectCode('bad-answer', { ...getProof(2), branch: ['zz'] })
    await expectCode('bad-answer', { ...getProof(2), leaf: '%' })
    await expectCode('bad-answer', null)
    await expectCode('unreachable', undefined)
    const unknown = await fetchProof('http://one', manifest, 'nothing' as TargetId, { clock })
    assert.equal(unknown.ok ? '' : unknown.code, 'unknown-target')
  })

  it('proves a group from the certificate, its leaf and 15 hashes, and nothing else for it', async () => {
    const proof = getProof(2, 'groups/evm')
    const asked: string[] = []
    const options = { fetch: makeFetch({ one: proof }, asked), clock }
    const proven = await fetchGroupProof('http://one', manifest, 'evm', options)
    assert.ok(proven.ok)
    assert.equal(proven.value.standing, 'still')
    assert.equal(proven.value.height, 2)
    assert.deepEqual(asked, ['http://one/v1/proofs/groups/evm'])
    const expect = async (code: string, answer: Proof) => {
      const refused = await fetchGroupProof('http://one', manifest, 'evm', {
        fetch: makeFetch({ one: answer }),
        clock,
      })
      assert.equal(refused.ok ? 'proven' : refused.code, code)
    }
    await expect('bad-proof', { ...proof, leaf: flip(proof.leaf, 4) })
    await expect('bad-proof', { ...proof, branch: proof.branch.slice(1) })
    await expect('bad-proof', { ...proof, branch: proof.branch.toReversed() })
    await expect('bad-proof', { ...proof, certificate: getProof(1).certificate })
    await expect('malformed', getProof(2, 'chain'))
    const unknown = await fetchGroupProof('http://one', manifest, 'web', options)
    assert.equal(unknown.ok ? '' : unknown.code, 'unknown-group')
  })

  it('asks the next server when one lies, and marks what is old as stale', async () => {
    const fetch = makeFetch({ one: getProof(2, 'chain'), two: getProof(2) })
    const late = makeManualClock(originMs + 1_000_000)
    const proven = await fetchProof(['http://one', 'http://two'], manifest, web, {
      fetch,
      clock: late,
    })
    assert.ok(proven.ok)
    assert.equal(proven.value.url, 'http://two')
    assert.equal(proven.value.stale, true)
  })
})
