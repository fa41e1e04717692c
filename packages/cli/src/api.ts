import { type Manifest, parseManifest, getNetworkId, toHex } from '@watchfire/attestation'
import { CommandFault, exitCodes, getMessage } from './command-fault.ts'
import { readManifestFile } from './manifest-file.ts'
import { cleanText } from './text/table.ts'
import type { Terminal } from './text/terminal.ts'

const TIMEOUT_MS = 10_000
/** Bound on any answer: that of a certificate file, the largest thing a node serves. */
const ANSWER_BYTES_MAX = 128 * 2 ** 20

/** A node's HTTP API. */
export interface Api {
  /** `http://127.0.0.1:7802`, without a slash at its end. */
  readonly url: string
  /** GET of JSON. @throws CommandFault (1) when the node does not answer, or refuses */
  getJson(path: string): Promise<unknown>
  /** GET of a certificate file. @throws as {@link Api.getJson} */
  getBytes(path: string): Promise<Uint8Array>
}

/**
 * @param url - as `--api` or WATCHFIRE_API give it
 * @throws CommandFault (2) when it is not an http or https URL
 */
export function makeApi(url: string): Api {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CommandFault(exitCodes.usage, `--api: expected an http or https URL, got ${url}`)
  }
  const base = url.replace(/\/+$/, '')
  const ask = async (path: string, accept: string) => {
    const where = `${base}${path}`
    let response: Response
    let body: Uint8Array
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      response = await fetch(where, { headers: { accept }, signal })
      body = await readBounded(response)
    } catch (error) {
      throw new CommandFault(exitCodes.failure, `${where}: no answer: ${getMessage(error)}`)
    }
    if (!response.ok)
      throw new CommandFault(exitCodes.failure, describeRefusal(where, response, body))
    return body
  }
  return {
    url: base,
    getJson: async (path) => {
      const body = await ask(path, 'application/json')
      try {
        return JSON.parse(new TextDecoder().decode(body)) as unknown
      } catch {
        throw new CommandFault(exitCodes.failure, `${base}${path}: the answer is not JSON`)
      }
    },
    getBytes: (path) => ask(path, 'application/octet-stream'),
  }
}

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array
    length += bytes.length
    if (length > ANSWER_BYTES_MAX) throw new Error(`the answer is over ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** A refusal in one line: RFC 9457's title and detail where there are any. */
function describeRefusal(where: string, response: Response, body: Uint8Array): string {
  let words = ''
  try {
    const problem = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
    const parts = [problem['code'], problem['detail'] ?? problem['title']]
    words = parts.filter((part) => typeof part === 'string').join(': ')
  } catch {
    // Not a problem document; the status says what there is to say.
  }
  return cleanText(`${where}: ${response.status}${words === '' ? '' : ` ${words}`}`)
}

/** The manifest that answers are checked against, and whose word that is. */
export interface TrustRoot {
  readonly manifest: Manifest
  /** False where the node itself gave it, so that it proves nothing about the node. */
  readonly isOwn: boolean
}

/**
 * The trust root of a command that asks a node: the caller's manifest, or else the node's, which is
 * said on stderr.
 */
export async function getTrustRoot(
  api: Api,
  manifestPath: string | undefined,
  terminal: Terminal,
): Promise<TrustRoot> {
  if (manifestPath !== undefined) {
    return { manifest: readManifestFile(manifestPath).manifest, isOwn: true }
  }
  const answer = (await api.getJson('/v1/network')) as { readonly manifest?: unknown }
  const parsed = parseManifest(answer.manifest)
  if (!parsed.ok) {
    throw new CommandFault(exitCodes.failure, `${api.url}/v1/network: the manifest is malformed`)
  }
  const id = toHex(getNetworkId(parsed.manifest))
  terminal.err(
    `manifest taken from the node itself (network ${id}); --manifest checks it against yours`,
  )
  return { manifest: parsed.manifest, isOwn: false }
}
