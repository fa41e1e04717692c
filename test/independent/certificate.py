"""Certificates and certificate files: SPEC 6.6 and 9. Every refusal is one of the codes of 9.2."""

import arithmetic
import digests
import ed25519
import manifest as manifests
import rules
import schema
import ssz
import statetree

FILE_BYTES_MAX = 67_108_864
MAGIC = b"WFCERT01"
NOTARIZE, NULLIFY, FINALIZE = 1, 2, 3
ZERO_HASH = bytes(32)
STATE_MAXIMA = {"verdict": 5, "settled": 4, "streak": 4, "reasonKind": 6, "outcome": 999, "referenceKind": 2, "astray": 1}
STANDING_MAX = 4


class Rejected(Exception):
    """What is refused, and the code of it."""

    def __init__(self, code, detail=""):
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


def require(condition, code, detail=""):
    if not condition:
        raise Rejected(code, detail)


class Epoch:
    """An epoch's number, committee and parameters, with what is computed of them."""

    def __init__(self, network, number, committee, parameters):
        self.network = network
        self.number = number
        self.committee = committee
        self.parameters = parameters
        self.committee_hash = digests.committee_hash(committee)
        self.parameters_hash = digests.parameters_hash(parameters)
        self.members = committee["members"]
        self.quorum = arithmetic.quorum(arithmetic.total_weight(committee))


def check_signatures(epoch, kind, view, header, signatures):
    """Checks 7 to 10 of SPEC 9.2, each over all signatures before the next begins."""
    members = [signature["member"] for signature in signatures]
    require(all(member < len(epoch.members) for member in members), "unknown-member")
    require(all(a < b for a, b in zip(members, members[1:])), "unordered-signatures")
    weight = sum(epoch.members[member]["weight"] for member in members)
    require(weight >= epoch.quorum, "insufficient-weight", f"{weight} of {epoch.quorum}")
    for signature in signatures:
        vote = {"epoch": epoch.number, "view": view, "kind": kind, "member": signature["member"], "header": header}
        key = epoch.members[signature["member"]]["publicKey"]
        digest = digests.claim_digest("Vote", epoch.network, vote)
        require(ed25519.verify(key, digest, signature["signature"]), "bad-signature", f"of member {signature['member']}")


def check_certificate(epoch, certificate):
    """Checks 5 to 11 of SPEC 9.2."""
    headers = [certificate["header"], *certificate["descendants"]]
    for header in headers:
        named = (header["epoch"], header["committee"], header["parameters"])
        require(named == (epoch.number, epoch.committee_hash, epoch.parameters_hash), "wrong-committee")
    for before, header in zip(headers, headers[1:]):
        linked = (
            header["parent"] == digests.header_digest(epoch.network, before)
            and header["height"] == before["height"] + 1
            and header["parentRound"] == before["round"]
            and header["round"] > before["round"]
            and not before["next"]
        )
        require(linked, "broken-chain", f"at height {header['height']}")
    last = digests.header_digest(epoch.network, headers[-1])
    check_signatures(epoch, FINALIZE, certificate["view"], last, certificate["signatures"])
    header = certificate["header"]
    right = header["round"] > header["parentRound"] and header["height"] >= 1 and certificate["view"] >= 1
    require(right, "bad-round")
    start = arithmetic.start_of(epoch.parameters, header["round"])
    until = arithmetic.valid_until(epoch.parameters, header["round"])
    require(start >= 0 and until <= ssz.SAFE_MAX, "bad-round", "a time that no clock shows")


def check_handover(epoch, handover):
    """Check 4 of SPEC 9.2; the epoch that the hand-over installs."""
    try:
        check_certificate(epoch, handover["certificate"])
    except Rejected as rejected:
        raise Rejected("bad-handover", str(rejected)) from rejected
    following = Epoch(epoch.network, epoch.number + 1, handover["committee"], handover["parameters"])
    installed = [{"committee": following.committee_hash, "parameters": following.parameters_hash}]
    require(handover["certificate"]["header"]["next"] == installed, "bad-handover", "installs something else")
    for path, reason in rules.decoded_faults(handover["committee"], handover["parameters"]):
        raise Rejected("bad-handover", f"{path}: {reason}")
    return following


def check_state(epoch, header, state):
    """Check 12 of SPEC 9.2."""
    require(statetree.root_of(state) == header["stateRoot"], "wrong-state", "another root")
    for field in ("epoch", "height", "round"):
        require(state["meta"][field] == header[field], "wrong-state", f"another {field}")
    ids = [target["id"] for target in epoch.parameters["targets"]]
    require([target["id"] for target in state["targets"]] == ids, "wrong-state", "other targets")
    for target in state["targets"]:
        for field, most in STATE_MAXIMA.items():
            require(target[field] <= most, "wrong-state", f"{field} {target[field]}")
    groups = sorted({target["group"] for target in epoch.parameters["targets"]} - {b""})
    require([group["id"] for group in state["groups"]] == groups, "wrong-state", "other groups")
    counts = [len(target["signals"]) for target in epoch.parameters["targets"]]
    for group in state["groups"]:
        require(group["standing"] <= STANDING_MAX, "wrong-state", f"standing {group['standing']}")
        for signal in group["signals"]:
            defined = signal["target"] < len(counts) and signal["signal"] < counts[signal["target"]]
            require(defined, "wrong-state", "a signal that no target defines")


def read_file(kind, magic, data, manifest):
    """Checks 1 and 2 of SPEC 9.2: a file of this kind, and the epoch of the manifest it is held against."""
    require(len(data) <= FILE_BYTES_MAX, "malformed", "too large")
    try:
        file = schema.decode(kind, data)
    except ssz.Malformed as fault:
        raise Rejected("malformed", str(fault)) from fault
    require(file["magic"] == magic, "malformed", "magic")
    network = manifests.network_id(manifest)
    require(file["network"] == network, "wrong-network")
    return file, Epoch(network, 0, manifest["committee"], manifest["parameters"])


def enter_epoch(genesis, number, handovers):
    """Checks 3 and 4 of SPEC 9.2: the epoch that the hand-overs lead to, which must be this one."""
    numbers = [handover["certificate"]["header"]["epoch"] for handover in handovers]
    require(numbers == list(range(len(numbers))), "unknown-epoch", "of the hand-overs")
    require(number == len(numbers), "unknown-epoch")
    epoch = genesis
    for handover in handovers:
        epoch = check_handover(epoch, handover)
    return epoch


def verify_file(data, manifest):
    """What a certificate file proves under an admitted manifest; Rejected with the code of the first failed check."""
    file, genesis = read_file("CertificateFile", MAGIC, data, manifest)
    epoch = enter_epoch(genesis, file["certificate"]["header"]["epoch"], file["handovers"])
    check_certificate(epoch, file["certificate"])
    check_state(epoch, file["certificate"]["header"], file["state"])
    return file, epoch


def verify_view_certificate(epoch, certificate):
    """SPEC 6.6, in the order of 8.3."""
    require(certificate["epoch"] == epoch.number, "wrong-epoch")
    require(certificate["view"] >= 1, "bad-view")
    require(certificate["kind"] in (NOTARIZE, NULLIFY, FINALIZE), "bad-kind")
    require(certificate["kind"] != NULLIFY or certificate["header"] == ZERO_HASH, "bad-header")
    check_signatures(epoch, certificate["kind"], certificate["view"], certificate["header"], certificate["signatures"])
