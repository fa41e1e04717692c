"""The types of SPEC 3, in its own words, and limits and exceptions of SPEC 1."""

import re

import ssz

# Copied from SPEC 3; verify.py holds each of these lines to the text of SPEC.md.
TYPES = """
Member           { id: ByteList[64], publicKey: Bytes32, weight: uint64, region: ByteList[64], network: ByteList[64], operator: ByteList[64] }
Committee        { members: List[Member, 256] }
Handover         { lastHeight: uint64, committee: Bytes32, parameters: Bytes32 }
SignalDef        { name: ByteList[32], unit: ByteList[16], scale: uint8, aggregate: uint8 }
IdentityDef      { name: ByteList[32] }
Threshold        { signal: uint8, op: uint8, value: uint64, clear: uint64, severity: uint8 }
Policy           { reachedMin: uint16, failedMin: uint16, fallRounds: uint16, riseRounds: uint16, regionsMin: uint8, networksMin: uint8, operatorsMin: uint8, astray: uint8, thresholds: List[Threshold, 16] }
Target           { id: ByteList[64], kind: ByteList[32], group: ByteList[64], provider: ByteList[64], shard: uint16, timeoutMs: uint32, params: ByteList[4096], signals: List[SignalDef, 32], identities: List[IdentityDef, 8], policy: Policy }
Parameters       { originRound: uint64, originMs: uint64, roundMs: uint32, attestByMs: uint32, proposeAtMs: uint32, viewTimeoutMs: uint32, viewTimeoutMsMax: uint32, roundsBehindMax: uint16, gapMax: uint16, shards: uint16, targets: List[Target, 16384], handover: List[Handover, 1] }
Manifest         { format: uint16, protocol: uint32, name: ByteList[64], features: List[ByteList[32], 16], committee: Committee, parameters: Parameters }
SignalValue      { index: uint8, value: uint64 }
IdentityValue    { index: uint8, value: ByteList[32] }
Observation      { target: uint16, status: uint8, code: uint16, referenceKind: uint8, reference: uint64, signals: List[SignalValue, 32], identities: List[IdentityValue, 8] }
Observations     List[Observation, 1024]
Attestation      { epoch: uint64, round: uint64, shard: uint16, member: uint16, observations: Observations }
AttestationClaim { epoch: uint64, round: uint64, shard: uint16, member: uint16, observations: Bytes32 }
SignedAttestation{ message: Attestation, signature: Bytes64 }
NextEpoch        { committee: Bytes32, parameters: Bytes32 }
Header           { epoch: uint64, height: uint64, round: uint64, parentRound: uint64, parent: Bytes32, committee: Bytes32, parameters: Bytes32, body: Bytes32, stateRoot: Bytes32, next: List[NextEpoch, 1] }
ProposalClaim    { epoch: uint64, view: uint64, member: uint16, parentView: uint64, header: Bytes32 }
Vote             { epoch: uint64, view: uint64, kind: uint8, member: uint16, header: Bytes32 }
SignedVote       { message: Vote, signature: Bytes64 }
SignedAttestationClaim { message: AttestationClaim, signature: Bytes64 }
SignedProposalClaim { message: ProposalClaim, signature: Bytes64 }
AttestationPair  { first: SignedAttestationClaim, second: SignedAttestationClaim }
ProposalPair     { first: SignedProposalClaim, second: SignedProposalClaim }
VotePair         { first: SignedVote, second: SignedVote }
Evidence         Union[ AttestationPair, ProposalPair, VotePair ]
AttestationRef   { shard: uint16, member: uint16, digest: Bytes32 }
Body             { attestations: List[AttestationRef, 16384], evidence: List[Evidence, 8] }
Block            { header: Header, body: Body }
Proposal         { epoch: uint64, view: uint64, member: uint16, parentView: uint64, block: Block }
SignedProposal   { message: Proposal, signature: Bytes64 }
MemberSignature  { member: uint16, signature: Bytes64 }
ViewCertificate  { epoch: uint64, view: uint64, kind: uint8, header: Bytes32, signatures: List[MemberSignature, 256] }
Exclusion        { member: uint16, round: uint64 }
StateMeta        { epoch: uint64, height: uint64, round: uint64, excluded: List[Exclusion, 256], handover: List[Handover, 1] }
AgreedSignal     { index: uint8, weight: uint64, value: uint64 }
AgreedIdentity   { index: uint8, weight: uint64, value: ByteList[32] }
Vantage          { region: ByteList[64], reached: uint64, failed: uint64, abstained: uint64 }
KnownBlock       { height: uint64, identities: List[IdentityValue, 2] }
TargetState      { id: ByteList[64], verdict: uint8, settled: uint8, since: uint64, streak: uint8, streakCount: uint16, crossed: uint16, astray: uint8, reasonKind: uint8, reasonCode: uint16, reached: uint64, failed: uint64, abstained: uint64, absent: uint64, outcome: uint16, referenceKind: uint8, reference: uint64, signals: List[AgreedSignal, 32], identities: List[AgreedIdentity, 8], vantages: List[Vantage, 64], blocks: List[KnownBlock, 2] }
GroupHead        { name: ByteList[32], weight: uint64, value: uint64, behindMs: uint64 }
Mark             { round: uint64, value: uint64 }
HeadPace         { name: ByteList[32], older: Mark, newer: Mark, last: Mark, intervalUs: uint64 }
GroupFork        { identity: ByteList[32], height: uint64, majority: List[ByteList[32], 1] }
GroupSignal      { target: uint16, signal: uint8, targets: uint16, value: uint64 }
GroupState       { id: ByteList[64], standing: uint8, since: uint64, heads: List[GroupHead, 32], paces: List[HeadPace, 32], forks: List[GroupFork, 2], signals: List[GroupSignal, 64] }
State            { meta: StateMeta, targets: List[TargetState, 16384], groups: List[GroupState, 4096] }
Certificate      { view: uint64, header: Header, descendants: List[Header, 1024], signatures: List[MemberSignature, 256] }
HandoverProof    { certificate: Certificate, committee: Committee, parameters: Parameters }
CertificateFile  { magic: Bytes8, network: Bytes32, certificate: Certificate, state: State, handovers: List[HandoverProof, 64] }
EvidenceFile     { magic: Bytes8, network: Bytes32, evidence: Evidence, handovers: List[HandoverProof, 64] }
Status           { epoch: uint64, member: uint16, timeMs: uint64, bootMs: uint64, clockOffsetMs: uint64, height: uint64, round: uint64, view: uint64, version: ByteList[64], features: List[ByteList[32], 16] }
SignedStatus     { message: Status, signature: Bytes64 }
"""

