import type { Simd } from './simd.ts'
import type { ServerProcess } from './server-process.ts'

/** One chain's end of the path that a relayer has made. */
export interface PathEnd {
  readonly chain: Simd
  readonly clientId: string
  readonly channel: string
}

/** A relayer between two chains, over a client, a connection and a channel of `transfer` each. */
export interface RelayerProgram {
  readonly metricsUrl: string
  readonly ends: readonly [PathEnd, PathEnd]
  readonly process: ServerProcess
}

export interface PathOptions {
  readonly chains: readonly [Simd, Simd]
  /** Of both clients. */
  readonly trustingSeconds: number
}

/** The key's name on both chains. */
export const RELAYER_KEY = 'relayer'

/** The ends of the first path between two chains. */
export function listFirstEnds([one, other]: PathOptions['chains']): readonly [PathEnd, PathEnd] {
  const first = (chain: Simd) => ({ chain, clientId: '07-tendermint-0', channel: 'channel-0' })
  return [first(one), first(other)]
}
