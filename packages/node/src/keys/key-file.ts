import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fail, fromHex, getPublicKey, type Result, succeed, toHex } from '@watchfire/attestation'

/** Why a key file cannot be used, or not be made. */
export type KeyFaultCode =
  | 'key-missing'
  | 'key-readable-by-others'
  | 'key-malformed'
  | 'key-exists'
  | 'key-unreadable'
  | 'key-unwritable'

/** An Ed25519 key as it is used: the seed signs, the public key is what a manifest names. */
export interface SigningKey {
  readonly file: string
  /** 32 bytes (RFC 8032's private key). */
  readonly secretKey: Uint8Array
  readonly publicKey: Uint8Array
}

function getErrorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function findLooseMode(path: string): string | undefined {
  const stat = lstatSync(path)
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
  if ((stat.mode & 0o077) !== 0) return mode
  return undefined
}

/**
 * Reads a key file: 64 hex digits of the seed and a line feed, mode 0600 in a directory of mode 0700.
 * A looser mode is refused, since the key must then be taken as known to others.
 */
export function readKeyFile(file: string): Result<SigningKey, KeyFaultCode> {
  try {
    const directory = dirname(file)
    const stat = lstatSync(file)
    if (!stat.isFile()) return fail('key-malformed', `${file} is not a plain file`)
    const mode = findLooseMode(file)
    if (mode !== undefined)
      return fail(
        'key-readable-by-others',
        `${file} has mode ${mode}; others can read it: make it 0600 (chmod 600 ${file})`,
      )
    const directoryMode = findLooseMode(directory)
    if (directoryMode !== undefined)
      return fail(
        'key-readable-by-others',
        `${directory} has mode ${directoryMode}: make it 0700 (chmod 700 ${directory})`,
      )
    const text = readFileSync(file, 'latin1')
    if (!/^[0-9a-f]{64}\n?$/.test(text))
      return fail('key-malformed', `${file} must hold 64 lower-case hex digits and nothing else`)
    const secretKey = fromHex(text.trimEnd())
    return succeed({ file, secretKey, publicKey: getPublicKey(secretKey) })
  } catch (error) {
    const code = getErrorCode(error)
    return code === 'ENOENT'
      ? fail('key-missing', `${file} does not exist: \`watchfire init\` makes it`)
      : fail('key-unreadable', `${file} cannot be read (${code})`)
  }
}

/**
 * Makes a key file, flushed; never over one that is there.
 *
 * @param secretKey 32 bytes; random unless given
 */
export function createKeyFile(
  file: string,
  secretKey: Uint8Array = randomBytes(32),
): Result<SigningKey, KeyFaultCode> {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const handle = openSync(file, 'wx', 0o600)
    try {
      writeSync(handle, `${toHex(secretKey)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch (error) {
    const code = getErrorCode(error)
    return code === 'EEXIST'
      ? fail('key-exists', `${file} exists already; a key is never written over`)
      : fail('key-unwritable', `${file} cannot be written (${code})`)
  }
  return readKeyFile(file)
}
