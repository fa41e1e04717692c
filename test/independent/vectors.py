"""Runs every file of test/vectors. Each function yields (name, None or what is wrong)."""

import json
import pathlib
import re

import aggregation
import arithmetic
import certificate
import digests
import ed25519
import evidence
import manifest as manifests
import params
import readings
import rules
import schema
import ssz
import statetree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "test" / "vectors"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def differs(found, expected):
    return None if found == expected else f"found {found!r}, expected {expected!r}"


def outcome(check, *arguments):
    """`valid`, or the code of the refusal."""
    try:
        check(*arguments)
        return "valid"
    except certificate.Rejected as rejected:
        return rejected.code


def network_of(value):
    manifest = manifests.read(value)
    return manifest, certificate.Epoch(manifests.network_id(manifest), 0, manifest["committee"], manifest["parameters"])


def types():
    """That schema.py says what SPEC 3 says, so that neither changes alone."""

    def words(text):
        return re.sub(r"\s+", "", text)

    spec = words((ROOT / "SPEC.md").read_text(encoding="utf-8"))
    for line in schema.TYPES.strip().splitlines():
        yield line.split()[0], None if words(line) in spec else "SPEC.md says otherwise"


def arithmetics():
    file = load("arithmetic")
    for case in file["quorums"]:
        total = case["weightTotal"]
        found = (arithmetic.quorum(total), arithmetic.faulty(total))
        yield f"quorum of {total}", differs(found, (case["quorum"], case["faulty"]))
    parameters = file["rounds"]["parameters"]
    for case in file["rounds"]["cases"]:
        number = arithmetic.round_at(parameters, case["nowMs"])
        found = (number, arithmetic.start_of(parameters, number), arithmetic.valid_until(parameters, number))
        yield f"round at {case['nowMs']}", differs(found, (case["round"], case["startMs"], case["validUntilMs"]))
    for now in file["rounds"]["noRoundAt"]:
        yield f"no round at {now}", differs(arithmetic.round_at(parameters, now), None)


def parameters_json():
    file = load("params")
    for case in file["accepted"]:
        data = bytes.fromhex(case["bytes"])
        yield case["name"], differs((params.encode(case["value"]), params.is_canonical(data)), (data, True))
    for case in file["rejected"]:
        yield case["name"], differs(params.is_canonical(bytes.fromhex(case["bytes"])), False)


def signatures():
    file = load("signatures")
    for case in file["signatures"]:
        arguments = (bytes.fromhex(case[name]) for name in ("publicKey", "message", "signature"))
        yield case["name"], differs(ed25519.verify(*arguments), case["valid"])
    for case in file["keys"]:
        yield case["name"], differs(ed25519.is_member_key(bytes.fromhex(case["publicKey"])), case["admissible"])


def is_wellformed(kind, data):
    try:
        schema.decode(kind, data)
        return True
    except ssz.Malformed:
        return False


def malformed():
    for case in load("malformed"):
        found = is_wellformed(case["type"], bytes.fromhex(case["bytes"]))
        yield case["name"], differs(found, case["valid"])


def genesis_header(epoch):
    """SPEC 6.1."""
    state = aggregation.genesis(epoch.parameters)
    origin = epoch.parameters["originRound"]
    return {
        **{"epoch": 0, "height": 0, "round": origin, "parentRound": origin, "parent": bytes(32)},
        **{"committee": epoch.committee_hash, "parameters": epoch.parameters_hash},
        "body": digests.tagged_of("body", "Body", {"attestations": [], "evidence": []}),
        **{"stateRoot": statetree.root_of(state), "next": []},
    }


def admit(value):
    """The network id, the digest of the genesis header and the warnings of a manifest, or that it is none."""
    try:
        manifest, epoch = network_of(value)
    except manifests.Refused:
        return {"admitted": False}
    return {
        "admitted": True,
        "networkId": epoch.network.hex(),
        "genesis": digests.header_digest(epoch.network, genesis_header(epoch)).hex(),
        "warnings": manifests.warnings(manifest),
    }


def manifest_files():
    file = load("manifests")
    for case in file["accepted"]:
        manifest = manifests.read(case["value"])
        found = {
            "ssz": schema.encode("Manifest", manifest).hex(),
            "networkId": manifests.network_id(manifest).hex(),
            "committee": schema.encode("Committee", manifest["committee"]).hex(),
            "committeeHash": digests.committee_hash(manifest["committee"]).hex(),
            "parameters": schema.encode("Parameters", manifest["parameters"]).hex(),
            "parametersHash": digests.parameters_hash(manifest["parameters"]).hex(),
            "warnings": manifests.warnings(manifest),
            "again": manifest,
        }
        expected = {
            **{name: case[name] for name in ("ssz", "networkId", "warnings")},
            **{name: case[name]["ssz"] for name in ("committee", "parameters")},
            **{f"{name}Hash": case[name]["hash"] for name in ("committee", "parameters")},
            "again": schema.decode("Manifest", bytes.fromhex(case["ssz"])),
        }
        yield case["name"], differs(found, expected)
    for case in file["rejected"]:
        try:
            manifests.read(case["value"])
            found = "admitted"
        except manifests.Refused as refused:
            found = refused.path
        yield case["name"], differs(found, case["path"])


