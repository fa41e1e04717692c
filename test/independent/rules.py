"""What committees and parameters must satisfy, decoded or written: SPEC 4.4, rules 1 to 5, and the order of 4.3.

`faults` yields (path, reason), the first being the one that counts; paths are those of the encoding.
"""

import re

import arithmetic
import ed25519
import params
import ssz

IDENTIFIER = re.compile(rb"[a-z0-9][a-z0-9._-]*")
WEIGHT_MAX = 2**32
REGIONS_MAX = 64
MEMBERS_MAX = 256
TARGETS_PER_SHARD_MAX = 1024
GROUPS_MAX = 4096
HEADS_MAX = 32
GROUP_SIGNALS_MAX = 64
ORIGIN_ROUND_MAX = 2**52
ORIGIN_MS_MAX = 253_402_300_799_999
MEDIAN, CORROBORATED = 1, 2
BELOW, LAG = 2, 3
SEVERITIES = (2, 4)
ASTRAY = (0, 2, 4)


def is_identifier(data):
    return IDENTIFIER.fullmatch(data) is not None


def is_text(data):
    return all(0x20 <= byte <= 0x7E for byte in data)


def committee_faults(committee):
    """Rules 1 and 2. `heavy-member` is a warning where f is 0, and not yielded then."""
    members = committee["members"]
    if not 1 <= len(members) <= MEMBERS_MAX:
        yield [], "1 to 256 members"
    ids, keys = set(), set()
    for i, member in enumerate(members):
        if not is_identifier(member["id"]):
            yield [i, "id"], "no identifier"
        if member["id"] in ids:
            yield [i, "id"], "twice"
        ids.add(member["id"])
        if not ed25519.is_member_key(member["publicKey"]):
            yield [i, "publicKey"], "no key that a member may have"
        if member["publicKey"] in keys:
            yield [i, "publicKey"], "twice"
        keys.add(member["publicKey"])
        if not 1 <= member["weight"] <= WEIGHT_MAX:
            yield [i, "weight"], "1 to 2^32"
        for label in ("region", "network", "operator"):
            if not is_text(member[label]):
                yield [i, label], "no text"
    total = arithmetic.total_weight(committee)
    if total > ssz.SAFE_MAX:
        yield [], "weights sum to more than 2^53 - 1"
    allowed = arithmetic.faulty(total)
    for i, member in enumerate(members):
        if allowed > 0 and member["weight"] > allowed:
            yield [i, "weight"], "heavier than f"
    if len({member["region"] for member in members}) > REGIONS_MAX:
        yield [], "more than 64 regions"


def _outside(value, low, high):
    return not low <= value <= high


def parameters_faults(parameters):
    """Rules 3 to 5."""
    p = parameters
    if p["originRound"] > ORIGIN_ROUND_MAX:
        yield ["originRound"], "at most 2^52"
    if p["originMs"] > ORIGIN_MS_MAX:
        yield ["originMs"], "at most the end of the year 9999"
    if _outside(p["roundMs"], 200, 86_400_000):
        yield ["roundMs"], "200 to 86,400,000"
    if not 0 < p["attestByMs"] <= p["proposeAtMs"]:
        yield ["attestByMs"], "above 0, at most proposeAtMs"
    if not p["proposeAtMs"] < p["roundMs"]:
        yield ["proposeAtMs"], "below roundMs"
    if _outside(p["viewTimeoutMs"], 50, 600_000):
        yield ["viewTimeoutMs"], "50 to 600,000"
    if _outside(p["viewTimeoutMsMax"], p["viewTimeoutMs"], 600_000):
        yield ["viewTimeoutMsMax"], "viewTimeoutMs to 600,000"
    if _outside(p["roundsBehindMax"], 1, 1024):
        yield ["roundsBehindMax"], "1 to 1024"
    if p["gapMax"] < 1:
        yield ["gapMax"], "at least 1"
    if _outside(p["shards"], 1, 64):
        yield ["shards"], "1 to 64"
    yield from _targets_faults(p)


