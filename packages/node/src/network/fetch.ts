import {
  areEqual,
  blockType,
  certificateType,
  decode,
  type Digest,
  encode,
  getAttestationDigest,
  getBodyHash,
  getHeaderDigest,
  type Hex,
  limits,
  signedAttestationType,
  toHex,
  viewCertificateType,
} from '@watchfire/attestation'
import type { Fetched, HighestAnswer, Network } from '../ports.ts'
import type { Asker } from './ask.ts'
import {
  attestationsPerRequestMax,
  attestationsRequestType,
  blocksPerRequestMax,
  blocksRequestType,
  certificatesPerRequestMax,
  certificatesRequestType,
  decodeHighest,
  highestRequestType,
  type StateChunk,
  stateChunkType,
  stateRequestType,
  viewsPerRequestMax,
  viewsRequestType,
} from './protocols.ts'

/** The part of {@link Network} that asks peers. */
export type Fetcher = Pick<
  Network,
  | 'fetchAttestations'
  | 'fetchBlocks'
  | 'fetchViews'
  | 'fetchCertificates'
  | 'fetchState'
  | 'fetchHighest'
>

/** Most bytes of a state we put together: what a certificate file may hold (SPEC 3). */
const STATE_BYTES_MAX = limits.certificateFileBytesMax

/**
 * Asks peers for what is missing (SPEC 10, 11). What comes is checked as far as the question goes: it
 * decodes, and is what was asked for. Signatures and roots are for the caller, who reports a liar.
 */
export function makeFetcher(networkId: Digest, asker: Asker): Fetcher {
  /** Asks peers for things with a digest, each until it is there. */
  const fetchByDigest = async (
    name: 'attestations' | 'blocks',
    digests: readonly Digest[],
    hint: string | undefined,
    signal: AbortSignal,
  ): Promise<Fetched[]> => {
    const found: Fetched[] = []
    const [type, perRequestMax, getDigestOf] = byDigest[name](networkId)
    for (let start = 0; start < digests.length && !signal.aborted; start += perRequestMax) {
      const wanted = new Map<Hex, Digest>()
      for (const digest of digests.slice(start, start + perRequestMax))
        wanted.set(toHex(digest), digest)
      // What another peer was quicker with is no fault of this one.
      const asked = new Set(wanted.keys())
      await asker.askUntil(
        asker.rank(hint),
        () => wanted.size === 0,
        (peer, until) => ({
          name,
          peer,
          request: encode(type, [...wanted.values()]),
          take: (bytes) => {
            const digest = getDigestOf(bytes)
            if (digest === undefined || !asked.has(digest)) return false
            if (wanted.delete(digest)) found.push({ bytes, from: peer })
            return true
          },
          signal: until,
        }),
        signal,
      )
    }
    return found
  }

  return {
    fetchAttestations: (digests, hint, signal) =>
      fetchByDigest('attestations', digests, hint, signal),
    fetchBlocks: (digests, hint, signal) => fetchByDigest('blocks', digests, hint, signal),

    async fetchViews(epoch, from, to, signal) {
      const found: Fetched[] = []
      const last = Math.min(to, from + viewsPerRequestMax - 1)
      const missing = new Set<number>()
      for (let view: number = from; view <= last; view++) missing.add(view)
      const seen = new Set<string>()
      await asker.askUntil(
        asker.rank(),
        () => missing.size === 0,
        (peer, until) => ({
          name: 'views',
          peer,
          request: encode(viewsRequestType, { epoch, from, to: last }),
          take: (bytes) => {
            const decoded = decode(viewCertificateType, bytes)
            if (!decoded.ok) return false
            const { view, kind, epoch: itsEpoch } = decoded.value
            if (itsEpoch !== epoch || view < from || view > last) return false
            missing.delete(view)
            // Another peer's for the same view may hold other signatures; one suffices, and a false
            // one from a liar must not stand in the way of the true one: hence by peer.
            const key = `${peer} ${view} ${kind}`
            if (!seen.has(key)) found.push({ bytes, from: peer })
            seen.add(key)
            return true
          },
          signal: until,
        }),
        signal,
      )
      return found
    },

    async fetchCertificates(from, count, signal) {
      const wanted = Math.min(count, certificatesPerRequestMax)
      for (const peer of asker.rank()) {
        if (signal.aborted) break
        const found: Fetched[] = []
        await asker.ask({
          name: 'certificates',
          peer,
          request: encode(certificatesRequestType, { fromHeight: from, count: wanted }),
          take: (bytes) => {
            const decoded = decode(certificateType, bytes)
            if (!decoded.ok || found.length >= wanted) return false
            if (decoded.value.header.height !== from + found.length) return false
            found.push({ bytes, from: peer })
            return true
          },
          signal,
        })
        // Also what came before a stream broke: the next call goes on from there.
        if (found.length > 0) return found
      }
      return []
    },

    async fetchState(root, signal) {
      let partial = emptyState()
      for (const peer of asker.rank()) {
        let isGoing = true
        while (isGoing && !signal.aborted && partial.held !== partial.total) {
          const asked = partial
          let next: PartialState | undefined
          await asker.ask({
            name: 'state',
            peer,
            request: encode(stateRequestType, { root, index: asked.chunks.length }),
            take: (bytes) => {
              const decoded = decode(stateChunkType, bytes)
              if (!decoded.ok || !isChunkSane(decoded.value, asked.chunks.length)) return false
              next = addChunk(asked, decoded.value, peer)
              return true
            },
            signal,
          })
          isGoing = next !== undefined
          if (next !== undefined) partial = next
        }
        if (partial.held === partial.total) {
          // When several gave, a wrong root cannot be laid at one door.
          return {
            bytes: joinChunks(partial.chunks, partial.total),
            from: partial.givers.size === 1 ? peer : '',
          }
        }
      }
      return undefined
    },

    async fetchHighest(epoch, signal) {
      const answers: HighestAnswer[] = []
      await Promise.all(
        asker.rank().map((peer) =>
          asker.ask({
            name: 'highest',
            peer,
            request: encode(highestRequestType, { epoch }),
            take: (bytes) => {
              const answer = decodeHighest(bytes)
              if (answer !== undefined) answers.push({ ...answer, from: peer })
              return answer !== undefined
            },
            signal,
          }),
        ),
      )
      return answers
    },
  }
}

