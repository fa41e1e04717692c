/**
 * Every bound on bytes and counts of what is signed, hashed or sent: SPEC chapter 3.
 * Decoders enforce them before they allocate, since each is the limit of an SSZ type.
 */
export const limits = {
  membersMax: 256,
  targetsMax: 16_384,
  targetsPerShardMax: 1024,
  shardsMax: 64,
  groupsMax: 4096,
  regionsMax: 64,
  signalsMax: 32,
  identitiesMax: 8,
  thresholdsMax: 16,
  /** Heights kept of each target, to compare it with its group (SPEC 7.6). */
  knownBlocksMax: 2,
  /** Names of identities that tell the chain a node is on. */
  chainIdentitiesMax: 2,
  /** Distinct signals of a group. */
  groupSignalsMax: 64,
  featuresMax: 16,
  idBytesMax: 64,
  nameBytesMax: 32,
  unitBytesMax: 16,
  paramsBytesMax: 4096,
  paramsDepthMax: 8,
  identityBytesMax: 32,
  attestationRefsMax: 16_384,
  evidencePerBlockMax: 8,
  /** Headers that may stand between a certified one and the one that carries the signatures. */
  descendantsMax: 1024,
  /** Blocks that may be notarized above the highest final one (SPEC 6.3, 6.4.6). */
  unfinalBlocksMax: 1023,
  handoversMax: 64,
  /** Bytes of one gossiped attestation. */
  attestationBytesMax: 1_048_576,
  proposalBytesMax: 1_048_576,
  voteBytesMax: 256,
  viewCertificateBytesMax: 32_768,
  evidenceBytesMax: 1024,
  statusBytesMax: 1024,
  certificateFileBytesMax: 67_108_864,
  evidenceFileBytesMax: 67_108_864,
  stateChunkBytes: 262_144,
  weightMax: 2 ** 32,
  /** The first round, so that no round due at any time passes 2^53. */
  originRoundMax: 2 ** 52,
  /** When the first round begins: the last millisecond of the year 9999. */
  originMsMax: 253_402_300_799_999,
} as const