def _targets_faults(parameters):
    ids, shards, groups, kinds = set(), {}, {}, {}
    for i, target in enumerate(parameters["targets"]):
        if not is_identifier(target["id"]):
            yield ["targets", i, "id"], "no identifier"
        if target["id"] in ids:
            yield ["targets", i, "id"], "twice"
        ids.add(target["id"])
        for path, reason in _target_faults(target, parameters):
            yield ["targets", i, *path], reason
        shards[target["shard"]] = shards.get(target["shard"], 0) + 1
        if shards[target["shard"]] > TARGETS_PER_SHARD_MAX:
            yield ["targets", i, "shard"], "more than 1024 targets in a shard"
        if target["group"]:
            names = groups.setdefault(target["group"], set())
            names |= {signal["name"] for signal in target["signals"] if signal["aggregate"] == CORROBORATED}
            if len(groups) > GROUPS_MAX:
                yield ["targets", i, "group"], "more than 4096 groups"
            if len(names) > HEADS_MAX:
                yield ["targets", i, "signals"], "more than 32 corroborated signals in a group"
            kind = kinds.setdefault(target["group"], set())
            kind |= {(signal["name"], signal["unit"], signal["scale"]) for signal in target["signals"]}
            if len(kind) > GROUP_SIGNALS_MAX:
                yield ["targets", i, "signals"], "more than 64 distinct signals in a group"


def _target_faults(target, parameters):
    if not is_identifier(target["kind"]):
        yield ["kind"], "no identifier"
    for name in ("group", "provider"):
        if target[name] and not is_identifier(target[name]):
            yield [name], "no identifier"
    if target["shard"] >= parameters["shards"]:
        yield ["shard"], "no such shard"
    if _outside(target["timeoutMs"], 50, parameters["attestByMs"]):
        yield ["timeoutMs"], "50 to attestByMs"
    if not params.is_canonical(target["params"]):
        yield ["params"], "not canonical"
    for field in ("signals", "identities"):
        names = set()
        for i, defined in enumerate(target[field]):
            if not is_identifier(defined["name"]):
                yield [field, i, "name"], "no identifier"
            if defined["name"] in names:
                yield [field, i, "name"], "twice"
            names.add(defined["name"])
            if field == "signals":
                if not is_text(defined["unit"]):
                    yield [field, i, "unit"], "no text"
                if defined["scale"] > 18:
                    yield [field, i, "scale"], "at most 18"
                if defined["aggregate"] not in (MEDIAN, CORROBORATED):
                    yield [field, i, "aggregate"], "no aggregate"
    for path, reason in _policy_faults(target):
        yield ["policy", *path], reason


def _policy_faults(target):
    policy = target["policy"]
    for field, low in (("reachedMin", 501), ("failedMin", 501), ("fallRounds", 1), ("riseRounds", 1)):
        if _outside(policy[field], low, 1000):
            yield [field], f"{low} to 1000"
    if policy["astray"] not in ASTRAY:
        yield ["astray"], "none, degraded or down"
    for i, threshold in enumerate(policy["thresholds"]):
        at = ["thresholds", i]
        if threshold["signal"] >= len(target["signals"]):
            yield [*at, "signal"], "no such signal"
            continue
        if threshold["op"] not in (1, 2, LAG):
            yield at, "no comparison"
        signal = target["signals"][threshold["signal"]]
        if threshold["op"] == LAG and (signal["aggregate"] != CORROBORATED or not target["group"]):
            yield [*at, "signal"], "lag only of a corroborated signal, in a group"
        if threshold["severity"] not in SEVERITIES:
            yield [*at, "severity"], "degraded or down"
        bound, clear = ssz.signed(threshold["value"]), ssz.signed(threshold["clear"])
        if clear < bound if threshold["op"] == BELOW else clear > bound:
            yield [*at, "clear"], "beyond the bound"


def _order_faults(field, items):
    """SPEC 4.3, of what comes decoded."""
    for i in range(1, len(items)):
        if items[i - 1]["id"] >= items[i]["id"]:
            yield [field, i, "id"], "out of order"


def decoded_committee_faults(committee):
    yield from committee_faults(committee)
    yield from _order_faults("members", committee["members"])


def decoded_parameters_faults(parameters):
    yield from parameters_faults(parameters)
    yield from _order_faults("targets", parameters["targets"])


def decoded_faults(committee, parameters):
    """All that SPEC 9.2, check 4, asks of what a hand-over installs."""
    yield from decoded_committee_faults(committee)
    yield from decoded_parameters_faults(parameters)
