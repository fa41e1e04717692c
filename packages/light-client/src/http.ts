import { limits } from '@watchfire/attestation'
import type { FeedFaultCode } from './codes.ts'

/** The part of `fetch` that is used; tests and other platforms put theirs in. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const problemBytesMax = 4096

/** The bytes of an answer, or what was wrong with it. */
export type Answer =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: FeedFaultCode; readonly detail: string }

/** Where the feed lies, however the address was written. */
export function trimUrl(url: string): string {
  return url.replace(/\/+$/, '')
}

/** Asks for bytes, and reads at most as many as a certificate file may have. Never throws. */
export async function getBytes(
  fetch: Fetch,
  url: string,
  accept: string,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  try {
    const response = await fetch(url, { headers: { accept }, ...(signal ? { signal } : {}) })
    if (!response.ok) return { ok: false, code: 'refused', detail: await readProblem(response) }
    const bytes = await readBody(response, limits.certificateFileBytesMax)
    return bytes === undefined
      ? { ok: false, code: 'too-large', detail: `over ${limits.certificateFileBytesMax} bytes` }
      : { ok: true, bytes }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    return { ok: false, code: 'unreachable', detail }
  }
}

/** What a problem document says, in one bounded line. */
export async function readProblem(response: Response): Promise<string> {
  const bytes = await readBody(response, problemBytesMax)
  const status = `HTTP ${response.status}`
  if (bytes === undefined) return status
  try {
    const { code, detail } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    return `${status} ${String(code)}: ${String(detail)}`.slice(0, 500)
  } catch {
    // Not a problem document: the status has to do.
    return status
  }
}

async function readBody(response: Response, bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (;;) {
    const chunk = await reader?.read()
    if (chunk?.value === undefined) break
    length += chunk.value.length
    if (length > bytesMax) {
      await reader?.cancel()
      return undefined
    }
    chunks.push(chunk.value)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
