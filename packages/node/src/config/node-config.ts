import { type Static, Type } from 'typebox'
import { type BoundSecret, secretSchema } from './secret-config.ts'

const port = Type.Integer({ minimum: 0, maximum: 65_535 })
const path = Type.String({ minLength: 1, maxLength: 4096 })
const multiaddr = Type.String({ pattern: '^/', maxLength: 512, description: 'a multiaddr' })
const closed = { additionalProperties: false } as const

/**
 * The node's configuration file as it is written (YAML or JSON). Paths are relative to the file.
 * What is absent has the default of {@link nodeConfigDefaults}.
 */
export const nodeConfigSchema = Type.Object(
  {
    manifest: path,
    dataDir: path,
    /** Member id in the manifest; absent: an observer, which signs nothing. */
    monitor: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$', maxLength: 64 })),
    p2p: Type.Optional(
      Type.Object(
        {
          listen: Type.Optional(Type.Array(multiaddr, { maxItems: 16 })),
          /** Addresses told to others in place of those listened on. */
          announce: Type.Optional(Type.Array(multiaddr, { maxItems: 16 })),
          bootstrap: Type.Optional(Type.Array(multiaddr, { maxItems: 64 })),
          connectionsMax: Type.Optional(Type.Integer({ minimum: 4, maximum: 4096 })),
          connectionsPerHostMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 4096 })),
          inboundPerHostPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
        },
        closed,
      ),
    ),
    http: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
          port: Type.Optional(port),
          /** Host names answered besides the address, without port (against DNS rebinding). */
          allowedHosts: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 64 }),
          ),
          subscribersMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
          requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
        },
        closed,
      ),
    ),
    probe: Type.Optional(
      Type.Object(
        {
          /** Blocks of addresses that probes may ask although they lie inside an operator's network. */
          allow: Type.Optional(
            Type.Array(
              Type.String({ pattern: '^[0-9a-fA-F:.]+/[0-9]{1,3}$', description: 'a CIDR block' }),
              {
                maxItems: 64,
              },
            ),
          ),
          /** Files of certificates trusted besides the system's. */
          ca: Type.Optional(Type.Array(path, { maxItems: 16 })),
          concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 4096 })),
          /** npm packages of further kinds, found from where the file lies. */
          kinds: Type.Optional(
            Type.Array(
              Type.String({
                pattern: '^(\\.{0,2}/.+|(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*)$',
                maxLength: 4096,
                description: 'an npm package',
              }),
              { maxItems: 64 },
            ),
          ),
          /** What targets are asked with that no manifest may hold. */
          secrets: Type.Optional(Type.Array(secretSchema, { maxItems: 10_000 })),
        },
        closed,
      ),
    ),
    health: Type.Optional(
      Type.Object(
        {
          /** Hosts of the operator's choice whose TCP port must open in each round. */
          canaries: Type.Optional(
            Type.Array(
              Type.String({ pattern: '^[^\\s:]+:[0-9]{1,5}$', description: 'host:port' }),
              {
                maxItems: 8,
              },
            ),
          ),
          /** When more of the canaries fail in a round, this node abstains from all targets in it. */
          canaryFailedPercentMax: Type.Optional(Type.Integer({ minimum: 0, maximum: 99 })),
          /** SNTP servers that the clock is held against, for show and alarm. */
          timeServers: Type.Optional(
            Type.Array(
              Type.String({ pattern: '^[^\\s:]+:[0-9]{1,5}$', description: 'host:port' }),
              { maxItems: 8 },
            ),
          ),
        },
        closed,
      ),
    ),
    store: Type.Optional(
      Type.Object(
        {
          attestationRounds: Type.Optional(Type.Integer({ minimum: 64, maximum: 10_000_000 })),
          attestationBytesMax: Type.Optional(
            Type.Integer({ minimum: 1_048_576, maximum: 2 ** 40 }),
          ),
          stateHeights: Type.Optional(Type.Integer({ minimum: 64, maximum: 10_000_000 })),
          stateBytesMax: Type.Optional(Type.Integer({ minimum: 1_048_576, maximum: 2 ** 40 })),
        },
        closed,
      ),
    ),
    log: Type.Optional(
      Type.Object(
        {
          level: Type.Optional(
            Type.Union([
              Type.Literal('debug'),
              Type.Literal('info'),
              Type.Literal('warn'),
              Type.Literal('error'),
              Type.Literal('silent'),
            ]),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
)
/** The file's shape. */
export type NodeConfigFile = Static<typeof nodeConfigSchema>

/** Configuration of a node with every default filled in and every path absolute. */
export interface NodeConfig {
  /** The configuration file itself, for messages. */
  readonly file: string
  readonly manifest: string
  readonly dataDir: string
  readonly monitor: string | undefined
  readonly p2p: {
    readonly listen: readonly string[]
    readonly announce: readonly string[]
    readonly bootstrap: readonly string[]
    readonly connectionsMax: number
    readonly connectionsPerHostMax: number
    readonly inboundPerHostPerSecond: number
  }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly allowedHosts: readonly string[]
    readonly subscribersMax: number
    readonly requestsPerMinute: number
  }
  readonly probe: {
    readonly allow: readonly string[]
    readonly ca: readonly string[]
    readonly concurrency: number
    readonly kinds: readonly string[]
    readonly secrets: readonly BoundSecret[]
  }
  readonly health: {
    readonly canaries: readonly string[]
    readonly canaryFailedPercentMax: number
    readonly timeServers: readonly string[]
  }
  readonly store: {
    readonly attestationRounds: number
    readonly attestationBytesMax: number
    readonly stateHeights: number
    readonly stateBytesMax: number
  }
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent' }
}

/** Peer-to-peer is public, the feed is on loopback, until the operator says otherwise. */
export const nodeConfigDefaults: Omit<NodeConfig, 'file' | 'manifest' | 'dataDir' | 'monitor'> = {
  p2p: {
    listen: ['/ip4/0.0.0.0/tcp/7801'],
    announce: [],
    bootstrap: [],
    connectionsMax: 256,
    connectionsPerHostMax: 32,
    inboundPerHostPerSecond: 50,
  },
  http: {
    host: '127.0.0.1',
    port: 7802,
    allowedHosts: [],
    subscribersMax: 1024,
    requestsPerMinute: 6000,
  },
  probe: { allow: [], ca: [], concurrency: 1024, kinds: [], secrets: [] },
  health: { canaries: [], canaryFailedPercentMax: 50, timeServers: [] },
  store: {
    attestationRounds: 3600,
    attestationBytesMax: 536_870_912,
    stateHeights: 20_000,
    stateBytesMax: 268_435_456,
  },
  log: { level: 'info' },
}
