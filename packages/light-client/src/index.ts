/**
 * Follow and check a feed of health certificates; no `node:` import, no libp2p.
 *
 * @packageDocumentation
 */
export {}
