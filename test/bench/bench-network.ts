import {
  type Attestation,
  type Digest,
  encode,
  type EpochContext,
  fromText,
  getAttestationDigest,
  type Manifest,
  type MemberIndex,
  makeGenesisContext,
  type Observation,
  parseManifest,
  type Round,
  sha256,
  signedAttestationType,
  type TargetIndex,
  toHex,
} from '@watchfire/attestation'
import { builtinKinds, expandTarget, makeRegistry, toObservation } from '@watchfire/probes'
import { makeScheme, type SimKey } from '../sim/world/signature-scheme.ts'

/** A network with real keys and targets of every built-in kind, as their operators would found it. */
export interface BenchNetwork {
  /** The manifest as its file has it. */
  readonly file: {
    readonly committee: readonly { readonly id: string; readonly publicKey: string }[]
    readonly parameters: object
  }
  readonly manifest: Manifest
  readonly context: EpochContext
  /** By member index. */
  readonly keys: readonly SimKey[]
}

export const ORIGIN_MS = 1_763_683_200_000
export const ROUND_MS = 2000

const chain = { url: 'https://rpc.example/', chainId: 1 }
/** Parameters of a target of each kind. */
const drafts = [
  { kind: 'evm-rpc', params: chain },
  {
    kind: 'price-feed',
    params: {
      ...chain,
      address: `0x${'5f'.repeat(20)}`,
      decimals: 8,
      unit: 'usd',
      heartbeatMs: 3_600_000,
    },
  },
  { kind: 'http', params: { url: 'https://web.example/' } },
  { kind: 'tls', params: { host: 'web.example', port: 443 } },
  { kind: 'tcp', params: { host: 'web.example', port: 22 } },
] as const

/** @param targets of the five kinds in turn */
export function foundBenchNetwork(members: number, targets: number): BenchNetwork {
  const scheme = makeScheme('ed25519')
  const keys = Array.from({ length: members }, (_, index) => scheme.makeKey(`bench ${index}`))
  const registry = makeRegistry(builtinKinds)
  const file = {
    format: 1,
    protocol: 1,
    name: 'bench',
    committee: keys.map(({ publicKey }, index) => ({
      id: `m${pad(index)}`,
      publicKey: toHex(publicKey),
      weight: 1,
      region: `region-${index % 3}`,
      network: `as${index % 5}`,
      operator: `operator-${index}`,
    })),
    parameters: {
      originMs: ORIGIN_MS,
      roundMs: ROUND_MS,
      attestByMs: 1000,
      proposeAtMs: 1300,
      viewTimeoutMs: 500,
      targets: Array.from({ length: targets }, (_, index) => {
        const draft = drafts[index % drafts.length]
        if (draft === undefined) throw new Error('there is a draft for each')
        const expanded = expandTarget({ id: `t${pad(index)}`, timeoutMs: 800, ...draft }, registry)
        if (!expanded.ok) throw new Error(JSON.stringify(expanded.problems))
        return expanded.target
      }),
    },
  }
  const parsed = parseManifest(file)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return { file, manifest: parsed.manifest, context: makeGenesisContext(parsed.manifest), keys }
}

/** Ids sort as their indexes do. */
function pad(index: number): string {
  return String(index).padStart(3, '0')
}

/** A signed attestation as it travels, with what a bare verification of it needs. */
export interface SignedBytes {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly signature: Uint8Array
  readonly publicKey: Uint8Array
}

/** What `member` says in `round`: every target reached, with every signal and identity its kind has. */
export function attest(
  { context, keys }: BenchNetwork,
  round: number,
  member: number,
): SignedBytes {
  const key = getKey(keys, member)
  const attestation: Attestation = {
    epoch: context.epoch,
    round: round as Round,
    shard: 0,
    member: member as MemberIndex,
    observations: context.parameters.targets.map((_, target) =>
      observe(context, round, member, target),
    ),
  }
  const digest = getAttestationDigest(context.networkId, attestation)
  const signature = key.sign(digest)
  const bytes = encode(signedAttestationType, { message: attestation, signature })
  return { bytes, digest, signature, publicKey: key.publicKey }
}

function observe(context: EpochContext, round: number, member: number, index: number): Observation {
  const target = context.parameters.targets[index]
  if (target === undefined) throw new RangeError(`no target has index ${index}`)
  const name = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
  return toObservation(target, index as TargetIndex, {
    status: 'reached',
    reference: { kind: 'height', value: round },
    signals: Object.fromEntries(
      target.signals.map((signal, at) => [
        name(signal.name),
        BigInt(1000 * round + 17 * member + at),
      ]),
    ),
    identities: Object.fromEntries(
      target.identities.map((identity) => [
        name(identity.name),
        sha256(fromText(`${index} in ${round}`)),
      ]),
    ),
  })
}

export function getKey(keys: readonly SimKey[], member: number): SimKey {
  const key = keys[member]
  if (key === undefined) throw new RangeError(`no member has index ${member}`)
  return key
}
