import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { type Failure, fail, type Result, succeed } from '@watchfire/attestation'
import type { SecretBinding, Secrets } from '@watchfire/probes'
import type { BoundSecret, SecretSource } from './secret-config.ts'

/** Why a secret cannot be used. What is in it is never said. */
export type SecretFaultCode =
  | 'secret-missing'
  | 'secret-unreadable'
  | 'secret-readable-by-others'
  | 'secret-malformed'
  | 'secret-misbound'

/** A process's variables. */
type Environment = Readonly<Record<string, string | undefined>>

/** A fault of a secret, at a field of the configuration. */
export interface SecretFault extends Failure<SecretFaultCode> {
  readonly path: readonly (string | number)[]
}

/** What a secret's value may be: no header or URL carries another. Fewer characters hide nothing. */
const VALUE = /^[!-~][ -~]{2,4094}[!-~]$/
const EXPECTED = '4 to 4096 printable characters, with no space at either end'

/**
 * Reads what the configuration binds to targets.
 *
 * @param env - the process's environment
 */
export function readSecrets(
  bound: readonly BoundSecret[],
  env: Environment,
): { readonly ok: true; readonly value: Secrets } | SecretFault {
  const secrets = new Map<string, SecretBinding[]>()
  for (const [index, secret] of bound.entries()) {
    const path = ['probe', 'secrets', index]
    const read = readBinding(secret, env, path)
    if (!read.ok) return read
    secrets.set(secret.target, [...(secrets.get(secret.target) ?? []), read.value])
  }
  return succeed(secrets)
}

function readBinding(
  { origin, basic, bearer, url, headers }: BoundSecret,
  env: Environment,
  path: readonly (string | number)[],
): { readonly ok: true; readonly value: SecretBinding } | SecretFault {
  const bound: Record<string, string> = {}
  let own: string | undefined
  const parts = [
    { source: basic, at: ['basic'], use: useBasic },
    { source: bearer, at: ['bearer'], use: useBearer },
    { source: url, at: ['url'], use: useUrl },
    ...Object.entries(headers).map(([name, source]) => ({
      source,
      at: ['headers', name],
      use(value: string) {
        bound[name] = value
        return succeed(undefined)
      },
    })),
  ]
  for (const { source, at, use } of parts) {
    if (source === undefined) continue
    const read = readSecret(source, env)
    const used = read.ok ? use(read.value) : read
    if (!used.ok) return { ...used, path: [...path, ...at] }
  }
  return succeed({ origin, headers: bound, ...(own === undefined ? {} : { url: own }) })

  function useBasic(pair: string): Result<undefined, SecretFaultCode> {
    if (!/^[^:]+:./.test(pair)) return fail('secret-malformed', 'expected user:password')
    bound['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
    return succeed(undefined)
  }

  function useBearer(token: string): Result<undefined, SecretFaultCode> {
    bound['authorization'] = `Bearer ${token}`
    return succeed(undefined)
  }

  function useUrl(text: string): Result<undefined, SecretFaultCode> {
    if (!URL.canParse(text)) return fail('secret-malformed', 'expected a URL')
    const parsed = new URL(text)
    if (parsed.origin !== origin) {
      return fail('secret-misbound', `expected a URL of ${origin}, got one of ${parsed.origin}`)
    }
    if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
      return fail('secret-malformed', 'expected no user, password or fragment: use basic')
    }
    own = text
    return succeed(undefined)
  }
}

/** A secret's text: of a variable, or of a file that only its owner can read. */
function readSecret(source: SecretSource, env: Environment): Result<string, SecretFaultCode> {
  const read = 'env' in source ? readVariable(source.env, env) : readPrivateFile(source.file)
  if (!read.ok) return read
  const where = 'env' in source ? `variable ${source.env}` : source.file
  return VALUE.test(read.value)
    ? read
    : fail('secret-malformed', `expected ${EXPECTED} in ${where}`)
}

function readVariable(name: string, env: Environment): Result<string, SecretFaultCode> {
  const value = env[name]
  return value === undefined
    ? fail('secret-missing', `expected the environment variable ${name} to be set`)
    : succeed(value)
}

/** Bytes of a file that holds one secret. */
const FILE_BYTES_MAX = 8192

function readPrivateFile(file: string): Result<string, SecretFaultCode> {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    // Of what was opened, not of what has that name by now. A link is followed: the file counts.
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) return fail('secret-unreadable', `expected ${file} to be a plain file`)
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      const detail = `expected ${file} to be readable by its owner only (0600), got mode ${mode}`
      return fail('secret-readable-by-others', detail)
    }
    if (stat.size > FILE_BYTES_MAX) return fail('secret-malformed', `${file} is too long`)
    return succeed(readFileSync(descriptor, 'utf8').replace(/\r?\n$/, ''))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return code === 'ENOENT'
      ? fail('secret-missing', `expected a file ${file}`)
      : fail('secret-unreadable', `${file} cannot be read (${code})`)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
