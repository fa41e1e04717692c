"""A second reader of a node's vote log, which looks for what must never be in one: two things for one place.

header  "WFVOTES1" | log id 16 | entries before u64 | floors: epoch, round, epoch, view: 4 x u64 | crc32 u32
frame   length u32 | crc32 of the payload u32 | payload: records
record  kind u8 | vote u8 | shard u16 | epoch u64 | round or view u64 | digest 32 | length u32 | bytes

All little-endian. kind: 0 attestation, 1 proposal, 2 vote.
"""

import struct
import zlib

import digests
import schema

HEADER = struct.Struct("<8s16sQQQQQI")
FRAME = struct.Struct("<II")
RECORD = struct.Struct("<BBHQQ32sI")
KINDS = {0: "SignedAttestation", 1: "SignedProposal", 2: "SignedVote"}
NULLIFY, FINALIZE = 2, 3


class Broken(Exception):
    """The log is not as a node that was killed may leave one."""


class Log:
    """`places` maps (kind, vote, shard, epoch, round or view) to (digest, bytes)."""

    def __init__(self, data):
        if len(data) < HEADER.size:
            raise Broken(f"{len(data)} bytes are no log")
        magic, log_id, self.base, *floors, crc = HEADER.unpack(data[: HEADER.size])
        if magic != b"WFVOTES1" or zlib.crc32(data[: HEADER.size - 4]) != crc:
            raise Broken("a header that is none")
        self.id = log_id.hex()
        self.round_floor, self.view_floor = tuple(floors[:2]), tuple(floors[2:])
        self.places = {}
        self.frames = 0
        self.torn = self._read(data, HEADER.size)

    def _read(self, data, at):
        """Frames up to the first that is not whole, whose append never returned; the bytes left over."""
        while at < len(data):
            head = data[at : at + FRAME.size]
            if len(head) < FRAME.size:
                break
            length, crc = FRAME.unpack(head)
            payload = data[at + FRAME.size : at + FRAME.size + length]
            if length == 0 or len(payload) < length or zlib.crc32(payload) != crc:
                break
            self._take(payload)
            self.frames += 1
            at += FRAME.size + length
        return len(data) - at

    def _take(self, payload):
        at = 0
        while at < len(payload):
            kind, vote, shard, epoch, time, digest, length = RECORD.unpack(payload[at : at + RECORD.size])
            at += RECORD.size
            place = (kind, vote, shard, epoch, time)
            if kind not in KINDS:
                raise Broken(f"kind {kind}")
            if place in self.places:
                raise Broken(f"two entries for {place}")
            if kind == 2 and vote in (NULLIFY, FINALIZE):
                other = (kind, NULLIFY + FINALIZE - vote, shard, epoch, time)
                if other in self.places:
                    raise Broken(f"{place} beside {other}")
            self.places[place] = (digest, payload[at : at + length])
            at += length

    def is_below_floor(self, place):
        kind, _, _, epoch, time = place
        return (epoch, time) < (self.round_floor if kind == 0 else self.view_floor)


def signed_of(network, place, data):
    """The member, digest and signature that an entry's own bytes tell, which must be of its place."""
    kind, vote, shard, epoch, time = place
    signed = schema.decode(KINDS[kind], data)
    message = signed["message"]
    if kind == 0:
        own = (0, 0, message["shard"], message["epoch"], message["round"])
        digest = digests.claim_digest("AttestationClaim", network, digests.attestation_claim(message))
    elif kind == 1:
        own = (1, 0, 0, message["epoch"], message["view"])
        digest = digests.claim_digest("ProposalClaim", network, digests.proposal_claim(network, message))
    else:
        own = (2, message["kind"], 0, message["epoch"], message["view"])
        digest = digests.claim_digest("Vote", network, message)
    if own != place:
        raise Broken(f"an entry for {place} holds a message for {own}")
    return message["member"], digest, signed["signature"]