def handovers():
    faults = {"Committee": rules.decoded_committee_faults, "Parameters": rules.decoded_parameters_faults}
    for case in load("handovers"):
        value = schema.decode(case["type"], bytes.fromhex(case["ssz"]))
        found = next(faults[case["type"]](value), None)
        yield f"{case['type']}: {case['name']}", differs(found is None, case["admitted"])


CLAIMS = {
    "SignedAttestation": "AttestationClaim",
    "SignedProposal": "ProposalClaim",
    "SignedVote": "Vote",
    "SignedStatus": "Status",
}


def _message(case, epoch, secrets):
    signed = schema.decode(case["type"], bytes.fromhex(case["ssz"]))
    message, kind = signed["message"], CLAIMS[case["type"]]
    claim = message
    if kind == "AttestationClaim":
        claim = digests.attestation_claim(message)
    if kind == "ProposalClaim":
        claim = digests.proposal_claim(epoch.network, message)
    digest = digests.claim_digest(kind, epoch.network, claim)
    member = epoch.members[message["member"]]
    found = {
        "digest": digest.hex(),
        "member": message["member"],
        "signature": signed["signature"].hex(),
        "valid": ed25519.verify(member["publicKey"], digest, signed["signature"]),
    }
    if "claim" in case:
        found["claim"] = schema.encode(kind, claim).hex()
    wrong = differs(found, {name: case[name] for name in found})
    again = ed25519.sign(secrets[member["id"]], digest) == signed["signature"]
    if wrong is None and again != (case["valid"] and "torsion" not in case["name"]):
        return "signing again says otherwise"
    return wrong


def messages():
    file = load("messages")
    manifest, epoch = network_of(file["network"]["manifest"])
    yield "network id", differs(epoch.network.hex(), file["network"]["networkId"])
    secrets = {}
    for member, expected in zip(epoch.members, file["network"]["members"]):
        name = expected["id"]
        secrets[name.encode()] = bytes.fromhex(expected["secretKey"])
        found = {
            "id": member["id"].decode(),
            "secretKey": digests.sha256(f"watchfire test key of {name}".encode()).hex(),
            "publicKey": ed25519.public_key_of(secrets[name.encode()]).hex(),
        }
        yield f"member {name}", differs((found, member["publicKey"].hex()), (expected, expected["publicKey"]))
    for i, case in enumerate(file["blocks"]["headers"]):
        header = schema.decode("Header", bytes.fromhex(case["ssz"]))
        yield f"header {i}", differs(digests.header_digest(epoch.network, header).hex(), case["digest"])
    for i, case in enumerate(file["blocks"]["bodies"]):
        body = schema.decode("Body", bytes.fromhex(case["ssz"]))
        yield f"body {i}", differs(digests.tagged_of("body", "Body", body).hex(), case["hash"])
    for case in file["messages"]:
        yield case["name"], _message(case, epoch, {name: secret for name, secret in secrets.items()})
    for case in file["evidence"]:
        decoded = schema.decode("Evidence", bytes.fromhex(case["ssz"]))
        yield case["name"], differs(evidence.is_valid(epoch, decoded), case["valid"])
    for case in file["viewCertificates"]:
        decoded = schema.decode("ViewCertificate", bytes.fromhex(case["ssz"]))
        yield case["name"], differs(outcome(certificate.verify_view_certificate, epoch, decoded), case["result"])


def states():
    file = load("states")
    for case in file["states"]:
        state = schema.decode("State", bytes.fromhex(case["ssz"]))
        yield case["name"], differs(statetree.root_of(state).hex(), case["root"])
        root, ids = bytes.fromhex(case["root"]), [name.encode() for name in case.get("targetIds", [])]
        for proof in case.get("proofs", []):
            name = f"{case['name']}: proof of {proof['id']}"
            branch = [bytes.fromhex(node) for node in proof["branch"]]
            target = bytes.fromhex(proof["target"])
            index = ids.index(proof["id"].encode())
            found = {
                "index": index,
                "target": schema.encode("TargetState", state["targets"][index]).hex(),
                "branch": [node.hex() for node in statetree.prove(state, index)],
            }
            yield name, differs(found, {field: proof[field] for field in found})
            yield f"{name} holds", differs(statetree.proves(root, ids, target, branch), True)
        for proof in case.get("groupProofs", []):
            found = {
                "id": state["groups"][proof["index"]]["id"].decode(),
                "group": schema.encode("GroupState", state["groups"][proof["index"]]).hex(),
                "branch": [node.hex() for node in statetree.prove_group(state, proof["index"])],
            }
            yield f"{case['name']}: proof of {proof['id']}", differs(found, {field: proof[field] for field in found})
            leaf, branch = bytes.fromhex(proof["group"]), [bytes.fromhex(node) for node in proof["branch"]]
            proven = statetree.leads_to(root, "group", leaf, 12 * 2**12 + proof["index"], branch)
            yield f"{case['name']}: proof of {proof['id']} holds", differs(proven, True)
    for case in file["rejectedProofs"]:
        ids, branch = [name.encode() for name in case["targetIds"]], [bytes.fromhex(node) for node in case["branch"]]
        found = statetree.proves(bytes.fromhex(case["root"]), ids, bytes.fromhex(case["target"]), branch)
        yield case["name"], differs(found, False)


