import {
  type EpochContext,
  fail,
  limits,
  makeGenesisContext,
  type Manifest,
  type ProvenEquivocation,
  type Result,
  succeed,
  verifyEvidenceFile,
  verifySignature,
} from '@watchfire/attestation'
import type { FeedFaultCode } from './codes.ts'
import { fromBase64, getField } from './feed-events.ts'
import type { FetchOptions } from './fetch-latest.ts'
import { getBytes, trimUrl } from './http.ts'

/** Evidence that was verified here. */
export interface FetchedEvidence extends ProvenEquivocation {
  readonly url: string
  /** The evidence file: keep it, and anyone can check it again. */
  readonly bytes: Uint8Array
}

/** How evidence is asked for. */
export type FetchEvidenceOptions = Pick<FetchOptions, 'signal' | 'fetch' | 'verify'>

/**
 * Asks servers in turn for what they know of members that signed two things for one place, and
 * verifies each piece (SPEC 9.6). The first server that answers with nothing but proof is believed
 * in what it gives; that it gives all it knows cannot be checked. Who is excluded is agreed: see
 * `excluded` of a verified state.
 *
 * @param urls one or more servers
 * @param trusted the manifest, or the context `makeGenesisContext` made of it
 * @returns at most one piece a member; else why the last server asked gave none
 */
export async function fetchEvidence(
  urls: string | readonly string[],
  trusted: Manifest | EpochContext,
  options: FetchEvidenceOptions = {},
): Promise<Result<readonly FetchedEvidence[], FeedFaultCode>> {
  const genesis = 'networkId' in trusted ? trusted : makeGenesisContext(trusted)
  let failure: Result<readonly FetchedEvidence[], FeedFaultCode> = fail(
    'unreachable',
    'no server was named',
  )
  for (const url of [urls].flat().map(trimUrl)) {
    const found = await askServer(url, genesis, options)
    if (found.ok) return found
    failure = found
  }
  return failure
}

async function askServer(
  url: string,
  genesis: EpochContext,
  options: FetchEvidenceOptions,
): Promise<Result<readonly FetchedEvidence[], FeedFaultCode>> {
  const { signal, verify = verifySignature } = options
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
  const found = new Map<string, FetchedEvidence>()
  let cursor: string | undefined
  let pieces = 0
  do {
    const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const address = `${url}/v1/evidence?limit=200${query}`
    const answer = await getBytes(fetch, address, 'application/json', signal)
    if (!answer.ok) return answer
    const page = readPage(answer.bytes)
    if (page === undefined) return fail('bad-answer', 'the answer is no list of evidence')
    pieces += page.files.length
    if (pieces > limits.membersMax)
      return fail('too-large', `more evidence than the ${limits.membersMax} members there may be`)
    for (const bytes of page.files) {
      const verified = verifyEvidenceFile(bytes, genesis, verify)
      if (!verified.ok) return verified
      found.set(verified.value.offender, { ...verified.value, url, bytes })
    }
    cursor = page.files.length === 0 ? undefined : page.next
  } while (cursor !== undefined)
  return succeed([...found.values()])
}

function readPage(
  bytes: Uint8Array,
): { readonly files: readonly Uint8Array[]; readonly next: string | undefined } | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // Not JSON: no list.
    return undefined
  }
  const items = getField(value, 'evidence')
  if (!Array.isArray(items)) return undefined
  const files: Uint8Array[] = []
  for (const item of items as unknown[]) {
    const file = getField(item, 'file')
    const read = typeof file === 'string' ? fromBase64(file) : undefined
    if (read === undefined) return undefined
    files.push(read)
  }
  const next = getField(value, 'next')
  return { files, next: typeof next === 'string' ? next : undefined }
}
