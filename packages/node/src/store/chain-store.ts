import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import {
  blockType,
  type Certificate,
  certificateType,
  type Digest,
  decode,
  type Epoch,
  type Evidence,
  encode,
  evidenceType,
  type Height,
  type MemberIndex,
  type Round,
  signedAttestationType,
  stateType,
  type UnixMs,
  type View,
  viewCertificateType,
} from '@watchfire/attestation'
import type { AlarmCode } from '@watchfire/consensus'
import {
  type AttestationFilter,
  type FinalRecord,
  StorageFault,
  type Store,
  type StoreBatch,
  type StoredAttestation,
} from '../ports.ts'
import { migrate } from './migrations.ts'
import { makeStorageFault } from './storage-fault.ts'

/** Bounds of a {@link Store}; certificates are kept for ever. */
export interface ChainStoreOptions {
  /** Rounds for which raw attestations are kept. */
  readonly attestationRounds: number
  readonly attestationBytesMax: number
  /** Heights for which whole states are kept. */
  readonly stateHeights: number
  readonly stateBytesMax: number
  /** Pages of 4096 bytes after which the database is full; for tests. */
  readonly pagesMax?: number
}

/** Final blocks kept for peers that are behind by less than a sync. */
const blocksKept = 1024
/** Views below the final one whose certificates are kept for peers. */
const viewsKept = 1024

type Row = Record<string, unknown>
type Decodable<T> = Parameters<typeof decode<T>>[0]

/**
 * The embedded store: SQLite in WAL mode, `synchronous=FULL`, so that `put` returns only once its
 * writes would outlive a loss of power.
 *
 * @param path of the database file, in a directory that exists; made if absent
 * @throws {StorageFault}
 */
export function openChainStore(path: string, options: ChainStoreOptions): Store {
  try {
    return open(path, options)
  } catch (error) {
    throw makeStorageFault(error, path)
  }
}