/** A state of which some chunks came. */
interface PartialState {
  readonly chunks: readonly Uint8Array[]
  readonly total: number
  readonly held: number
  readonly givers: ReadonlySet<string>
}

function emptyState(): PartialState {
  return { chunks: [], total: Number.POSITIVE_INFINITY, held: 0, givers: new Set() }
}

/** Whether a chunk has the size that its place and the total leave it. */
function isChunkSane({ total, bytes }: StateChunk, index: number): boolean {
  const left = total - index * limits.stateChunkBytes
  return (
    total > 0 &&
    total <= STATE_BYTES_MAX &&
    bytes.length === Math.max(0, Math.min(limits.stateChunkBytes, left))
  )
}

/**
 * The state with one more chunk. Peers that name another total than those before cannot both be
 * right: what was there goes, so that a liar who was first does not spoil what the next one gives.
 */
function addChunk(state: PartialState, { total, bytes }: StateChunk, peer: string): PartialState {
  if (state.chunks.length > 0 && state.total !== total) return emptyState()
  return {
    chunks: [...state.chunks, bytes],
    total,
    held: state.held + bytes.length,
    givers: new Set([...state.givers, peer]),
  }
}

function joinChunks(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const bytes = new Uint8Array(total)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** For things asked by digest: the request's type, how many it may name, and how to tell what came. */
const byDigest = {
  attestations: (networkId: Digest) =>
    [
      attestationsRequestType,
      attestationsPerRequestMax,
      (bytes: Uint8Array) => {
        const decoded = decode(signedAttestationType, bytes)
        return decoded.ok
          ? toHex(getAttestationDigest(networkId, decoded.value.message))
          : undefined
      },
    ] as const,
  blocks: (networkId: Digest) =>
    [
      blocksRequestType,
      blocksPerRequestMax,
      (bytes: Uint8Array) => {
        const decoded = decode(blockType, bytes)
        if (!decoded.ok) return undefined
        const { header, body } = decoded.value
        // The digest is of the header alone: a liar could hang any body below it.
        if (!areEqual(getBodyHash(body), header.body)) return undefined
        return toHex(getHeaderDigest(networkId, header))
      },
    ] as const,
}
