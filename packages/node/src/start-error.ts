import type { Failure } from '@watchfire/attestation'
import { findAddressPath, findConfigField } from './config/config-field.ts'
import { formatFinding } from './config/config-fault.ts'
import type { NodeConfig } from './config/node-config.ts'
import { StorageFault } from './ports.ts'
import type { StartFault, StartFaultCode } from './running-node.ts'

/** Why a start went no further; thrown only below `startNode`. */
export class StartError extends Error {
  readonly fault: StartFault
  constructor(fault: StartFault) {
    super(fault.detail)
    this.fault = fault
  }
}

/** The value, or a {@link StartError} with the fault. */
export function check<T>(
  result: { readonly ok: true; readonly value: T } | Failure<StartFaultCode>,
): T {
  if (result.ok) return result.value
  throw new StartError({ ...result, findings: [] })
}

/** A fault of what the operator wrote, with its place in the configuration. */
export function makeFieldFault(
  code: StartFaultCode,
  config: NodeConfig,
  path: readonly (string | number)[],
  message: string,
): StartFault {
  const finding = findConfigField(config, path, message)
  return { ok: false, code, detail: formatFinding(finding), findings: [finding] }
}

/** @throws what is no fault of a start, but a bug */
export function toStartFault(error: unknown, config: NodeConfig): StartFault {
  if (error instanceof StartError) return error.fault
  if (error instanceof StorageFault)
    return { ok: false, code: error.code, detail: error.message, findings: [] }
  // NetworkFault is not imported for this: that would load libp2p before it is wanted.
  if (error instanceof Error && error.name === 'NetworkFault' && 'code' in error) {
    if (error.code === 'bad-address' && 'address' in error && typeof error.address === 'string')
      return makeFieldFault(
        'bad-address',
        config,
        findAddressPath(config, error.address),
        error.message,
      )
    const code = error.code as 'port-in-use' | 'bad-address' | 'cannot-listen'
    return { ok: false, code, detail: error.message, findings: [] }
  }
  throw error
}
