"""Hashes and digests of SPEC 2."""

import hashlib

import schema

PROTOCOL = 1
VOTE_DOMAINS = {1: "notarize", 2: "nullify", 3: "finalize"}


def sha256(data):
    return hashlib.sha256(data).digest()


def domain(name):
    return f"watchfire:{name}".encode("ascii").ljust(32, b"\0")


def tagged(name, data):
    """SPEC 2.1."""
    return sha256(domain(name) + data)


def digest(name, network, epoch, data):
    """SPEC 2.2."""
    return sha256(domain(name) + PROTOCOL.to_bytes(4, "little") + network + epoch.to_bytes(8, "little") + sha256(data))


def tagged_of(name, kind, value):
    return tagged(name, schema.encode(kind, value))


def committee_hash(committee):
    return tagged_of("committee", "Committee", committee)


def parameters_hash(parameters):
    return tagged_of("parameters", "Parameters", parameters)


def header_digest(network, header):
    return digest("header", network, header["epoch"], schema.encode("Header", header))


def attestation_claim(message):
    return {**message, "observations": sha256(schema.encode("Observations", message["observations"]))}


def proposal_claim(network, message):
    claim = {name: message[name] for name in ("epoch", "view", "member", "parentView")}
    return {**claim, "header": header_digest(network, message["block"]["header"])}


def claim_digest(kind, network, claim):
    """The digest signed for an AttestationClaim, ProposalClaim, Vote of a known kind, or Status."""
    names = {"AttestationClaim": "attestation", "ProposalClaim": "proposal", "Status": "status"}
    name = VOTE_DOMAINS[claim["kind"]] if kind == "Vote" else names[kind]
    return digest(name, network, claim["epoch"], schema.encode(kind, claim))
