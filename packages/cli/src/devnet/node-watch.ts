import type { EpochContext } from '@watchfire/attestation'
import { verifySignature } from '@watchfire/attestation'
import { follow, readCertificateFile, type VerifiedState } from '@watchfire/light-client'
import { getMessage } from '../command-fault.ts'
import { makeApi } from '../api.ts'
import { makeRoundMerge } from './round-merge.ts'
import type { StallReport } from './stall-watch.ts'

/** A node whose feed is read. */
export interface WatchedNode {
  readonly id: string
  /** `http://127.0.0.1:<port>` */
  readonly api: string
}

export interface NodeWatchOptions {
  readonly nodes: readonly WatchedNode[]
  readonly context: EpochContext
  /** The newest certificate of an earlier run; rounds up to it are not shown again. */
  readonly checkpoint: VerifiedState | undefined
  /** Whether no node can have certified anything before this run. */
  readonly isNew: boolean
  readonly signal: AbortSignal
  /** Says what a node did wrong. */
  readonly say: (text: string) => void
}

export interface NodeWatch {
  /** Certified rounds, ascending, none left out, each from the first node that has it. */
  readonly rounds: AsyncIterable<VerifiedState>
  /** Which nodes answer now. */
  readonly ask: () => Promise<StallReport>
}

/** A node that was away is asked again at most this much times 16 later. */
const RETRY_MS = 100
const ASK_TIMEOUT_MS = 1000

/**
 * Follows all nodes at once. Every byte is verified against the manifest, as anyone's light client
 * would.
 */
export function watchNodes(options: NodeWatchOptions): NodeWatch {
  const { nodes, context, checkpoint, isNew, signal, say } = options
  const merge = makeRoundMerge<VerifiedState>(checkpoint?.height ?? (isNew ? 0 : undefined))
  const ready: VerifiedState[] = []
  let wake: (() => void) | undefined
  let failure: Error | undefined

  const offer = (state: VerifiedState) => {
    ready.push(...merge.offer(state))
    wake?.()
  }
  const followNode = async ({ id, api }: WatchedNode) => {
    for await (const event of follow(api, context, { signal, checkpoint, retryMs: RETRY_MS })) {
      if (event.type === 'state') {
        offer(event)
        await fillIn(api)
      } else if (event.type === 'conflict') {
        const { held, other } = event
        throw new Error(
          `${id}: two valid certificates of height ${held.height} and ${other.height} conflict`,
        )
      } else if (event.type === 'fault' && !isAway.has(event.code)) {
        say(`${id}: ${event.code}: ${event.detail}`)
      }
    }
  }
  /** Gets what the node has and its stream began after. */
  const fillIn = async (api: string) => {
    while (!signal.aborted) {
      const height = merge.missing
      if (height === undefined) return
      try {
        const bytes = await makeApi(api).getBytes(`/v1/certificates/${height}`)
        const read = readCertificateFile(bytes, context, verifySignature)
        if (!read.ok || read.value.height !== height) return
        offer(read.value)
      } catch {
        // It went away, or keeps that one no more: another node is asked when its next one comes.
        return
      }
    }
  }
  for (const node of nodes) {
    followNode(node).catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(getMessage(error))
      wake?.()
    })
  }
  signal.addEventListener('abort', () => wake?.())

  async function* listRounds(): AsyncGenerator<VerifiedState, void> {
    for (;;) {
      if (failure !== undefined) throw failure
      const next = ready.shift()
      if (next !== undefined) yield next
      else if (signal.aborted) return
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  return { rounds: listRounds(), ask: () => askNodes(nodes) }
}

/** Faults of a node that is not there, which whoever runs the devnet has done or is told otherwise. */
const isAway: ReadonlySet<string> = new Set(['unreachable', 'silent', 'refused', 'went-back'])

async function askNodes(nodes: readonly WatchedNode[]): Promise<StallReport> {
  const answers = await Promise.all(
    nodes.map(async ({ id, api }) => {
      try {
        const signal = AbortSignal.timeout(ASK_TIMEOUT_MS)
        const response = await fetch(`${api}/livez`, { signal })
        await response.body?.cancel()
        return { id, isThere: response.ok }
      } catch {
        // Killed, stopped, or not up yet: what counts is that it does not answer.
        return { id, isThere: false }
      }
    }),
  )
  const list = (isThere: boolean) =>
    answers.filter((answer) => answer.isThere === isThere).map(({ id }) => id)
  return { answering: list(true), silent: list(false) }
}
