"""Whether evidence proves that a member signed what excludes itself: SPEC 8.4."""

import digests
import ed25519

CLAIMS = ("AttestationClaim", "ProposalClaim", "Vote")
FINALIZE_AND_NULLIFY = {2, 3}


def _is_vote(vote):
    return vote["kind"] in (1, 3) or (vote["kind"] == 2 and vote["header"] == bytes(32))


def _excludes(kind, first, second):
    def same(*names):
        return all(first[name] == second[name] for name in names)

    if kind == "AttestationClaim":
        return same("round", "shard") and not same("observations")
    if kind == "ProposalClaim":
        return same("view") and not same("header", "parentView")
    if not _is_vote(first) or not _is_vote(second) or not same("view"):
        return False
    return {first["kind"], second["kind"]} == FINALIZE_AND_NULLIFY or (same("kind") and not same("header"))


def is_valid(epoch, evidence):
    """Against a member of this epoch, not asking whether it is accused already."""
    kind = CLAIMS[evidence["selector"]]
    pair = evidence["value"]
    first, second = pair["first"]["message"], pair["second"]["message"]
    if first["epoch"] != epoch.number or second["epoch"] != epoch.number:
        return False
    if first["member"] != second["member"] or first["member"] >= len(epoch.members):
        return False
    if not _excludes(kind, first, second):
        return False
    lesser, greater = (digests.claim_digest(kind, epoch.network, claim) for claim in (first, second))
    if lesser >= greater:
        return False
    key = epoch.members[first["member"]]["publicKey"]
    return ed25519.verify(key, lesser, pair["first"]["signature"]) and ed25519.verify(key, greater, pair["second"]["signature"])
