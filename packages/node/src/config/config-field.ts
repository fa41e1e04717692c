import { type Finding, formatPath } from './config-fault.ts'
import type { NodeConfig } from './node-config.ts'
import { readYamlFile } from './yaml-file.ts'

/**
 * A finding at a field of the configuration a node was started with, for what only a start can tell.
 * The line is that of the file as it is now; without one where that cannot be read any more.
 */
export function findConfigField(
  config: NodeConfig,
  path: readonly (string | number)[],
  message: string,
): Finding {
  const read = readYamlFile(config.file)
  if (read.ok) return read.value.find(path, message)
  const { file } = config
  return { file, line: undefined, column: undefined, field: formatPath(path), message }
}

/** The field of `p2p` that holds this address, or `p2p` itself. */
export function findAddressPath({ p2p }: NodeConfig, address: string): (string | number)[] {
  for (const name of ['listen', 'announce', 'bootstrap'] as const) {
    const index = p2p[name].indexOf(address)
    if (index >= 0) return ['p2p', name, index]
  }
  return ['p2p']
}