# SPEC 1: these carry the two's complement of a signed number, so all 64 bits may be used.
WIDE = {
    ("SignalValue", "value"),
    ("AgreedSignal", "value"),
    ("GroupHead", "value"),
    ("Mark", "value"),
    ("GroupSignal", "value"),
    ("Threshold", "value"),
    ("Threshold", "clear"),
    ("Status", "clockOffsetMs"),
}


def _kind(source, owner, field, known):
    source = source.strip()
    if source in known:
        return known[source]
    if match := re.fullmatch(r"uint(\d+)", source):
        return ssz.Uint(int(match[1]) // 8, wide=(owner, field) in WIDE)
    if match := re.fullmatch(r"Bytes(\d+)", source):
        return ssz.Bytes(int(match[1]))
    if match := re.fullmatch(r"ByteList\[(\d+)\]", source):
        return ssz.ByteList(int(match[1]))
    if match := re.fullmatch(r"List\[(.+), (\d+)\]", source):
        return ssz.List(_kind(match[1], owner, field, known), int(match[2]))
    if match := re.fullmatch(r"Union\[ (.+) \]", source):
        return ssz.Union([known[name.strip()] for name in match[1].split(",")])
    raise ValueError(f"no type is written as {source}")


def _build():
    known = {}
    for line in TYPES.strip().splitlines():
        name, rest = re.match(r"(\w+)\s*(.*)", line).groups()
        if not rest.startswith("{"):
            known[name] = _kind(rest, name, None, known)
            continue
        pairs = [pair.split(": ") for pair in re.split(r", (?=\w+: )", rest.strip("{} "))]
        known[name] = ssz.Container(name, [(field, _kind(kind, name, field, known)) for field, kind in pairs])
    return known


KINDS = _build()


def decode(name, data):
    return ssz.decode(KINDS[name], data)


def encode(name, value):
    return KINDS[name].encode(value)
