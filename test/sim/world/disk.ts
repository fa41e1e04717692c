import type {
  Block,
  Certificate,
  Digest,
  Epoch,
  Evidence,
  Header,
  SignedAttestation,
  State,
  ViewCertificate,
} from '@watchfire/attestation'
import type { AlarmCode } from '@watchfire/consensus'
import { StorageFault } from '../../../packages/node/src/ports.ts'
import type { recover } from '../../../packages/node/src/store/recover.ts'
import { LosingDisk } from '../../../packages/node/test/store/losing-disk.ts'
import { Journal } from './journal.ts'
import type { Prng } from './prng.ts'
import { SimSidecar } from './sidecar.ts'

export interface SimFinal {
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
  | { readonly kind: 'final'; readonly record: SimFinal }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  | { readonly kind: 'alarm'; readonly code: AlarmCode }

/** What a disk may do besides losing what was not flushed. */
export type DiskFault = 'full' | 'failed-write' | 'failed-flush'

/** Bytes still free, at most, when a disk is said to be full. */
const ROOM_BYTES_MAX = 600

type RecoveredStore = Parameters<typeof recover>[0]

/**
 * A node's disk: the files of its vote log, the sidecar beside its key, and the store of the rest. Each
 * loses what was not flushed when the power goes, and fails when the disk does.
 */
export class SimDisk {
  readonly files = new LosingDisk()
  readonly sidecar = new SimSidecar()
  readonly store = new Journal<StoreRecord>()

  #isStoreFailing = false
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

  /** @throws {StorageFault} what was put since the last flush is then not there any more */
  flushStore(): void {
    if (this.#isStoreFailing && !this.store.isFlushed) {
      this.store.rollBack()
      this.#index()
      throw new StorageFault('write-failed', 'the simulated store cannot be written')
    }
    this.store.flush()
  }

  /** Whether a block or attestation of this name is there. */
  has(name: string): boolean {
    return this.#places.has(name)
  }

  /** From now on something fails, until `mend`. */
  fail(how: DiskFault, prng: Prng): void {
    // A file may still grow a little; and what the store needs is not there, or will not be flushed.
    this.files.capacity =
      how === 'full'
        ? this.files.sizeOf('votes.log') + prng.between(0, ROOM_BYTES_MAX)
        : Number.POSITIVE_INFINITY
    this.files.failWrite = how === 'failed-write'
    this.files.failFlush = how === 'failed-flush'
    // The store may lie on another device.
    this.#isStoreFailing = prng.chance(500)
  }

  mend(): void {
    this.files.capacity = Number.POSITIVE_INFINITY
    this.files.failWrite = false
    this.files.failFlush = false
    this.#isStoreFailing = false
  }

  /** The power goes. @returns how many writes were lost, or torn */
  losePower(prng: Prng): number {
    const lost = this.files.losePower(() => prng.next() / 2 ** 32) + this.store.losePower(prng)
    this.sidecar.losePower(prng)
    this.#index()
    return lost
  }

  /** All is lost, save that the key was used (SPEC 6.9). */
  wipe(): void {
    this.files.wipe()
    this.store.wipe()
    this.#index()
  }

  /** Whether a power cut would leave these bytes in the log. */
  isLogged(bytes: Uint8Array): boolean {
    const { buffer, byteOffset, byteLength } = this.files.getDurable('votes.log')
    return Buffer.from(buffer, byteOffset, byteLength).lastIndexOf(bytes) !== -1
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

  /** The highest final block that is there. */
  getFinal(): SimFinal | undefined {
    return this.#list('final').reduce<SimFinal | undefined>(
      (best, { record }) =>
        best === undefined || record.header.height > best.header.height ? record : best,
      undefined,
    )
  }

  /**
   * The store as recovery reads it (packages/node/src/store/chain-store.ts).
   *
   * @param final where it starts from; undefined: from genesis
   */
  readStore(final: SimFinal | undefined): RecoveredStore {
    const { height, round } = final?.header ?? { height: 0, round: 0 }
    const view = final?.certificate.view ?? 0
    const certificates = this.#list('certificate').map((each) => each.certificate)
    return {
      getAttestation: (digest) => {
        const record = this.store.records[this.#places.get(toName(digest)) ?? -1]
        return record?.kind === 'attestation' ? record.bytes : undefined
      },
      listEvidence: (epoch) =>
        this.#list('evidence')
          .map(({ evidence }) => evidence)
          .filter(({ value }) => value.first.message.epoch === epoch),
      listAlarms: () =>
        this.#list('alarm').map(({ code }) => ({ code, detail: '', atMs: 0 as never, inputs: '' })),
      recover: (epoch: Epoch) => ({
        final,
        blocks: dedupe(
          this.#list('block').flatMap(({ name, block }) =>
            block.header.height > height ? [[name, block] as const] : [],
          ),
        ),
        attestations: this.#list('attestation')
          .map(({ message }) => message)
          .filter(({ message }) => message.round >= round),
        certificates: dedupe(
          certificates.flatMap((each) =>
            each.epoch === epoch && each.view >= view
              ? [[toCertificateName(each), each] as const]
              : [],
          ),
        ),
      }),
    }
  }

  #list<K extends StoreRecord['kind']>(kind: K): Extract<StoreRecord, { readonly kind: K }>[] {
    return this.store.records.filter(
      (record): record is Extract<StoreRecord, { readonly kind: K }> => record.kind === kind,
    )
  }

  #index(): void {
    this.#places = new Map(
      this.store.records.flatMap((record, index) =>
        record.kind === 'block' || record.kind === 'attestation' ? [[record.name, index]] : [],
      ),
    )
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
