import {
  type Certificate,
  type Digest,
  encode,
  evidenceType,
  signedAttestationType,
  type State,
} from '@watchfire/attestation'
import type { Effect } from '@watchfire/consensus'
import { toName } from './disk.ts'
import { Fetcher } from './fetcher.ts'
import type { Outbox } from './outbox.ts'
import type { SimNode } from './sim-node.ts'
import type { World } from './world.ts'

type EffectOf<K extends Effect['kind']> = Extract<Effect, { readonly kind: K }>

/** Carries out what the core asks for: to the disk, to the others, one operation after another. */
export class Effects {
  readonly #world: World
  readonly #node: SimNode
  readonly #outbox: Outbox
  readonly #fetcher: Fetcher
  /** Whether it signs on when it meets its own signature that its log does not hold. */
  readonly #isShameless: boolean

  constructor(world: World, node: SimNode, outbox: Outbox, isShameless: boolean) {
    this.#world = world
    this.#node = node
    this.#outbox = outbox
    this.#fetcher = new Fetcher(world, node)
    this.#isShameless = isShameless
  }

  carryOut(effect: Effect): void {
    const node = this.#node
    switch (effect.kind) {
      case 'store-block':
        this.#storeBlock(effect)
        break
      case 'store-certificate':
        node.op()
        node.disk.put({ kind: 'certificate', certificate: effect.certificate })
        node.held.addCertificate(effect.certificate)
        break
      case 'sign-proposal':
        this.#outbox.propose(effect.proposal)
        break
      case 'sign-vote':
        this.#outbox.vote(effect.vote)
        break
      case 'publish-certificate':
        node.op()
        this.#outbox.publishCertificate(effect.certificate)
        break
      case 'repeat':
        this.#outbox.repeat(effect)
        break
      case 'fetch-attestations':
        this.#fetcher.fetchAttestations(effect.digests.map(toName), effect.from)
        break
      case 'fetch-blocks':
        this.#fetcher.fetchBlocks(effect.digests.map(toName))
        break
      case 'fetch-views':
        this.#fetcher.fetchViews(effect.epoch, effect.from, effect.to)
        break
      case 'sync':
        this.#fetcher.sync(effect.height)
        break
      case 'finalize': {
        node.op()
        const { header } = effect.block
        node.say(`finalizes height ${header.height} round ${header.round}`)
        this.#world.auditor.tell((checker) => checker.onFinalize?.(node, effect))
        for (const evidence of effect.block.body.evidence)
          node.disk.put({ kind: 'evidence', evidence })
        this.keepFinal(effect.certificate, effect.headerDigest, effect.state)
        break
      }
      case 'accuse': {
        this.#world.auditor.tell((checker) => checker.onAccuse?.(node, effect.evidence))
        node.say(`accuses member ${effect.evidence.value.first.message.member}`)
        // A restart pardons nobody.
        node.disk.put({ kind: 'evidence', evidence: effect.evidence })
        node.disk.flushStore()
        this.#outbox.publish('evidence', 0, encode(evidenceType, effect.evidence))
        break
      }
      case 'alarm':
        this.#alarm(effect)
        break
    }
  }

  /** Keeps a final block in the store; it may be lost with the power, and is then found again. */
  keepFinal(certificate: Certificate, headerDigest: Digest, state: State): void {
    const { header } = certificate
    const { disk, held, finalizedAtMs } = this.#node
    disk.put({ kind: 'final', record: { header, headerDigest, certificate, state } })
    held.finals.set(header.height, { certificate, state })
    finalizedAtMs.set(header.round, this.#world.queue.nowMs)
    this.#outbox.keepFinalState(toName(headerDigest), state)
  }

  #storeBlock({ digest, block, attestations }: EffectOf<'store-block'>): void {
    const node = this.#node
    const name = toName(digest)
    node.op()
    for (const [index, { digest: named }] of block.body.attestations.entries()) {
      const message = attestations[index]
      if (message === undefined || node.disk.has(toName(named))) continue
      const bytes = encode(signedAttestationType, message)
      node.disk.put({ kind: 'attestation', name: toName(named), message, bytes })
    }
    node.disk.put({ kind: 'block', name, block })
    node.op()
    node.disk.flushStore()
    node.op()
    node.held.blocks.set(name, block)
    this.#outbox.keepState(name, block, attestations)
    node.say(`stores block ${name.slice(0, 8)} height ${block.header.height}`)
  }

  #alarm({ code, detail }: EffectOf<'alarm'>): void {
    const node = this.#node
    node.say(`ALARM ${code}: ${detail}`)
    this.#world.auditor.tell((checker) => checker.onAlarm?.(node, code, detail))
    if (code !== 'unknown-own-signature') {
      node.disk.put({ kind: 'alarm', code })
      node.disk.flushStore()
    } else if (this.#isShameless) {
      node.after(1, () => {
        const fromView = node.status?.view
        if (fromView !== undefined) node.take({ kind: 'unmute', fromView, nowMs: node.nowMs })
      })
    } else {
      node.identity?.doubt()
      node.askHighest()
    }
  }
}
