"""Whether evidence proves that a member signed what excludes itself: SPEC 8.4 and 9.6."""

import certificate
import digests
import ed25519
import schema

MAGIC = b"WFEVID01"
CLAIMS = ("AttestationClaim", "ProposalClaim", "Vote")
PLACES = {"AttestationClaim": ("round", "shard"), "ProposalClaim": ("view",), "Vote": ("view",)}
FINALIZE_AND_NULLIFY = {2, 3}


def _is_vote(vote):
    return vote["kind"] in (1, 3) or (vote["kind"] == 2 and vote["header"] == bytes(32))


def _is_conflict(kind, first, second):
    def same(*names):
        return all(first[name] == second[name] for name in names)

    if kind == "AttestationClaim":
        return not same("observations")
    if kind == "ProposalClaim":
        return not same("header", "parentView")
    return {first["kind"], second["kind"]} == FINALIZE_AND_NULLIFY or (same("kind") and not same("header"))


def check(epoch, evidence):
    """Checks 5 to 11 of SPEC 9.6, with this epoch for that of `first`. Returns the two digests."""
    kind, pair = CLAIMS[evidence["selector"]], evidence["value"]
    first, second = pair["first"]["message"], pair["second"]["message"]
    certificate.require(first["epoch"] == second["epoch"] == epoch.number, "wrong-epoch")
    certificate.require(first["member"] < len(epoch.members), "unknown-member")
    for name in ("member", *PLACES[kind]):
        certificate.require(first[name] == second[name], "different-places", name)
    certificate.require(kind != "Vote" or (_is_vote(first) and _is_vote(second)), "bad-vote")
    certificate.require(_is_conflict(kind, first, second), "no-conflict")
    lesser, greater = (digests.claim_digest(kind, epoch.network, claim) for claim in (first, second))
    certificate.require(lesser < greater, "unordered-pair")
    key = epoch.members[first["member"]]["publicKey"]
    for half, digest in (("first", lesser), ("second", greater)):
        certificate.require(ed25519.verify(key, digest, pair[half]["signature"]), "bad-signature", half)
    return lesser, greater


def is_valid(epoch, evidence):
    """Against a member of this epoch, not asking whether it is accused already."""
    try:
        check(epoch, evidence)
        return True
    except certificate.Rejected:
        return False


def prove(data, manifest):
    """What an evidence file proves, in the words of evidence.json; Rejected with the code of the first failed check."""
    file, genesis = certificate.read_file("EvidenceFile", MAGIC, data, manifest)
    evidence = file["evidence"]
    message = evidence["value"]["first"]["message"]
    epoch = certificate.enter_epoch(genesis, message["epoch"], file["handovers"])
    signed = check(epoch, evidence)
    kind = CLAIMS[evidence["selector"]]
    return {
        "offender": epoch.members[message["member"]]["id"].decode(),
        "epoch": epoch.number,
        "kind": {"AttestationClaim": "attestation", "ProposalClaim": "proposal", "Vote": "vote"}[kind],
        **{name: message[name] for name in PLACES[kind]},
        "signed": [digest.hex() for digest in signed],
        "digest": digests.sha256(schema.encode("Evidence", evidence)).hex(),
    }