function open(path: string, options: ChainStoreOptions): Store {
  const database = new DatabaseSync(path, { timeout: 1000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  migrate(database)
  // A process killed between writing and flushing leaves frames that only the page cache holds. They
  // are read from now on, so they are flushed first, into the database itself.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  if (options.pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${options.pagesMax}`)

  const sql = {
    putBlock: database.prepare('INSERT OR IGNORE INTO block VALUES (?, ?, ?)'),
    putAttestation: database.prepare(
      'INSERT OR IGNORE INTO attestation VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    putViewCertificate: database.prepare(
      'INSERT OR IGNORE INTO view_certificate VALUES (?, ?, ?, ?, ?)',
    ),
    putFinal: database.prepare('INSERT OR IGNORE INTO final VALUES (?, ?, ?, ?, ?)'),
    putState: database.prepare('INSERT OR IGNORE INTO state VALUES (?, ?, ?)'),
    putEvidence: database.prepare('INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)'),
    putFinalEvidence: database.prepare('INSERT OR REPLACE INTO evidence VALUES (?, ?, ?)'),
    putAlarm: database.prepare('INSERT OR IGNORE INTO alarm VALUES (?, ?, ?, ?)'),
    attestation: database.prepare('SELECT bytes FROM attestation WHERE digest = ?'),
    attestations: database.prepare(
      `SELECT * FROM attestation WHERE (?1 IS NULL OR round = ?1) AND (?2 IS NULL OR member = ?2)
       AND (?3 IS NULL OR shard = ?3) AND (?4 IS NULL OR round <= ?4)
       ORDER BY round DESC, member, shard LIMIT ?5`,
    ),
    attestationsFrom: database.prepare('SELECT bytes FROM attestation WHERE round >= ?'),
    block: database.prepare('SELECT bytes FROM block WHERE digest = ?'),
    blocksAbove: database.prepare('SELECT bytes FROM block WHERE height > ? ORDER BY height'),
    viewCertificates: database.prepare(
      `SELECT bytes FROM view_certificate WHERE epoch = ? AND view BETWEEN ? AND ?
       ORDER BY view, kind`,
    ),
    highestViewCertificate: database.prepare(
      'SELECT bytes FROM view_certificate WHERE epoch = ? ORDER BY view DESC, kind DESC LIMIT 1',
    ),
    final: database.prepare(
      `SELECT f.header, f.certificate, s.bytes AS state FROM final f
       LEFT JOIN state s USING (height) WHERE f.height = ?`,
    ),
    heightAtRound: database.prepare('SELECT height FROM final WHERE round = ?'),
    tipWithState: database.prepare(
      'SELECT max(f.height) AS height FROM final f JOIN state s USING (height)',
    ),
    certificates: database.prepare(
      'SELECT certificate AS bytes FROM final WHERE height >= ? ORDER BY height LIMIT ?',
    ),
    state: database.prepare('SELECT bytes FROM state WHERE root = ?'),
    stateFloor: database.prepare('SELECT min(height) AS height FROM state'),
    stateSize: database.prepare('SELECT length(bytes) AS size FROM state WHERE height = ?'),
    evidence: database.prepare('SELECT bytes FROM evidence WHERE epoch = ? ORDER BY offender'),
    alarms: database.prepare('SELECT * FROM alarm ORDER BY at_ms'),
    pruneBlocks: database.prepare('DELETE FROM block WHERE height < ?'),
    pruneAttestations: database.prepare('DELETE FROM attestation WHERE round < ?'),
    oldestAttestations: database.prepare('SELECT min(round) AS round FROM attestation'),
    attestationBytes: database.prepare(
      'SELECT coalesce(sum(length(bytes)), 0) AS size FROM attestation',
    ),
    roundBytes: database.prepare(
      'SELECT coalesce(sum(length(bytes)), 0) AS size FROM attestation WHERE round <= ?',
    ),
    pruneViews: database.prepare('DELETE FROM view_certificate WHERE epoch = ? AND view < ?'),
    pruneStates: database.prepare('DELETE FROM state WHERE height < ?'),
    stateBytes: database.prepare('SELECT coalesce(sum(length(bytes)), 0) AS size FROM state'),
  }
  for (const statement of Object.values(sql)) statement.setReturnArrays(false)

  function guard<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw makeStorageFault(error, path)
    }
  }
  function readValue<T>(type: Decodable<T>, bytes: unknown): T {
    const decoded = bytes instanceof Uint8Array ? decode(type, bytes) : undefined
    if (decoded?.ok !== true)
      throw new StorageFault('corrupt', `${path} holds what does not decode: restore a backup`)
    return decoded.value
  }
  function readAll<T>(type: Decodable<T>, rows: readonly Row[]): T[] {
    return rows.map((row) => readValue(type, row['bytes']))
  }
  function readNumber(row: Row | undefined, name: string): number | undefined {
    const value = row?.[name]
    return typeof value === 'number' ? value : undefined
  }

  function transact(write: () => void): void {
    guard(() => {
      database.exec('BEGIN IMMEDIATE')
      try {
        write()
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    })
  }

  function putFinal({ header, headerDigest, certificate, state }: FinalRecord): void {
    const held = readFinal(header.height)
    if (held !== undefined && Buffer.compare(held.headerDigest, headerDigest) !== 0)
      throw new StorageFault('conflict', `another block is final at height ${header.height}`)
    const bytes = encode(certificateType, certificate)
    sql.putFinal.run(header.height, header.round, headerDigest, header.stateRoot, bytes)
    if (state !== undefined)
      sql.putState.run(header.height, header.stateRoot, encode(stateType, state))
  }

  function put(batch: StoreBatch): void {
    transact(() => {
      for (const { digest, block } of batch.blocks ?? [])
        sql.putBlock.run(digest, block.header.height, encode(blockType, block))
      for (const a of batch.attestations ?? [])
        sql.putAttestation.run(
          a.digest,
          a.epoch,
          a.round,
          a.shard,
          a.member,
          a.receivedAtMs,
          a.bytes,
        )
      for (const c of batch.certificates ?? [])
        sql.putViewCertificate.run(
          c.epoch,
          c.view,
          c.kind,
          c.header,
          encode(viewCertificateType, c),
        )
      for (const final of batch.finals ?? []) putFinal(final)
      for (const { offender, evidence, isFinal } of batch.evidence ?? []) {
        const statement = isFinal ? sql.putFinalEvidence : sql.putEvidence
        statement.run(getEvidenceEpoch(evidence), offender, encode(evidenceType, evidence))
      }
      for (const { code, detail, atMs, inputs } of batch.alarms ?? [])
        sql.putAlarm.run(code, detail, atMs, inputs)
    })
  }

  function readFinal(height: number | undefined): FinalRecord | undefined {
    const row = height === undefined ? undefined : sql.final.get(height)
    if (row === undefined) return undefined
    const certificate = readValue(certificateType, row['certificate'])
    const state = row['state'] === null ? undefined : readValue(stateType, row['state'])
    const headerDigest = row['header'] as Digest
    return { header: certificate.header, headerDigest, certificate, state }
  }

  function toAttestation(row: Row): StoredAttestation {
    return {
      digest: row['digest'] as Digest,
      epoch: row['epoch'] as Epoch,
      round: row['round'] as Round,
      shard: Number(row['shard']),
      member: row['member'] as MemberIndex,
      bytes: row['bytes'] as Uint8Array,
      receivedAtMs: row['received_ms'] as UnixMs,
    }
  }

  function listAttestations(filter: AttestationFilter): StoredAttestation[] {
    const optional = (value: number | undefined): SQLInputValue => value ?? null
    return sql.attestations
      .all(
        optional(filter.round),
        optional(filter.member),
        optional(filter.shard),
        optional(filter.roundMax),
        filter.limit,
      )
      .map(toAttestation)
  }

  function recover(epoch: Epoch): ReturnType<Store['recover']> {
    // A sync cut short leaves certificates without a state: they are proof, not a place to start from.
    const final = readFinal(readNumber(sql.tipWithState.get(), 'height'))
    const fromView = (final?.certificate.view ?? 0) as View
    const fromRound = final?.header.round ?? 0
    const highest = Number.MAX_SAFE_INTEGER
    return {
      final:
        final?.state === undefined
          ? undefined
          : {
              header: final.header,
              headerDigest: final.headerDigest,
              state: final.state,
              certificate: final.certificate,
            },
      blocks: readAll(blockType, sql.blocksAbove.all(final?.header.height ?? 0)),
      attestations: readAll(signedAttestationType, sql.attestationsFrom.all(fromRound)),
      certificates: readAll(
        viewCertificateType,
        sql.viewCertificates.all(epoch, fromView, highest),
      ),
    }
  }

  function prune({ round, finalView, epoch }: Parameters<Store['prune']>[0]): void {
    transact(() => {
      // Not the highest certificate: a sync cut short leaves those far above the newest state.
      const tip = readNumber(sql.tipWithState.get(), 'height') ?? 0
      sql.pruneBlocks.run(tip - blocksKept)
      sql.pruneViews.run(epoch, finalView - viewsKept)
      sql.pruneAttestations.run(round - options.attestationRounds)
      pruneAttestationBytes()
      sql.pruneStates.run(tip - options.stateHeights)
      pruneStateBytes()
    })
  }
  function pruneAttestationBytes(): void {
    let size = readNumber(sql.attestationBytes.get(), 'size') ?? 0
    while (size > options.attestationBytesMax) {
      const oldest = readNumber(sql.oldestAttestations.get(), 'round')
      if (oldest === undefined) return
      size -= readNumber(sql.roundBytes.get(oldest), 'size') ?? 0
      sql.pruneAttestations.run(oldest + 1)
    }
  }
  function pruneStateBytes(): void {
    let size = readNumber(sql.stateBytes.get(), 'size') ?? 0
    const newest = readNumber(sql.tipWithState.get(), 'height') ?? 0
    let oldest = readNumber(sql.stateFloor.get(), 'height') ?? newest
    // The newest state always stays: without it the node could not go on.
    while (size > options.stateBytesMax && oldest < newest) {
      size -= readNumber(sql.stateSize.get(oldest), 'size') ?? 0
      oldest += 1
      sql.pruneStates.run(oldest)
    }
  }

  return {
    put,
    getAttestation: (digest) =>
      guard(() => sql.attestation.get(digest)?.['bytes'] as Uint8Array | undefined),
    listAttestations: (filter) => guard(() => listAttestations(filter)),
    getBlock: (digest) => guard(() => readAll(blockType, sql.block.all(digest))[0]),
    listViewCertificates: (epoch, from, to) =>
      guard(() => readAll(viewCertificateType, sql.viewCertificates.all(epoch, from, to))),
    getHighestViewCertificate: (epoch) =>
      guard(() => readAll(viewCertificateType, sql.highestViewCertificate.all(epoch))[0]),
    getFinalTip: () => guard(() => readFinal(readNumber(sql.tipWithState.get(), 'height'))),
    getFinal: (height) => guard(() => readFinal(height)),
    getFinalAtRound: (round) =>
      guard(() => readFinal(readNumber(sql.heightAtRound.get(round), 'height'))),
    listCertificates: (from, count): Certificate[] =>
      guard(() => readAll(certificateType, sql.certificates.all(from, count))),
    getStateBytes: (root) => guard(() => sql.state.get(root)?.['bytes'] as Uint8Array | undefined),
    getStateFloor: () =>
      guard(() => readNumber(sql.stateFloor.get(), 'height') as Height | undefined),
    listEvidence: (epoch): Evidence[] =>
      guard(() => readAll(evidenceType, sql.evidence.all(epoch))),
    listAlarms: () =>
      guard(() =>
        sql.alarms.all().map((row) => ({
          code: row['code'] as AlarmCode,
          detail: String(row['detail']),
          atMs: row['at_ms'] as UnixMs,
          inputs: String(row['inputs']),
        })),
      ),
    recover: (epoch) => guard(() => recover(epoch)),
    prune: (now) => guard(() => prune(now)),
    close: () => guard(() => database.close()),
  }
}

/** The epoch in which evidence accuses (SPEC 8.4: both messages name it). */
function getEvidenceEpoch(evidence: Evidence): Epoch {
  return evidence.value.first.message.epoch
}
