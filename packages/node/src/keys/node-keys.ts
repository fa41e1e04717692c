import { join } from 'node:path'
import { type Result, succeed } from '@watchfire/attestation'
import { createKeyFile, type KeyFaultCode, readKeyFile, type SigningKey } from './key-file.ts'
import { createLogSidecar } from './log-sidecar.ts'

/** Where a data directory keeps what. */
export interface DataPaths {
  readonly dataDir: string
  readonly keys: string
  readonly monitorKey: string
  /** Which vote log belongs to the monitor key (SPEC 6.9). */
  readonly logSidecar: string
  readonly keyLock: string
  readonly peerKey: string
  readonly database: string
  readonly lock: string
}

/** @returns where everything of a data directory lies, whether or not it is there */
export function getDataPaths(dataDir: string): DataPaths {
  const keys = join(dataDir, 'keys')
  return {
    dataDir,
    keys,
    monitorKey: join(keys, 'monitor.key'),
    logSidecar: join(keys, 'monitor.log'),
    keyLock: join(keys, 'monitor.lock'),
    peerKey: join(keys, 'peer.key'),
    database: join(dataDir, 'db'),
    lock: join(dataDir, 'LOCK'),
  }
}

/**
 * Makes a new monitor key in a data directory, marked as never used: only a key that says so may sign
 * without a vote log (SPEC 6.9).
 */
export function createMonitorKey(
  dataDir: string,
  secretKey?: Uint8Array,
): Result<SigningKey, KeyFaultCode> {
  const paths = getDataPaths(dataDir)
  const key = createKeyFile(paths.monitorKey, secretKey)
  if (key.ok) createLogSidecar(paths.logSidecar)
  return key
}

/** The peer key names a connection and signs nothing agreed, so a missing one is simply made. */
export function readOrCreatePeerKey(dataDir: string): Result<SigningKey, KeyFaultCode> {
  const { peerKey } = getDataPaths(dataDir)
  const key = readKeyFile(peerKey)
  return key.ok || key.code !== 'key-missing' ? key : createKeyFile(peerKey)
}

/** @returns the monitor key of a data directory */
export function readMonitorKey(dataDir: string): Result<SigningKey, KeyFaultCode> {
  const key = readKeyFile(getDataPaths(dataDir).monitorKey)
  return key.ok ? succeed(key.value) : key
}
