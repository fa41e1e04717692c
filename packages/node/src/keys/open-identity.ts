import { mkdirSync } from 'node:fs'
import {
  areEqual,
  type EpochContext,
  fail,
  getMemberIndex,
  type MemberIndex,
  type MonitorId,
  type Result,
  succeed,
  toHex,
} from '@watchfire/attestation'
import { StorageFault, type StorageFaultCode, type VoteLog } from '../ports.ts'
import { makeLogDisk } from '../store/log-disk.ts'
import { openVoteLog } from '../store/vote-log.ts'
import type { KeyFaultCode } from './key-file.ts'
import { type Lock, type LockFaultCode, lockKey } from './lock.ts'
import {
  findLogDoubt,
  type LogDoubt,
  type LogSidecarWriter,
  openLogSidecar,
  readLogSidecar,
} from './log-sidecar.ts'
import { getDataPaths, readMonitorKey } from './node-keys.ts'
import { makeSigner, type Signer } from './signer.ts'

/** A member's key in use: locked, with the log of what it signed. */
export interface Identity {
  readonly monitor: MonitorId
  readonly member: MemberIndex
  readonly signer: Signer
  readonly voteLog: VoteLog
  readonly sidecar: LogSidecarWriter
  /** Why the log may not be all that the key signed (SPEC 6.9). */
  readonly doubt: LogDoubt | undefined
  /** Bytes of an append that never returned, found at the log's end. */
  readonly tornBytes: number
  close(): void
}

export type IdentityFaultCode =
  | 'not-a-member'
  | 'wrong-key'
  | KeyFaultCode
  | LockFaultCode
  | StorageFaultCode

/** Takes up a member's key: the right one, in nobody else's hands, with its log. */
export async function openIdentity(
  dataDir: string,
  monitor: MonitorId,
  context: EpochContext,
): Promise<Result<Identity, IdentityFaultCode>> {
  const member = getMemberIndex(context, monitor)
  const known = member === undefined ? undefined : context.committee.members[member]
  if (member === undefined || known === undefined)
    return fail('not-a-member', `expected a member that the manifest has, got ${monitor}`)
  const key = readMonitorKey(dataDir)
  if (!key.ok) return key
  if (!areEqual(key.value.publicKey, known.publicKey)) {
    const own = toHex(key.value.publicKey)
    return fail(
      'wrong-key',
      `expected the monitor whose key is here: the manifest names key ${toHex(known.publicKey)} for ${monitor}, but ${key.value.file} holds ${own}`,
    )
  }
  const lock = await lockKey(key.value.file, key.value.publicKey)
  if (!lock.ok) return lock
  try {
    const log = openLog(dataDir, lock.value)
    return succeed({ monitor, member, signer: makeSigner(key.value, member), ...log })
  } catch (error) {
    lock.value.release()
    if (error instanceof StorageFault) return fail(error.code, error.message)
    throw error
  }
}

function openLog(
  dataDir: string,
  lock: Lock,
): Pick<Identity, 'voteLog' | 'sidecar' | 'doubt' | 'tornBytes' | 'close'> {
  const paths = getDataPaths(dataDir)
  mkdirSync(paths.database, { recursive: true, mode: 0o700 })
  const said = readLogSidecar(paths.logSidecar)
  const { log, isNew, tornBytes } = openVoteLog(makeLogDisk(paths.database))
  const doubt = findLogDoubt(said, { logId: log.logId, count: log.count, isNew })
  const sidecar = openLogSidecar(paths.logSidecar)
  // In doubt the sidecar stays as it is, so that the doubt outlives a crash.
  if (doubt === undefined) sidecar.flush({ logId: log.logId, count: log.count })
  return {
    voteLog: log,
    sidecar,
    doubt,
    tornBytes,
    close() {
      sidecar.close()
      log.close()
      lock.release()
    },
  }
}