def state_after(parent, epoch, block):
    """SPEC 7, with the inputs of one block as aggregation.json has them."""
    evidence_ = [schema.decode("Evidence", bytes.fromhex(item)) for item in block["evidence"]]
    signed = [schema.decode("SignedAttestation", bytes.fromhex(item)) for item in block["attestations"]]
    offenders = [item["value"]["first"]["message"]["member"] for item in evidence_]
    attestations = [item["message"] for item in signed]
    return aggregation.transition(parent, *epoch, block, offenders, attestations)


def states_of(chain):
    """The state after each block of a chain."""
    epochs = [
        tuple(schema.decode(kind, bytes.fromhex(epoch[kind.lower()])) for kind in ("Committee", "Parameters"))
        for epoch in chain["epochs"]
    ]
    state = aggregation.genesis(epochs[0][1])
    for block in chain["blocks"]:
        state = state_after(state, epochs[block["epoch"]], block)
        yield state


def aggregations():
    for chain in load("aggregation"):
        for block, state in zip(chain["blocks"], states_of(chain)):
            expected = schema.decode("State", bytes.fromhex(block["state"]))
            wrong = [name for name in ("meta", "targets", "groups") if state[name] != expected[name]]
            detail = "; ".join(f"{name}: found {state[name]!r}, expected {expected[name]!r}" for name in wrong)
            wrong_root = differs(statetree.root_of(state).hex(), block["root"])
            yield f"{chain['name']}: height {block['height']}", detail or wrong_root


VERDICTS = ("none", "up", "degraded", "disputed", "down", "unknown")


def proven(file, epoch):
    """What a valid certificate file proves, in the words of certificates.json."""
    header = file["certificate"]["header"]
    return {
        **{name: header[name] for name in ("epoch", "height", "round")},
        "headerDigest": digests.header_digest(epoch.network, header).hex(),
        "signers": [epoch.members[s["member"]]["id"].decode() for s in file["certificate"]["signatures"]],
        "verdicts": {target["id"].decode(): VERDICTS[target["verdict"]] for target in file["state"]["targets"]},
    }


def judge(data, manifest):
    """`result`, and `proves` if that is `valid`."""
    try:
        return {"result": "valid", "proves": proven(*certificate.verify_file(data, manifest))}
    except certificate.Rejected as rejected:
        return {"result": rejected.code}


def certificates():
    file = load("certificates")
    read = {name: manifests.read(given["value"]) for name, given in file["manifests"].items()}
    for name, given in file["manifests"].items():
        yield f"manifest {name}", differs(manifests.network_id(read[name]).hex(), given["networkId"])
    for case in file["files"]:
        found = judge(bytes.fromhex(case["file"]), read[case["manifest"]])
        yield case["name"], differs(found, {name: case[name] for name in ("result", "proves") if name in case})


def judge_evidence(data, manifest):
    """`result`, and `proves` if that is `valid`."""
    try:
        return {"result": "valid", "proves": evidence.prove(data, manifest)}
    except certificate.Rejected as rejected:
        return {"result": rejected.code}


def evidence_files():
    file = load("evidence")
    read = {name: manifests.read(given["value"]) for name, given in file["manifests"].items()}
    for name, given in file["manifests"].items():
        yield f"manifest {name}", differs(manifests.network_id(read[name]).hex(), given["networkId"])
    for case in file["files"]:
        found = judge_evidence(bytes.fromhex(case["file"]), read[case["manifest"]])
        yield case["name"], differs(found, {name: case[name] for name in ("result", "proves") if name in case})


def read_state(parameters, state):
    """What is made of a state in hex under parameters in hex."""
    decoded = schema.decode("State", bytes.fromhex(state))
    return readings.read(schema.decode("Parameters", bytes.fromhex(parameters)), decoded)


def reading_cases():
    file = load("readings")
    for case in file["cases"]:
        yield case["name"], differs(read_state(file["parameters"], case["state"]), case["readings"])


FILES = {
    "arithmetic": arithmetics,
    "params": parameters_json,
    "signatures": signatures,
    "malformed": malformed,
    "manifests": manifest_files,
    "handovers": handovers,
    "messages": messages,
    "states": states,
    "aggregation": aggregations,
    "certificates": certificates,
    "evidence": evidence_files,
    "readings": reading_cases,
}
