import type { DatabaseSync } from 'node:sqlite'
import { StorageFault } from '../ports.ts'

// Each entry leads from the version that is its index to the next; what was released is never edited.
const migrations: readonly string[] = [
  `CREATE TABLE block (
     digest BLOB PRIMARY KEY, height INTEGER NOT NULL, bytes BLOB NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX block_height ON block (height);
   CREATE TABLE attestation (
     digest BLOB PRIMARY KEY, epoch INTEGER NOT NULL, round INTEGER NOT NULL, shard INTEGER NOT NULL,
     member INTEGER NOT NULL, received_ms INTEGER NOT NULL, bytes BLOB NOT NULL
   );
   CREATE INDEX attestation_round ON attestation (round, member, shard);
   CREATE INDEX attestation_member ON attestation (member, round);
   CREATE TABLE view_certificate (
     epoch INTEGER NOT NULL, view INTEGER NOT NULL, kind INTEGER NOT NULL, header BLOB NOT NULL,
     bytes BLOB NOT NULL, PRIMARY KEY (epoch, view, kind, header)
   ) WITHOUT ROWID;
   CREATE TABLE final (
     height INTEGER PRIMARY KEY, round INTEGER NOT NULL UNIQUE, header BLOB NOT NULL,
     state_root BLOB NOT NULL, certificate BLOB NOT NULL
   );
   CREATE TABLE state (height INTEGER PRIMARY KEY, root BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
   CREATE TABLE evidence (
     epoch INTEGER NOT NULL, offender INTEGER NOT NULL, bytes BLOB NOT NULL,
     PRIMARY KEY (epoch, offender)
   ) WITHOUT ROWID;
   CREATE TABLE alarm (
     code TEXT PRIMARY KEY, detail TEXT NOT NULL, at_ms INTEGER NOT NULL, inputs TEXT NOT NULL
   ) WITHOUT ROWID;`,
]

/**
 * Brings a database to the newest version, all or nothing.
 *
 * @throws {StorageFault} `newer-format` if a later release made it
 */
export function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get()
  const version = Number(row?.['user_version'])
  if (version > migrations.length)
    throw new StorageFault(
      'newer-format',
      `the database is of version ${version}, this program knows ${migrations.length}`,
    )
  if (version === migrations.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    for (const sql of migrations.slice(version)) database.exec(sql)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
