import type {
  Block,
  Certificate,
  Digest,
  Header,
  SignedAttestation,
  SignedProposal,
  SignedVote,
  State,
  ViewCertificate,
} from '@watchfire/attestation'
import type { FinalBlock, HaltCode, Recovery } from '@watchfire/consensus'
import { Journal } from './journal.ts'
import type { Prng } from './prng.ts'

/** One thing that a node signed, as it was sent. */
export type Signed =
  | { readonly topic: 'attestation'; readonly shard: number; readonly message: SignedAttestation }
  | { readonly topic: 'proposal'; readonly shard: 0; readonly message: SignedProposal }
  | { readonly topic: 'vote'; readonly shard: 0; readonly message: SignedVote }

export type LogRecord = Signed & { readonly bytes: Uint8Array }

export interface FinalRecord {
  readonly header: Header
  readonly headerDigest: Digest
  readonly certificate: Certificate
  readonly state: State
}

type StoreRecord =
  | { readonly kind: 'block'; readonly name: string; readonly block: Block }
  | {
      readonly kind: 'attestation'
      readonly name: string
      readonly message: SignedAttestation
      readonly bytes: Uint8Array
    }
  | { readonly kind: 'certificate'; readonly certificate: ViewCertificate }
  | { readonly kind: 'final'; readonly record: FinalRecord }
  | { readonly kind: 'halt'; readonly code: HaltCode }

/** A node's disk: the log of what it signed, and the store of the rest, each losing what was not flushed. */
export class SimDisk {
  readonly log = new Journal<LogRecord>()
  readonly store = new Journal<StoreRecord>()

  /** From which view on the node may sign after it lost its log; kept beside the key. */
  muteUntilView: Recovery['muteUntilView']
  /** The first round for which it may attest after that. */
  attestFrom = 0
  /** By name of a block or attestation: where in the store it is. */
  #places = new Map<string, number>()

  /** Appends to the store; what stands there already is not written again. */
  put(record: StoreRecord): void {
    if (record.kind === 'block' || record.kind === 'attestation') {
      if (this.#places.has(record.name)) return
      this.#places.set(record.name, this.store.records.length)
    }
    this.store.append(record)
  }

  /** Whether a block or attestation of this name is there. */
  has(name: string): boolean {
    return this.#places.has(name)
  }

  /** The power goes. @returns how many writes were lost */
  losePower(prng: Prng): number {
    const lost = this.log.losePower(prng) + this.store.losePower(prng)
    this.#index()
    return lost
  }

  /** All is lost, save that the key was used (SPEC 6.9). */
  wipe(): void {
    this.log.wipe()
    this.store.wipe()
    this.#index()
    this.muteUntilView = 'told'
  }

  /** Whether a power cut would leave these bytes in the log. */
  isLogged(bytes: Uint8Array): boolean {
    const { records, flushedCount } = this.log
    for (let index = flushedCount - 1; index >= 0; index--) {
      if (records[index]?.bytes === bytes) return true
    }
    return false
  }

  /** Whether a power cut would leave this block, and all that it names, in the store. */
  isStored(name: string): boolean {
    const place = this.#places.get(name)
    const record = place === undefined ? undefined : this.store.records[place]
    if (place === undefined || record?.kind !== 'block') return false
    return (
      place < this.store.flushedCount &&
      record.block.body.attestations.every(({ digest }) => {
        const at = this.#places.get(toName(digest))
        return at !== undefined && at < this.store.flushedCount
      })
    )
  }

  #index(): void {
    this.#places = new Map(
      this.store.records.flatMap((record, index) =>
        record.kind === 'block' || record.kind === 'attestation' ? [[record.name, index]] : [],
      ),
    )
  }

  /** What a restarting node hands its core (SPEC 6.9). */
  recover(): Recovery {
    const { records } = this.store
    const finals = records.flatMap((each) => (each.kind === 'final' ? [each.record] : []))
    const final = finals.reduce<FinalBlock | undefined>(
      (best, each) => (best === undefined || each.header.height > best.header.height ? each : best),
      undefined,
    )
    const height = final?.header.height ?? 0
    const floor = { epoch: final?.header.epoch ?? 0, view: final?.certificate?.view ?? 0 }
    const isAbove = (place: { readonly epoch: number; readonly view: number }) =>
      place.epoch > floor.epoch || (place.epoch === floor.epoch && place.view > floor.view)
    const halted = records.flatMap((each) => (each.kind === 'halt' ? [each.code] : []))[0]
    const attestations = new Map<string, SignedAttestation>()
    for (const each of records) {
      if (each.kind === 'attestation') attestations.set(each.name, each.message)
    }
    const own = this.log.records
    return {
      final,
      blocks: dedupe(
        records.flatMap((each) =>
          each.kind === 'block' && each.block.header.height > height
            ? [[each.name, each.block] as const]
            : [],
        ),
      ),
      attestations: [
        ...attestations.values(),
        ...own.flatMap((each) => (each.topic === 'attestation' ? [each.message] : [])),
      ],
      certificates: dedupe(
        records.flatMap((each) =>
          each.kind === 'certificate' && isAbove(each.certificate)
            ? [[toCertificateName(each.certificate), each.certificate] as const]
            : [],
        ),
      ),
      signedProposals: own.flatMap((each) =>
        each.topic === 'proposal' && isAbove(each.message.message) ? [each.message] : [],
      ),
      signedVotes: own.flatMap((each) =>
        each.topic === 'vote' && isAbove(each.message.message) ? [each.message] : [],
      ),
      ...(halted === undefined ? {} : { halted }),
    }
  }
}

/** A name for bytes, to be used as key. */
export function toName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function toCertificateName({ epoch, view, kind }: ViewCertificate): string {
  return `${epoch}/${view}/${kind}`
}

function dedupe<T>(pairs: readonly (readonly [string, T])[]): T[] {
  return [...new Map(pairs).values()]
}
