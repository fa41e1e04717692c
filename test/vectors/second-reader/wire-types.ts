import { bits64, byteList, container, list, uint, vector } from './ssz.ts'

// SPEC 3, as far as a certificate file needs it.

const [u8, u16, u32, u64] = [uint(1), uint(2), uint(4), uint(8)]
const [b8, b32, b64] = [vector(8), vector(32), vector(64)]
const [id, short] = [byteList(64), byteList(32)]

const member = container({ id, publicKey: b32, weight: u64, region: id, network: id, operator: id })
export const committee = container({ members: list(member, 256) })
const handover = container({ lastHeight: u64, committee: b32, parameters: b32 })
const threshold = container({ signal: u8, op: u8, value: bits64, clear: bits64, severity: u8 })
const policy = container({
  reachedMin: u16,
  failedMin: u16,
  fallRounds: u16,
  riseRounds: u16,
  regionsMin: u8,
  networksMin: u8,
  operatorsMin: u8,
  astray: u8,
  thresholds: list(threshold, 16),
})
const target = container({
  id,
  kind: short,
  group: id,
  provider: id,
  shard: u16,
  timeoutMs: u32,
  params: byteList(4096),
  signals: list(container({ name: short, unit: byteList(16), scale: u8, aggregate: u8 }), 32),
  identities: list(container({ name: short }), 8),
  policy,
})
export const parameters = container({
  originRound: u64,
  originMs: u64,
  roundMs: u32,
  attestByMs: u32,
  proposeAtMs: u32,
  viewTimeoutMs: u32,
  viewTimeoutMsMax: u32,
  roundsBehindMax: u16,
  gapMax: u16,
  shards: u16,
  targets: list(target, 16_384),
  handover: list(handover, 1),
})
const header = container({
  epoch: u64,
  height: u64,
  round: u64,
  parentRound: u64,
  parent: b32,
  committee: b32,
  parameters: b32,
  body: b32,
  stateRoot: b32,
  next: list(container({ committee: b32, parameters: b32 }), 1),
})
const meta = container({
  epoch: u64,
  height: u64,
  round: u64,
  excluded: list(container({ member: u16, round: u64 }), 256),
  handover: list(handover, 1),
})
const targetState = container({
  id,
  verdict: u8,
  settled: u8,
  since: u64,
  streak: u8,
  streakCount: u16,
  crossed: u16,
  astray: u8,
  reasonKind: u8,
  reasonCode: u16,
  reached: u64,
  failed: u64,
  abstained: u64,
  absent: u64,
  outcome: u16,
  referenceKind: u8,
  reference: u64,
  signals: list(container({ index: u8, weight: u64, value: bits64 }), 32),
  identities: list(container({ index: u8, weight: u64, value: short }), 8),
  vantages: list(container({ region: id, reached: u64, failed: u64, abstained: u64 }), 64),
  blocks: list(
    container({ height: u64, identities: list(container({ index: u8, value: short }), 2) }),
    2,
  ),
})
const mark = container({ round: u64, value: bits64 })
const groupState = container({
  id,
  standing: u8,
  since: u64,
  heads: list(container({ name: short, weight: u64, value: bits64, behindMs: u64 }), 32),
  paces: list(
    container({ name: short, older: mark, newer: mark, last: mark, intervalUs: u64 }),
    32,
  ),
  forks: list(container({ identity: short, height: u64, majority: list(short, 1) }), 2),
  signals: list(container({ target: u16, signal: u8, targets: u16, value: bits64 }), 64),
})
export const state = container({
  meta,
  targets: list(targetState, 16_384),
  groups: list(groupState, 4096),
})
const memberSignature = container({ member: u16, signature: b64 })
export const certificate = container({
  view: u64,
  header,
  descendants: list(header, 1024),
  signatures: list(memberSignature, 256),
})
const handoverProof = container({ certificate, committee, parameters })

/** The same, keeping parts as bytes where the bytes are what gets hashed. */
const raw = byteList(2 ** 26)
export const rawCertificate = container({
  view: u64,
  header: raw,
  descendants: list(raw, 1024),
  signatures: list(memberSignature, 256),
})
export const rawState = container({
  meta: raw,
  targets: list(raw, 16_384),
  groups: list(raw, 4096),
})
export const rawFile = container({
  magic: b8,
  network: b32,
  certificate: raw,
  state: raw,
  handovers: list(container({ certificate: raw, committee: raw, parameters: raw }), 64),
})
export const file = container({
  magic: b8,
  network: b32,
  certificate,
  state,
  handovers: list(handoverProof, 64),
})
