/**
 * Everything impure: composition root, libp2p, clock, store, effect loop, HTTP feed.
 *
 * @packageDocumentation
 */
export { type StartOptions, startNode } from './compose.ts'
export {
  type ConfigFault,
  type ConfigFaultCode,
  type Finding,
  formatFinding,
} from './config/config-fault.ts'
export { type KindApi, type KindFault, type KindFaultCode, loadKinds } from './config/load-kinds.ts'
export { type LoadedManifest, loadManifest } from './config/load-manifest.ts'
export { type LoadedNodeConfig, loadNodeConfig } from './config/load-node-config.ts'
export {
  type NodeConfig,
  type NodeConfigFile,
  nodeConfigDefaults,
  nodeConfigSchema,
} from './config/node-config.ts'
export { readSecrets, type SecretFault, type SecretFaultCode } from './config/read-secrets.ts'
export type { BoundSecret, SecretSource } from './config/secret-config.ts'
export { parseYaml, type ReadYamlFile, readYamlFile, type YamlFile } from './config/yaml-file.ts'
export type * from './feed-source.ts'
export { createKeyFile, type KeyFaultCode, readKeyFile, type SigningKey } from './keys/key-file.ts'
export {
  createMonitorKey,
  type DataPaths,
  getDataPaths,
  readMonitorKey,
  readOrCreatePeerKey,
} from './keys/node-keys.ts'
export { getPeerId } from './keys/peer-id.ts'
export type { Log, PeerInfo } from './ports.ts'
export type * from './running-node.ts'
