/** What an operator binds to a target on this monitor, for one of the target's own origins. */
export interface SecretBinding {
  /** Where it may be sent: `https://node.example:8332`. */
  readonly origin: string
  /** Request headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** What is asked in place of the target's own URL, for a key in its path or query. */
  readonly url?: string
}

/** What a request asks for, and says of itself. */
export interface Sent {
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The secrets bound to one target. Kinds never hold one: they are put into a request where it leaves,
 * if it goes to the origin they are for, and are taken out of every detail again.
 */
export interface Credentials {
  /** The request as it goes to this URL's origin; unchanged where nothing is bound to that. */
  apply(url: URL, sent: Sent): Sent
  /** A text without any secret in it, whatever the target repeated. */
  redact(text: string): string
}

/** Secrets that fit a target, or why they do not. */
export type BoundCredentials =
  | { readonly ok: true; readonly credentials: Credentials }
  | { readonly ok: false; readonly expected: string; readonly got: string }

/** A shorter text stands in too much that is no secret. */
const SECRET_CHARS_MIN = 4
const REPLACEMENT = '[secret]'

/**
 * Binds secrets to a target. Each must be for the origin of a URL among its parameters: a manifest
 * that later names another server gets nothing of what was meant for this one.
 *
 * @param params - the target's, as the manifest has them
 */
export function bindSecrets(params: object, bindings: readonly SecretBinding[]): BoundCredentials {
  const urls = listUrls(params)
  const placed: PlacedBinding[] = []
  for (const binding of bindings) {
    const base = urls.find(({ origin }) => origin === binding.origin)
    const expected = [...new Set(urls.map(({ origin }) => origin))].join(' or ')
    if (base === undefined) {
      return { ok: false, expected: expected || 'a target with a URL', got: binding.origin }
    }
    placed.push({ ...binding, base, own: binding.url === undefined ? base : new URL(binding.url) })
  }
  return { ok: true, credentials: makeCredentials(placed) }
}

interface PlacedBinding extends SecretBinding {
  /** The target's own URL. */
  readonly base: URL
  /** What is asked in its place. */
  readonly own: URL
}

function makeCredentials(bindings: readonly PlacedBinding[]): Credentials {
  const spellings = [...new Set(bindings.flatMap(listSecrets).flatMap(spell))]
    .filter((text) => text.length >= SECRET_CHARS_MIN)
    .toSorted((a, b) => b.length - a.length)

  return {
    apply(url, sent) {
      const binding = bindings.find(({ origin }) => origin === url.origin)
      if (binding === undefined) return sent
      const kept = Object.entries(sent.headers).filter(
        ([name]) => binding.headers[name.toLowerCase()] === undefined,
      )
      return {
        path: placePath(sent.path, binding),
        headers: { ...Object.fromEntries(kept), ...binding.headers },
      }
    },
    redact(text) {
      let clean = text
      for (const spelling of spellings) clean = clean.replaceAll(spelling, REPLACEMENT)
      // A detail may have been cut short in the middle of one.
      for (const spelling of spellings) {
        for (let length = spelling.length - 1; length >= SECRET_CHARS_MIN; length--) {
          const end = `${spelling.slice(0, length)}…`
          if (clean.endsWith(end)) clean = `${clean.slice(0, -end.length)}${REPLACEMENT}…`
        }
      }
      return clean
    },
  }
}

/** The path below the target's own URL, below the one that is asked in its place. */
function placePath(path: string, { base, own }: PlacedBinding): string {
  if (own === base) return path
  const at = path.indexOf('?')
  const pathname = at < 0 ? path : path.slice(0, at)
  const query = at < 0 ? [] : path.slice(at + 1).split('&')
  const prefix = trimSlash(base.pathname)
  const ownPrefix = trimSlash(own.pathname)
  // A redirect of the server's, which knows where it was asked: the key is there already.
  if (ownPrefix !== prefix && isBelow(pathname, ownPrefix)) return path
  // Elsewhere on the same server, after a redirect.
  if (pathname !== base.pathname && !isBelow(pathname, prefix)) return path
  const placed =
    pathname === base.pathname ? own.pathname : `${ownPrefix}${pathname.slice(prefix.length)}`
  const replaced = new Set(listQuery(base))
  const parts = [...query.filter((part) => !replaced.has(part)), ...listQuery(own)]
  return parts.length === 0 ? placed : `${placed}?${parts.join('&')}`
}

function trimSlash(path: string): string {
  return path.replace(/\/$/, '')
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`)
}

function listQuery(url: URL): string[] {
  return url.search.slice(1).split('&').filter(Boolean)
}

/** Every URL of the web among parameters, however deep. */
function listUrls(value: unknown): URL[] {
  if (typeof value === 'string') {
    return /^(https?|wss?):\/\//i.test(value) && URL.canParse(value) ? [new URL(value)] : []
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(listUrls)
}

/** What of a binding nobody may read. */
function listSecrets({ headers, base, own }: PlacedBinding): string[] {
  const values = Object.values(headers)
  const tokens = values.flatMap((value) => value.split(' ').slice(1))
  const pairs = tokens.flatMap((token) => {
    const pair = Buffer.from(token, 'base64').toString('latin1')
    const at = pair.indexOf(':')
    return at < 0 ? [] : [pair, pair.slice(at + 1)]
  })
  const known = new Set([...base.pathname.split('/'), ...listQuery(base)])
  const parts = own === base ? [] : [...own.pathname.split('/'), ...listQuery(own)]
  const added = parts.filter((part) => !known.has(part))
  const named = added.flatMap((part) => part.split('=').slice(1))
  return [...values, ...tokens, ...pairs, ...added, ...named]
}

/** The ways in which a text comes back. */
function spell(text: string): string[] {
  let plain = text
  try {
    plain = decodeURIComponent(text)
  } catch {
    // It is no coding, then.
  }
  return [text, plain].flatMap((each) => [
    each,
    encodeURIComponent(each),
    JSON.stringify(each).slice(1, -1),
    Buffer.from(each).toString('base64'),
    Buffer.from(each).toString('hex'),
  ])
}
