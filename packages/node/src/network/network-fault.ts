/** Why the network layer could not start. */
export type NetworkFaultCode = 'port-in-use' | 'bad-address' | 'cannot-listen'

/** What {@link openNetwork} throws; its message is one line for the operator. */
export class NetworkFault extends Error {
  readonly code: NetworkFaultCode
  constructor(code: NetworkFaultCode, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.name = 'NetworkFault'
    this.code = code
  }
}
