import type { Socket } from 'node:net'
import type { ProbeContext, ProbeKind } from '../../src/kind.ts'

/** What the probes of a kind have done so far, seen from beside them. */
export interface Meter {
  readonly kind: ProbeKind
  /** Probes whose own work has not ended, whatever was said of them. */
  underWay(): number
  /** Bytes that all their connections read, together. */
  bytesRead(): number
}

/** The same kind, with its connections counted. */
export function makeMeter(kind: ProbeKind): Meter {
  const sockets = new Set<Socket>()
  let underWay = 0

  function watch(context: ProbeContext): ProbeContext {
    const { net } = context
    return {
      ...context,
      // Made when asked for, so no copy has it.
      signal: context.signal,
      net: {
        ...net,
        async connect(endpoint) {
          const connection = await net.connect(endpoint)
          if (connection.ok) sockets.add(connection.value)
          return connection
        },
        async secure(socket, options) {
          const secured = await net.secure(socket, options)
          if (secured.ok) sockets.add(secured.value)
          return secured
        },
      },
    }
  }

  return {
    kind: {
      ...kind,
      async probe(params, context) {
        underWay++
        try {
          return await kind.probe(params, watch(context))
        } finally {
          underWay--
        }
      },
    },
    underWay: () => underWay,
    bytesRead: () => [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0),
  }
}
