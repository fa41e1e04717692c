import { resolve } from 'node:path'
import { isReservedHeader } from '@watchfire/probes'
import { type Static, Type } from 'typebox'
import type { Finding } from './config-fault.ts'
import type { YamlFile } from './yaml-file.ts'

// Where the secrets of targets come from. The configuration names files and variables, and holds none
// of what is in them, so that it may be shown.

const closed = { additionalProperties: false } as const

const sourceSchema = Type.Object(
  {
    file: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    env: Type.Optional(
      Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$', description: 'a variable’s name' }),
    ),
  },
  closed,
)

/** One of `probe.secrets` as it is written. */
export const secretSchema = Type.Object(
  {
    /** Id in the manifest. */
    target: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$', maxLength: 64 }),
    /** Where it may be sent: that of a URL of the target. */
    origin: Type.String({
      pattern: '^(https?|wss?)://[!-~]+$',
      maxLength: 512,
      description: 'an origin such as https://node.example:8332',
    }),
    /** `user:password`, for basic authentication. */
    basic: Type.Optional(sourceSchema),
    bearer: Type.Optional(sourceSchema),
    headers: Type.Optional(
      Type.Record(Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$" }), sourceSchema, {
        maxProperties: 16,
      }),
    ),
    /** What is asked in place of the target's own URL. */
    url: Type.Optional(sourceSchema),
  },
  closed,
)
type SecretFile = Static<typeof secretSchema>

/** Where a secret's text is. */
export type SecretSource = { readonly file: string } | { readonly env: string }

/** What is bound to a target: one of `probe.secrets`, checked, paths absolute. */
export interface BoundSecret {
  readonly target: string
  readonly origin: string
  readonly basic: SecretSource | undefined
  readonly bearer: SecretSource | undefined
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, SecretSource>>
  readonly url: SecretSource | undefined
}

/** What no schema says of `probe.secrets`. */
export function checkSecrets(yaml: YamlFile, secrets: readonly SecretFile[]): Finding[] {
  const places = new Set<string>()
  return secrets.flatMap((secret, index) => {
    const path = ['probe', 'secrets', index]
    const { target, origin, basic, bearer, headers = {}, url } = secret
    const find = (at: readonly string[], expected: string) =>
      yaml.find([...path, ...at], `expected ${expected}`)
    const sources = Object.entries({ basic, bearer, url })
      .map(([name, source]) => ({ at: [name], source }))
      .concat(Object.entries(headers).map(([name, source]) => ({ at: ['headers', name], source })))
    const given = sources.filter(({ source }) => source !== undefined)
    const place = `${target} ${origin}`
    const isTaken = places.has(place)
    places.add(place)
    const names = Object.keys(headers).map((name) => name.toLowerCase())
    const isAuthorized = [
      basic !== undefined,
      bearer !== undefined,
      names.includes('authorization'),
    ]
    return [
      ...(URL.canParse(origin) && new URL(origin).origin === origin
        ? []
        : [find(['origin'], `an origin such as https://node.example:8332, got ${origin}`)]),
      ...(isTaken ? [find([], `one entry for target ${target} and ${origin}`)] : []),
      ...(given.length === 0 ? [find([], 'one of basic, bearer, headers, url')] : []),
      ...(isAuthorized.filter(Boolean).length > 1
        ? [find([], 'one of basic, bearer and an authorization header')]
        : []),
      ...(new Set(names).size < names.length ? [find(['headers'], 'each header once')] : []),
      ...given.flatMap(({ at, source }) => {
        const isOne = (source?.file === undefined) !== (source?.env === undefined)
        return isOne ? [] : [find(at, 'either file or env')]
      }),
      ...names
        .filter(isReservedHeader)
        .map((name) => find(['headers', name], 'a header that the probe does not set itself')),
    ]
  })
}

/** @param base what paths are relative to */
export function completeSecret(base: string, secret: SecretFile): BoundSecret {
  const toSource = (source: SecretFile['url']): SecretSource | undefined => {
    if (source?.file !== undefined) return { file: resolve(base, source.file) }
    return source?.env === undefined ? undefined : { env: source.env }
  }
  const headers: Record<string, SecretSource> = {}
  for (const [name, given] of Object.entries(secret.headers ?? {})) {
    const source = toSource(given)
    if (source !== undefined) headers[name.toLowerCase()] = source
  }
  return {
    target: secret.target,
    origin: secret.origin,
    basic: toSource(secret.basic),
    bearer: toSource(secret.bearer),
    headers,
    url: toSource(secret.url),
  }
}
