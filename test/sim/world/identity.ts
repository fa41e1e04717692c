import type { Digest, MemberIndex } from '@watchfire/attestation'
import { doubtfulLogId, findLogDoubt } from '../../../packages/node/src/keys/log-sidecar.ts'
import {
  makeSignedKeeper,
  type SignedKeeper,
} from '../../../packages/node/src/loop/signed-keeper.ts'
import type { SigningFloor, VoteLog } from '../../../packages/node/src/ports.ts'
import type { LogDisk, LogFile } from '../../../packages/node/src/store/log-disk.ts'
import { openVoteLog } from '../../../packages/node/src/store/vote-log.ts'
import type { SimDisk } from './disk.ts'

/** A member's key in use in one life: the real vote log on the simulated disk, and the real way to a signature. */
export interface SimIdentity {
  readonly log: VoteLog
  readonly keeper: SignedKeeper
  /** Whether the log may not be all that the key signed (SPEC 6.9). */
  readonly isDoubtful: boolean
  /** From now on, and after a restart, the log is not to be trusted. */
  doubt(): void
  /** It is safe to sign from here on. */
  settle(floor: SigningFloor): void
}

export interface IdentityParts {
  readonly disk: SimDisk
  readonly member: MemberIndex
  readonly sign: (digest: Digest) => Uint8Array
  readonly nowMs: () => number
  /** Called before and after each operation of the disk: the process may die there. */
  readonly op: () => void
  readonly compactBytes: number
}

/** As packages/node/src/keys/open-identity.ts does it. */
export function openSimIdentity(parts: IdentityParts): SimIdentity {
  const { disk, member, sign, nowMs, op, compactBytes } = parts
  const { sidecar } = disk
  const said = sidecar.read()
  const files = withOperations(disk.files, op)
  const { log, isNew } = openVoteLog(files, { compactBytes })
  const doubt = findLogDoubt(said, { logId: log.logId, count: log.count, isNew })
  const trust = () => sidecar.flush({ logId: log.logId, count: log.count })
  if (doubt === undefined) trust()
  const keeper = makeSignedKeeper({
    log,
    sidecar,
    signer: { member, sign },
    clock: { monotonicMs: nowMs },
    meter: { add: () => undefined, observe: () => undefined },
  })
  return {
    log,
    keeper,
    isDoubtful: doubt !== undefined,
    doubt: () => sidecar.flush({ logId: doubtfulLogId, count: log.count }),
    settle(floor) {
      log.raiseFloor(floor)
      trust()
    },
  }
}

function withOperations(disk: LogDisk, op: () => void): LogDisk {
  const operate = (run: () => void) => {
    op()
    run()
    op()
  }
  return {
    exists: (name) => disk.exists(name),
    open(name): LogFile {
      const file = disk.open(name)
      return {
        size: () => file.size(),
        read: (offset, length) => file.read(offset, length),
        write: (offset, bytes) => operate(() => file.write(offset, bytes)),
        flush: () => operate(() => file.flush()),
        truncate: (size) => operate(() => file.truncate(size)),
        close: () => file.close(),
      }
    },
    replace: (from, to) => operate(() => disk.replace(from, to)),
    remove: (name) => operate(() => disk.remove(name)),
    flushNames: () => operate(() => disk.flushNames()),
  }
}
