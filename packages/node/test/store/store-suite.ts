import assert from 'node:assert/strict'
import {
  type Digest,
  encode,
  type Epoch,
  type Height,
  type MemberIndex,
  type Round,
  stateType,
  type UnixMs,
  type View,
  type ViewCertificate,
  voteKinds,
} from '@watchfire/attestation'
import { StorageFault, type Store } from '../../src/ports.ts'
import { makeAttestation, makeContext, makeFinal } from '../fixtures.ts'

/** What a store is tried with; `reopen` closes it and opens what it left. */
export interface StoreUnderTest {
  readonly store: Store
  reopen(): Store
}
export interface StoreBounds {
  readonly attestationRounds: number
  readonly attestationBytesMax: number
  readonly stateHeights: number
  readonly stateBytesMax: number
}

const epoch = 0 as Epoch
const context = makeContext()

function makeViewCertificate(view: number, kind: number = voteKinds.notarize): ViewCertificate {
  const header = new Uint8Array(32).fill(kind === voteKinds.nullify ? 0 : view) as Digest
  return { epoch, view: view as View, kind, header, signatures: [] }
}

/** What every {@link Store} must do, whatever is behind it. */
export function describeStore(name: string, make: (bounds: StoreBounds) => StoreUnderTest): void {
  const roomy = {
    attestationRounds: 1000,
    attestationBytesMax: 1e9,
    stateHeights: 1000,
    stateBytesMax: 1e9,
  }

  describe(`${name} as a store`, () => {
    it('gives back what was put, after it was opened again', () => {
      const under = make(roomy)
      const final = makeFinal(context, 1)
      const attestation = makeAttestation(context, 2, 5)
      under.store.put({
        blocks: [{ digest: final.headerDigest, block: final.block }],
        attestations: [attestation],
        certificates: [makeViewCertificate(3)],
        finals: [final],
        alarms: [{ code: 'state-root-mismatch', detail: 'd', atMs: 7 as UnixMs, inputs: '{}' }],
      })
      const store = under.reopen()
      assert.deepEqual(store.getBlock(final.headerDigest), final.block)
      assert.deepEqual(
        Buffer.from(store.getAttestation(attestation.digest) ?? []),
        Buffer.from(attestation.bytes),
      )
      assert.equal(store.listViewCertificates(epoch, 1 as View, 9 as View).length, 1)
      const tip = store.getFinalTip()
      assert.deepEqual(tip?.certificate, final.certificate)
      assert.deepEqual(tip?.state, final.state)
      assert.equal(store.getFinalAtRound(final.header.round)?.header.height, 1)
      const state = store.getStateBytes(final.header.stateRoot)
      assert.ok(state !== undefined && final.state !== undefined)
      assert.deepEqual(Buffer.from(state), Buffer.from(encode(stateType, final.state)))
      assert.deepEqual(store.listAlarms(), [
        { code: 'state-root-mismatch', detail: 'd', atMs: 7, inputs: '{}' },
      ])
      store.close()
    })

    it('says undefined of what it does not hold', () => {
      const { store } = make(roomy)
      const digest = new Uint8Array(32) as Digest
      assert.equal(store.getAttestation(digest), undefined)
      assert.equal(store.getBlock(digest), undefined)
      assert.equal(store.getFinalTip(), undefined)
      assert.equal(store.getFinal(1 as Height), undefined)
      assert.equal(store.getFinalAtRound(1 as Round), undefined)
      assert.equal(store.getStateBytes(digest), undefined)
      assert.equal(store.getHighestViewCertificate(epoch), undefined)
      assert.equal(store.getStateFloor(), undefined)
      assert.equal(store.recover(epoch).final, undefined)
      store.close()
    })

    it('keeps what it has when the same is put again', () => {
      const { store } = make(roomy)
      const final = makeFinal(context, 1)
      store.put({ finals: [final], certificates: [makeViewCertificate(1)] })
      store.put({ finals: [final], certificates: [makeViewCertificate(1)] })
      assert.equal(store.listCertificates(1 as Height, 10).length, 1)
      assert.equal(store.listViewCertificates(epoch, 1 as View, 1 as View).length, 1)
      store.close()
    })

    it('refuses another final block at a height, and keeps nothing of that call', () => {
      const { store } = make(roomy)
      const final = makeFinal(context, 1)
      store.put({ finals: [final] })
      const other = { ...final, headerDigest: new Uint8Array(32).fill(9) as Digest }
      assert.throws(
        () => store.put({ certificates: [makeViewCertificate(4)], finals: [other] }),
        (error) => error instanceof StorageFault && error.code === 'conflict',
      )
      assert.equal(store.getHighestViewCertificate(epoch), undefined)
      store.close()
    })

    it('takes a state later than its certificate, and starts from the highest that has both', () => {
      const { store } = make(roomy)
      store.put({ finals: [makeFinal(context, 1), makeFinal(context, 2, false)] })
      assert.equal(store.getFinalTip()?.header.height, 1)
      assert.equal(store.getFinal(2 as Height)?.header.height, 2)
      assert.equal(store.getFinal(2 as Height)?.state, undefined)
      assert.equal(store.recover(epoch).final?.header.height, 1)
      store.put({ finals: [makeFinal(context, 2)] })
      assert.equal(store.getFinalTip()?.header.height, 2)
      assert.equal(store.recover(epoch).final?.header.height, 2)
      store.close()
    })

    it('recovers blocks and certificates above the final block, and late attestations', () => {
      const { store } = make(roomy)
      const blocks = [1, 2, 3].map((height) => makeFinal(context, height))
      store.put({
        blocks: blocks.map(({ headerDigest, block }) => ({ digest: headerDigest, block })),
        finals: blocks.slice(0, 1),
        certificates: [1, 2, 3].map((view) => makeViewCertificate(view)),
        attestations: [1, 2, 3].map((round) => makeAttestation(context, 0, round)),
      })
      const recovery = store.recover(epoch)
      assert.deepEqual(
        recovery.blocks.map(({ header }) => header.height),
        [2, 3],
      )
      assert.deepEqual(
        recovery.certificates.map(({ view }) => view),
        [1, 2, 3],
      )
      assert.deepEqual(
        recovery.attestations.map(({ message }) => message.round),
        [2, 3],
      )
      store.close()
    })

    it('lists certificates of views ascending, and the highest', () => {
      const { store } = make(roomy)
      const certificates = [
        makeViewCertificate(5),
        makeViewCertificate(2, voteKinds.nullify),
        makeViewCertificate(5, voteKinds.finalize),
        makeViewCertificate(3),
      ]
      store.put({ certificates })
      const listed = store.listViewCertificates(epoch, 2 as View, 5 as View)
      assert.deepEqual(
        listed.map(({ view, kind }) => [view, kind]),
        [
          [2, 2],
          [3, 1],
          [5, 1],
          [5, 3],
        ],
      )
      assert.equal(store.getHighestViewCertificate(epoch)?.kind, voteKinds.finalize)
      store.close()
    })

    it('lists attestations by round and member, the newest first, as many as asked for', () => {
      const { store } = make(roomy)
      const attestations = [1, 2, 3].flatMap((round) =>
        [0, 1].map((member) => makeAttestation(context, member, round)),
      )
      store.put({ attestations })
      const list = (filter: object): number[][] =>
        store.listAttestations({ limit: 3, ...filter }).map(({ round, member }) => [round, member])
      assert.deepEqual(list({}), [
        [3, 0],
        [3, 1],
        [2, 0],
      ])
      assert.deepEqual(list({ round: 2 as Round }), [
        [2, 0],
        [2, 1],
      ])
      assert.deepEqual(list({ member: 1 as MemberIndex }), [
        [3, 1],
        [2, 1],
        [1, 1],
      ])
      assert.deepEqual(list({ shard: 1 }), [])
      store.close()
    })

    it('keeps attestations and states for their windows, and certificates for ever', () => {
      const { store } = make({ ...roomy, attestationRounds: 10, stateHeights: 5 })
      for (let height = 1; height <= 20; height += 1)
        store.put({
          finals: [makeFinal(context, height)],
          attestations: [makeAttestation(context, 0, height * 2)],
        })
      store.prune({ round: 40 as Round, finalView: 20 as View, epoch })
      assert.equal(store.getStateFloor(), 15)
      assert.equal(store.getFinal(14 as Height)?.state, undefined)
      assert.equal(store.listCertificates(1 as Height, 100).length, 20)
      const rounds = store.listAttestations({ limit: 100 }).map(({ round }) => round)
      assert.deepEqual(rounds, [40, 38, 36, 34, 32, 30])
      store.close()
    })

    it('keeps the newest state, however far above it certificates without one lie', () => {
      const { store } = make({ ...roomy, stateHeights: 5 })
      store.put({ finals: [makeFinal(context, 1), makeFinal(context, 100, false)] })
      store.prune({ round: 2 as Round, finalView: 1 as View, epoch })
      assert.equal(store.getFinalTip()?.header.height, 1)
      store.close()
    })

    it('holds states and attestations within their bytes, the newest state whatever its size', () => {
      const { store } = make({ ...roomy, attestationBytesMax: 1000, stateBytesMax: 1 })
      for (let height = 1; height <= 20; height += 1)
        store.put({
          finals: [makeFinal(context, height)],
          attestations: [makeAttestation(context, 0, height * 2)],
        })
      store.prune({ round: 40 as Round, finalView: 20 as View, epoch })
      assert.equal(store.getStateFloor(), 20)
      assert.ok(store.getFinalTip()?.state !== undefined)
      const held = store.listAttestations({ limit: 100 })
      const bytes = held.reduce((sum, each) => sum + each.bytes.length, 0)
      assert.ok(bytes <= 1000 && held.length > 0)
      assert.equal(held[0]?.round, 40)
      store.close()
    })
  })
}
