/**
 * Everything impure: composition root, libp2p, clock, store, effect loop, HTTP feed.
 *
 * @packageDocumentation
 */
export {}
