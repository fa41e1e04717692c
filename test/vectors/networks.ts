import {
  type EpochContext,
  getNetworkId,
  getPublicKey,
  makeGenesisContext,
  toHex,
  toText,
} from '@watchfire/attestation'
import {
  type Json,
  type JsonObject,
  makeManifestJson,
  makeMemberJson,
  makeSecret,
  readManifest,
} from '../../packages/attestation/test/support/network-fixture.ts'
import type { VectorValue } from './vector-values.ts'

/** A manifest that uses everything a manifest can say. */
export function makeFullManifestJson(): JsonObject {
  const signals = [
    { name: 'latency', unit: 'us', scale: 0, aggregate: 'median' },
    { name: 'head', unit: 'blocks', scale: 0, aggregate: 'corroborated' },
  ]
  const policy = {
    reachedMin: 667,
    failedMin: 501,
    fallRounds: 3,
    riseRounds: 2,
    regionsMin: 2,
    networksMin: 1,
    operatorsMin: 2,
    thresholds: [
      { signal: 'head', lag: 5, severity: 'degraded' },
      { signal: 'latency', above: '9007199254740993', severity: 'down' },
      { signal: 'latency', below: -1, severity: 'degraded' },
    ],
  }
  const member = (id: string, weight: number, region: string): JsonObject => ({
    ...makeMemberJson(id, weight),
    region,
    network: `as${64_500 + weight}`,
    operator: `Operator ${id}`,
  })
  return {
    format: 1,
    protocol: 1,
    name: 'full',
    features: ['lag-by-group'],
    // Not in the order of the encoding, on purpose.
    committee: [
      member('m-2', 3, 'eu'),
      member('m.1', 2, 'us'),
      member('0m', 2, 'eu'),
      member('m10', 3, ''),
    ],
    parameters: {
      originRound: 1_000_000,
      originMs: 1_763_683_200_000,
      roundMs: 2000,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      viewTimeoutMsMax: 60_000,
      roundsBehindMax: 16,
      gapMax: 60,
      shards: 2,
      handover: [{ lastHeight: 500, committee: 'ab'.repeat(32), parameters: 'cd'.repeat(32) }],
      targets: [
        {
          id: 'rpc-b',
          kind: 'evm-rpc',
          group: 'chain-1',
          provider: 'acme',
          shard: 1,
          timeoutMs: 1000,
          params: {
            url: 'http://rpc-b.example/',
            chainId: 1,
            headers: [{ name: 'x', value: 'é"\\' }],
          },
          signals,
          identities: [{ name: 'finalized' }],
          policy,
        },
        {
          id: 'rpc-a',
          kind: 'evm-rpc',
          group: 'chain-1',
          provider: '',
          shard: 0,
          timeoutMs: 50,
          params: {},
          signals,
          identities: [],
          policy,
        },
      ],
    },
  }
}

export function makeWeightedManifestJson(): JsonObject {
  const committee = [3, 3, 2, 2].map((weight, index) => makeMemberJson(`m${index + 1}`, weight))
  return { ...makeManifestJson(), name: 'weighted', committee }
}

/** A network whose rounds and times begin as late as SPEC 4.4 lets them. */
function makeLateManifestJson(): JsonObject {
  const { parameters, ...rest } = makeManifestJson()
  const origin = { originRound: 2 ** 52, originMs: 253_402_300_799_999 }
  return { ...rest, name: 'late', parameters: { ...(parameters as JsonObject), ...origin } }
}

/** The networks that other vectors are of, by name. */
export const networks = {
  main: readManifest(makeManifestJson()),
  other: readManifest({ ...makeManifestJson(), name: 'other' }),
  weighted: readManifest(makeWeightedManifestJson()),
  full: readManifest(makeFullManifestJson()),
  late: readManifest(makeLateManifestJson()),
} as const

export type NetworkName = keyof typeof networks

export function getContext(name: NetworkName): EpochContext {
  return makeGenesisContext(networks[name])
}

/** The manifests of {@link networks} as a file would have them. */
export const networkJson: Readonly<Record<NetworkName, Json>> = {
  main: makeManifestJson(),
  other: { ...makeManifestJson(), name: 'other' },
  weighted: makeWeightedManifestJson(),
  full: makeFullManifestJson(),
  late: makeLateManifestJson(),
}

/** A network as vectors of messages name it: manifest, id, and every member's keys. */
export function describeNetwork(name: NetworkName): VectorValue {
  const manifest = networks[name]
  return {
    manifest: networkJson[name],
    networkId: toHex(getNetworkId(manifest)),
    members: manifest.committee.members.map(({ id }) => {
      const secret = makeSecret(toText(id))
      return { id: toText(id), secretKey: toHex(secret), publicKey: toHex(getPublicKey(secret)) }
    }),
  }
}
