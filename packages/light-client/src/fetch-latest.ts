import {
  type EpochContext,
  type Failure,
  makeGenesisContext,
  type Manifest,
  type Result,
  type Verify,
  verifySignature,
} from '@watchfire/attestation'
import { type Clock, systemClock } from './clock.ts'
import type { FeedFaultCode } from './codes.ts'
import { checkHandoverAge, handoverAgeMsMaxDefault } from './handover-age.ts'
import { makeHeldChain } from './held-chain.ts'
import { type Fetch, getBytes, trimUrl } from './http.ts'
import { readCertificateFile, type VerifiedState } from './verified-state.ts'

/** How one question is put to servers. */
export interface FetchOptions {
  readonly signal?: AbortSignal | undefined
  /** A state verified earlier: nothing below it is accepted. */
  readonly checkpoint?: VerifiedState | undefined
  readonly clock?: Clock | undefined
  /** How old what is trusted may be to follow hand-overs from it; default 180 days (SPEC 9.5). */
  readonly handoverAgeMsMax?: number | undefined
  readonly fetch?: Fetch | undefined
  readonly verify?: Verify | undefined
}

/** A verified state, and whether it is past its time by the reader's clock. */
export interface FetchedState extends VerifiedState {
  readonly url: string
  readonly stale: boolean
}

/**
 * Asks servers in turn for the newest certificate, until one gives a fresh one (SPEC 9.5). If none
 * is fresh, the newest of the stale ones is the answer, marked as such.
 *
 * @param urls one or more servers
 * @param trusted the manifest, or the context `makeGenesisContext` made of it
 * @returns the state; else why the last server asked gave none, or that two contradict each other
 */
export async function fetchLatest(
  urls: string | readonly string[],
  trusted: Manifest | EpochContext,
  options: FetchOptions = {},
): Promise<Result<FetchedState, FeedFaultCode>> {
  const { signal, checkpoint, clock = systemClock, verify = verifySignature } = options
  const fetch = options.fetch ?? globalThis.fetch.bind(globalThis)
  const genesis = 'networkId' in trusted ? trusted : makeGenesisContext(trusted)
  const chain = makeHeldChain()
  if (checkpoint !== undefined) chain.take(checkpoint)

  let best: FetchedState | undefined
  let failure: Failure<FeedFaultCode> | undefined
  for (const url of [urls].flat().map(trimUrl)) {
    const address = `${url}/v1/certificates/latest`
    const answer = await getBytes(fetch, address, 'application/octet-stream', signal)
    const read = answer.ok ? readCertificateFile(answer.bytes, genesis, verify) : answer
    if (!read.ok) {
      failure = read
      continue
    }
    const state = read.value
    const { handoverAgeMsMax = handoverAgeMsMaxDefault } = options
    const held = chain.latest
    const old = checkHandoverAge(state, held, genesis, clock.nowMs(), handoverAgeMsMax)
    if (old !== undefined) {
      failure = old
      continue
    }
    const standing = chain.take(state)
    if (standing.kind === 'conflict') {
      const detail = `heights ${standing.held.height} and ${state.height}`
      return { ok: false, code: 'conflicting-certificates', detail }
    }
    const isHeld = standing.kind === 'same' && best === undefined
    if (standing.kind === 'back' && best === undefined)
      failure = { ok: false, code: 'went-back', detail: `height ${state.height}` }
    if (standing.kind !== 'next' && !isHeld) continue
    best = { ...state, url, stale: clock.nowMs() > state.validUntilMs }
    if (!best.stale) break
  }
  if (best !== undefined) return { ok: true, value: best }
  return failure ?? { ok: false, code: 'unreachable', detail: 'no server was named' }
}
