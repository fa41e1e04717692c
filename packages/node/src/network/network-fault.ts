/** Why the network layer could not start. */
export type NetworkFaultCode = 'port-in-use' | 'bad-address' | 'cannot-listen'

/** What {@link openNetwork} throws; its message is one line for the operator. */
export class NetworkFault extends Error {
  readonly code: NetworkFaultCode
  /** The configured address at fault, of `bad-address`. */
  readonly address: string | undefined
  constructor(code: NetworkFaultCode, detail: string, cause?: unknown, address?: string) {
    super(detail, { cause })
    this.name = 'NetworkFault'
    this.code = code
    this.address = address
  }
}
