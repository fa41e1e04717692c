import type { Sky } from './sky.ts'

/** What a network does to what one node sends. */
export interface Sending {
  readonly delayMs: number
  /** Added to the delay, drawn evenly from 0. */
  readonly jitterMs: number
  /**
   * Packets lost per mille. Below TCP they are lost; over TCP, whose stream bears no loss, each is a
   * stall as long as a retransmission takes, and now and then a reset.
   */
  readonly lossPerMille: number
}

/** Where a node stands in the network of a run. */
export interface Place {
  /** What is put before a command line so that it runs there. */
  readonly prefix: readonly string[]
  readonly listen: string
  readonly http: { readonly host: string; readonly port: number }
}

/** The network of a run, with its faults. */
export interface Lab {
  /** Said with the results, since it decides what they are worth. */
  readonly about: {
    readonly isolation: 'namespaces' | 'loopback'
    readonly delays: 'netem' | 'relay'
    readonly blocks: 'routes' | 'relay'
  }
  readonly places: readonly Place[]
  /** Where targets serve, for every node. */
  readonly targetsHost: string
  /** The block of addresses that probes ask. */
  readonly targetsBlock: string
  /** The multiaddr, without peer id, at which one node dials another. */
  getAddress(from: number, to: number): string
  /** Makes the network what it is to be; the links that stay as they are are not touched. */
  set(sky: Sky): void
  /** Resets every connection between two nodes. */
  cut(a: number, b: number): void
  close(): Promise<void>
}
