import type { SourceMutant } from './mutant.ts'

// Bugs in the vote log (SPEC 6.5, 6.9), met on its own: `log/log-run.ts`.

function broken(
  name: string,
  caughtBy: SourceMutant['caughtBy'],
  find: string,
  replace: string,
): SourceMutant {
  const file = 'packages/node/src/store/vote-log.ts'
  return { name, caughtBy, scenario: 'vote-log', edits: [{ file, find, replace }] }
}

export const logMutants: readonly SourceMutant[] = [
  broken(
    'flushes nothing that it appends to its log',
    'durability',
    'file.write(end, frame)\n    file.flush()',
    'file.write(end, frame)',
  ),
  broken(
    'believes of its log what an earlier life did not flush',
    'durability',
    'file.flush()\n  disk.flushNames()\n\n  function readFrame',
    '\n  function readFrame',
  ),
  broken(
    'believes of its log what a flush that failed left in memory',
    'durability',
    'if (end > lastAt) file.write(lastAt, file.read(lastAt, end - lastAt))',
    '',
  ),
  broken(
    'takes a second thing for a place into its log',
    'double-signature',
    "throw new StorageFault('conflict', `another message was signed for ${key}`)",
    'return true',
  ),
  broken(
    'takes finalize beside nullify into its log',
    'exclusion',
    'if (held.has(other) || pending.has(other))',
    'if (pending.has(other) && other === key)',
  ),
  broken(
    'believes a torn frame of its log',
    'durability',
    'payload.length < length || crc32(payload) !== frameHead.readUInt32LE(4)',
    'payload.length < length',
  ),
  broken(
    'signs below the floor of its log',
    'double-signature',
    "if (isBelowFloor(place)) throw new StorageFault('conflict', `${key} is below the log's floor`)",
    '',
  ),
  broken(
    'puts a log in the place of another before it is on disk',
    'durability',
    'next.flush()\n    disk.replace(nextName, fileName)',
    'disk.replace(nextName, fileName)',
  ),
  broken(
    'writes on in a log whose name is not on disk',
    'durability',
    'disk.replace(nextName, fileName)\n    disk.flushNames()\n    file.close()',
    'disk.replace(nextName, fileName)\n    file.close()',
  ),
]
