import { writeFileSync } from 'node:fs'
import { type Manifest, toHex } from '@watchfire/attestation'
import { stringify } from 'yaml'
import { formatManifest } from '../manifest-text.ts'
import { completeDraft } from '../network-draft.ts'
import { BLOCK_SECONDS, CHAIN_ID, getChainUrl } from './chain.ts'
import type { DevnetFile, Layout, MonitorFile } from './layout.ts'
import { FEED_ADDRESS, FEED_DECIMALS } from './price-feed-contract.ts'
import { HEARTBEAT_MS } from './price-updater.ts'
import { GREETING } from './services.ts'

/** Who runs the chain, and so the price feed on it. */
const PROVIDER = 'anvil'

/** A monitor of the devnet, with what the manifest says of it. */
export interface DevnetMember {
  readonly id: string
  readonly publicKey: Uint8Array
}

/**
 * The devnet's manifest: its monitors with equal weight, and the targets that it starts.
 *
 * @throws when it is not admitted, which would be a fault of this repository
 */
export async function makeDevnetManifest(
  file: DevnetFile,
  members: readonly DevnetMember[],
  originMs: number,
): Promise<Manifest> {
  const { ports } = file
  const chain = { url: getChainUrl(file), chainId: CHAIN_ID }
  const targets = [
    {
      id: 'chain',
      kind: 'evm-rpc',
      group: 'local',
      provider: PROVIDER,
      params: { ...chain, blockMs: BLOCK_SECONDS * 1000 },
    },
    {
      id: 'price-feed',
      kind: 'price-feed',
      provider: PROVIDER,
      params: {
        ...chain,
        address: FEED_ADDRESS,
        decimals: FEED_DECIMALS,
        unit: 'usd',
        heartbeatMs: HEARTBEAT_MS,
      },
    },
    { id: 'http', kind: 'http', params: { url: `http://127.0.0.1:${ports.http}/` } },
    { id: 'tls', kind: 'tls', params: { host: '127.0.0.1', port: ports.tls } },
    {
      id: 'tcp',
      kind: 'tcp',
      params: { host: '127.0.0.1', port: ports.tcp, dialogue: [{ expect: `^${GREETING}$` }] },
    },
  ]
  const draft = {
    name: 'devnet',
    committee: members.map(({ id, publicKey }) => ({
      id,
      publicKey: toHex(publicKey),
      weight: 1,
      operator: id,
    })),
    parameters: { roundMs: file.roundMs, targets },
  }
  const completed = await completeDraft(draft, { originMs })
  if (completed.ok) return completed.manifest
  const lines = completed.problems.map(({ path, expected }) => `${path.join('.')}: ${expected}`)
  throw new Error(`the devnet's own manifest is not admitted: ${lines.join('; ')}`)
}

/** Writes the manifest, once: a network never changes under its id. */
export function writeManifest(path: string, manifest: Manifest): void {
  writeFileSync(path, formatManifest(manifest), { flag: 'wx', mode: 0o644 })
}

/**
 * Writes a node's configuration: everything on loopback, loopback allowed to its probes, the
 * devnet's own authority trusted, all other monitors known.
 */
export function writeNodeConfig(layout: Layout, file: DevnetFile, own: MonitorFile): void {
  const getAddress = (port: number) => `/ip4/127.0.0.1/tcp/${port}`
  const bootstrap = file.monitors
    .filter(({ id }) => id !== own.id)
    .map(({ p2pPort, peerId }) => `${getAddress(p2pPort)}/p2p/${peerId}`)
  const { config, data } = layout.node(own.id)
  const content = {
    manifest: layout.manifest,
    dataDir: data,
    monitor: own.id,
    p2p: { listen: [getAddress(own.p2pPort)], bootstrap },
    http: { host: '127.0.0.1', port: own.httpPort },
    probe: { allow: ['127.0.0.0/8'], ca: [layout.caCertificate] },
    log: { level: 'info' },
  }
  writeFileSync(config, stringify(content), { mode: 0o600 })
}
