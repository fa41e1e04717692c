"""What the data directories of a network's nodes say when put side by side: one chain, and nobody signed twice.

Reads the databases and vote logs themselves, while their nodes are stopped.
"""

import pathlib
import sqlite3

import certificate
import digests
import ed25519
import schema
import ssz
import statetree
import votelog

ATTESTATION, VOTE, FINALIZE = 0, 2, 3
FOUND_MAX = 50


class Judge:
    """Collects what is wrong, and counts what was looked at."""

    def __init__(self, manifest):
        network = certificate.manifests.network_id(manifest)
        self.epoch = certificate.Epoch(network, 0, manifest["committee"], manifest["parameters"])
        self.manifest = manifest
        self.found = []
        self.counts = {}

    def accuse(self, text):
        if len(self.found) < FOUND_MAX:
            self.found.append(text)

    def count(self, what, by=1):
        self.counts[what] = self.counts.get(what, 0) + by

    def key_of(self, member):
        return self.epoch.members[member]["publicKey"]


class Node:
    def __init__(self, member, folder):
        self.member = member
        self.folder = pathlib.Path(folder)
        self.name = self.folder.name
        self.log = votelog.Log((self.folder / "db" / "votes.log").read_bytes())
        self.database = sqlite3.connect(f"file:{self.folder / 'db' / 'chain.db'}?mode=ro", uri=True)

    def rows(self, query):
        return self.database.execute(query)


def judge(manifest, folders, readers):
    """`folders` by member id; `readers` are folders of certificate files that light clients kept."""
    judging = Judge(manifest)
    ids = [member["id"].decode() for member in judging.epoch.members]
    nodes = []
    for name, folder in folders.items():
        try:
            nodes.append(Node(ids.index(name), folder))
        except votelog.Broken as broken:
            judging.accuse(f"{name}: vote log: {broken}")
    chains = [check_chain(judging, node) for node in nodes]
    compare(judging, nodes, chains)
    logs = {node.member: node.log for node in nodes}
    for node in nodes:
        check_log(judging, node)
        check_known(judging, node, logs)
    for folder in readers:
        check_reader(judging, pathlib.Path(folder), chains)
    heights = {node.name: max(chain, default=0) for node, chain in zip(nodes, chains)}
    signatures = ed25519.verify.cache_info().misses
    return {"found": judging.found, "heights": heights, "signatures": signatures, **judging.counts}


def check_chain(judging, node):
    """Every height's certificate, each header the child of the one before. Its headers' digests, by height."""
    chain, before = {}, None
    network = judging.epoch.network
    states = dict(node.rows("SELECT height, bytes FROM state"))
    for height, header_digest, data in node.rows("SELECT height, header, certificate FROM final ORDER BY height"):
        where = f"{node.name}: height {height}"
        try:
            read = schema.decode("Certificate", data)
            certificate.check_certificate(judging.epoch, read)
            if height in states:
                state = schema.decode("State", states[height])
                certificate.check_state(judging.epoch, read["header"], state)
                judging.count("states")
        except (certificate.Rejected, ssz.Malformed) as fault:
            judging.accuse(f"{where}: {fault}")
            continue
        header = read["header"]
        digest = digests.header_digest(network, header)
        judging.count("certificates")
        if digest != header_digest or header["height"] != height:
            judging.accuse(f"{where}: kept under another name")
        if height != len(chain) + 1:
            judging.accuse(f"{where}: follows {len(chain)}")
        if before is not None and (header["parent"], header["parentRound"]) != before:
            judging.accuse(f"{where}: not the child of the one before")
        before = (digest, header["round"])
        chain[height] = digest
    for offender, in node.rows("SELECT offender FROM evidence"):
        judging.accuse(f"{node.name}: holds evidence against member {offender}")
    for code, detail in node.rows("SELECT code, detail FROM alarm"):
        judging.accuse(f"{node.name}: alarm {code}: {detail}")
    return chain


def compare(judging, nodes, chains):
    for node, chain in zip(nodes, chains):
        for height, digest in chain.items():
            judging.count("compared")
            other = next((each[height] for each in chains if height in each), digest)
            if other != digest:
                judging.accuse(f"{node.name}: height {height} is another block than elsewhere")


def check_log(judging, node):
    """That each entry is what its bytes say, and signed by the node's key."""
    judging.count("logged", len(node.log.places))
    judging.count("torn", 1 if node.log.torn else 0)
    for place, (digest, data) in node.log.places.items():
        try:
            member, own, signature = votelog.signed_of(judging.epoch.network, place, data)
        except (votelog.Broken, ssz.Malformed) as fault:
            judging.accuse(f"{node.name}: vote log: {place}: {fault}")
            continue
        if member != node.member or own != digest or not ed25519.verify(judging.key_of(member), digest, signature):
            judging.accuse(f"{node.name}: vote log: {place} is not what it says")
    sidecar, count = (node.folder / "keys" / "monitor.log").read_text().split()
    if sidecar != node.log.id or int(count) > node.log.base + len(node.log.places):
        judging.accuse(f"{node.name}: the key's sidecar tells of another log, or a longer one")


def check_known(judging, node, logs):
    """That whatever this node holds of a member, signed, is in that member's own log: kept before it was sent."""

    def require(member, place, digest):
        log = logs.get(member)
        if log is None or log.is_below_floor(place):
            return
        judging.count("traced")
        if log.places.get(place, (None,))[0] != digest:
            judging.accuse(f"{node.name} holds {place} of member {member}, whose log does not")

    network, epoch = judging.epoch.network, judging.epoch.number
    for member, round_number, shard, digest in node.rows("SELECT member, round, shard, digest FROM attestation"):
        require(member, (ATTESTATION, 0, shard, epoch, round_number), digest)

    def require_votes(kind, view, header, signatures):
        for each in signatures:
            vote = {"epoch": epoch, "view": view, "kind": kind, "member": each["member"], "header": header}
            require(each["member"], (VOTE, kind, 0, epoch, view), digests.claim_digest("Vote", network, vote))

    for data, in node.rows("SELECT bytes FROM view_certificate"):
        read = schema.decode("ViewCertificate", data)
        require_votes(read["kind"], read["view"], read["header"], read["signatures"])
    for data, in node.rows("SELECT certificate FROM final"):
        read = schema.decode("Certificate", data)
        last = digests.header_digest(network, [read["header"], *read["descendants"]][-1])
        require_votes(FINALIZE, read["view"], last, read["signatures"])


def check_reader(judging, folder, chains):
    """That every file a light client took proves what it took it for, on the nodes' own chain."""
    for path in folder.glob("*.wfcert"):
        where = f"{folder.name}: {path.name}"
        try:
            file, epoch = certificate.verify_file(path.read_bytes(), judging.manifest)
        except certificate.Rejected as rejected:
            judging.accuse(f"{where}: {rejected}")
            continue
        judging.count("readerFiles")
        header = file["certificate"]["header"]
        digest = digests.header_digest(epoch.network, header)
        if header["height"] != int(path.stem) or not any(chain.get(header["height"]) == digest for chain in chains):
            judging.accuse(f"{where}: not on the nodes' chain")
