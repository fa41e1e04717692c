import {
  areEqual,
  type Certificate,
  certificateType,
  decode,
  type Digest,
  type EpochContext,
  getHeaderDigest,
  getStateRoot,
  type Header,
  type Height,
  type State,
  stateType,
  type Verified,
  type Verify,
  verifyCertificate,
} from '@watchfire/attestation'
import type { Counters, Fetched, FinalRecord, Log, Network, Store } from '../ports.ts'

/** Certificates asked for at once (SPEC 10). */
const countMax = 256
/** Peers that may answer with something false or nothing before a sync gives up for now. */
const failuresMax = 3

export interface SyncOptions {
  readonly context: EpochContext
  readonly store: Store
  readonly verify: Verify
  readonly counters: Counters
  readonly log: Log
  readonly getNetwork: () => Network
  /** The highest certified block with its state, verified and kept: for the core and for readers. */
  readonly onSynced: (record: SyncedRecord) => void
  /** Completes what the state does not hold of those it excludes. */
  readonly fetchEvidence: (state: State, signal: AbortSignal) => Promise<void>
  /** Two certificates that verify and exclude each other (SPEC 6.7). */
  readonly onConflict: (certificates: readonly Verified<Certificate>[]) => void
}

/** What a sync ends with. */
export type SyncedRecord = FinalRecord & {
  readonly certificate: Verified<Certificate>
  readonly state: State
}

/**
 * Catches up as SPEC 11 says: certificates from our height on, each verified on arrival and kept as
 * proof, then the state of the highest, checked against its root. What was kept stays kept when it is
 * cut short, so the next attempt resumes there.
 *
 * @returns asks until a peer has nothing above what we hold, or answers fail
 */
export function makeSync(
  options: SyncOptions,
): (height: Height, signal: AbortSignal) => Promise<void> {
  const { context, store, verify, counters, log, getNetwork, onSynced } = options

  function reject(from: string, code: string): void {
    counters.add('sync-refusals', code)
    getNetwork().reportPeer(from, code)
  }

  /** What is held as final and cannot be so together with a header: of its height, or in its parent's place. */
  function findConflict(
    header: Header,
    digest: Digest,
    before: FinalRecord | undefined,
  ): FinalRecord | undefined {
    const same = store.getFinal(header.height)
    if (same !== undefined && !areEqual(same.headerDigest, digest)) return same
    const parent = before ?? store.getFinal((header.height - 1) as Height)
    return parent !== undefined && !areEqual(parent.headerDigest, header.parent)
      ? parent
      : undefined
  }

  /** Takes one peer's answer, in order, up to the first that does not continue what is held. */
  function take(fetched: readonly Fetched[], from: Height): Verified<Certificate>[] {
    const taken: Verified<Certificate>[] = []
    const finals: FinalRecord[] = []
    for (const { bytes, from: peer } of fetched) {
      const decoded = decode(certificateType, bytes)
      if (!decoded.ok) {
        reject(peer, decoded.code)
        break
      }
      const verified = verifyCertificate(context, decoded.value, verify)
      if (!verified.ok) {
        reject(peer, verified.code)
        break
      }
      const { header } = verified.value
      if (header.height !== from + taken.length) {
        reject(peer, 'wrong-height')
        break
      }
      const headerDigest = getHeaderDigest(context.networkId, header)
      const held = findConflict(header, headerDigest, finals.at(-1))
      if (held !== undefined) {
        // Both verify: more than f of the weight is faulty (SPEC 6.7). What is held stays.
        log.error({ height: header.height, peer }, 'a peer serves a certificate that conflicts')
        counters.add('conflicting-certificates')
        options.onConflict([held.certificate as Verified<Certificate>, verified.value])
        break
      }
      taken.push(verified.value)
      finals.push({ header, headerDigest, certificate: verified.value, state: undefined })
    }
    if (finals.length > 0) store.put({ finals })
    return taken
  }

  async function takeState(
    certificate: Verified<Certificate>,
    signal: AbortSignal,
  ): Promise<State | undefined> {
    const { stateRoot } = certificate.header
    const fetched = await getNetwork().fetchState(stateRoot, signal)
    if (fetched === undefined) return undefined
    const state = decode(stateType, fetched.bytes)
    if (!state.ok || !areEqual(getStateRoot(state.value), stateRoot)) {
      reject(fetched.from, 'wrong-state')
      return undefined
    }
    const { header } = certificate
    const headerDigest = getHeaderDigest(context.networkId, header)
    const record = { header, headerDigest, certificate, state: state.value }
    // The core says nothing of it again: kept here, a restart goes on from it and peers can be given it.
    store.put({ finals: [record] })
    onSynced(record)
    return state.value
  }

  return async (height, signal) => {
    let failures = 0
    let highest: Verified<Certificate> | undefined
    let next = height
    while (failures < failuresMax && !signal.aborted) {
      const fetched = await getNetwork().fetchCertificates(next, countMax, signal)
      const taken = take(fetched, next)
      counters.add('synced-certificates', undefined, taken.length)
      highest = taken.at(-1) ?? highest
      next = (next + taken.length) as Height
      if (taken.length === countMax) continue
      const state = highest && (await takeState(highest, signal))
      if (state !== undefined) {
        log.info({ height: state.meta.height }, 'caught up')
        await options.fetchEvidence(state, signal)
        return
      }
      failures += 1
    }
  }
}
