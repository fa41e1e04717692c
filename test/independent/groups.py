"""How the targets of a group stand to each other, and how their chain is: SPEC 7.6 and 7.11."""

from ssz import SAFE_MAX, signed

HEIGHT = 1
CORROBORATED = 2
ADVANCING, STILL, FORKED, NOBODY_KNOWS = 1, 2, 3, 4
DOWN, UNKNOWN = 4, 5
CHAIN_IDENTITIES = (b"block-hash", b"finalized-root")
BLOCKS_KEPT = 2
HEADS_MAX = 32
MARK_ROUNDS, MARK_UNITS, LATE_INTERVALS = 16, 8, 10


def members_of(parameters, group):
    return [i for i, target in enumerate(parameters["targets"]) if target["group"] == group]


def kept_blocks(target, agreed, before):
    """The `blocks` of a target, given those that its parent's state counts with."""
    if not target["group"] or agreed["referenceKind"] != HEIGHT:
        return before
    names = [identity["name"] for identity in target["identities"]]
    found = [
        {"index": identity["index"], "value": identity["value"]}
        for identity in agreed["identities"]
        if names[identity["index"]] in CHAIN_IDENTITIES
    ]
    if not found:
        return before
    rest = [block for block in before if block["height"] != agreed["reference"]]
    return [{"height": agreed["reference"], "identities": found}, *rest][:BLOCKS_KEPT]


def _values(parameters, members, blocks, name):
    """Height -> target -> its value of a chain identity there."""
    out = {}
    for index in members:
        names = [identity["name"] for identity in parameters["targets"][index]["identities"]]
        for block in blocks[index]:
            for identity in block["identities"]:
                if names[identity["index"]] == name:
                    out.setdefault(block["height"], {})[index] = identity["value"]
    return out


def compare(parameters, members, blocks):
    """The targets compared at all, those of them that are off, and the forks of the group."""
    compared, off, forks = set(), set(), []
    for name in sorted(CHAIN_IDENTITIES):
        values = _values(parameters, members, blocks, name)
        belongs = {}
        for height, there in values.items():
            for index in there if len(there) > 1 else ():
                belongs[index] = max(height, belongs.get(index, height))
        compared |= set(belongs)
        found = {}
        for index, height in belongs.items():
            sides = list(values[height].values())
            majority = next((value for value in sides if 2 * sides.count(value) > len(sides)), None)
            if values[height][index] != majority:
                off.add(index)
                found[height] = [] if majority is None else [majority]
        if found:
            height = max(found)
            forks.append({"identity": name, "height": height, "majority": found[height]})
    return compared, off, forks


def heads_defined(parameters, members):
    """Name -> (unit, scale) of a group's corroborated signals, as the first target defines them; ascending."""
    out = {}
    for index in members:
        for signal in parameters["targets"][index]["signals"]:
            if signal["aggregate"] == CORROBORATED:
                out.setdefault(signal["name"], (signal["unit"], signal["scale"]))
    return dict(sorted(out.items())[:HEADS_MAX])


def _cap(value):
    return min(value, SAFE_MAX)


def next_pace(name, scale, before, round_number, value, round_ms):
    """The pace of a head that is agreed on with this (signed) value."""
    mark = {"round": round_number, "value": value % 2**64}
    if before is None or value < signed(before["older"]["value"]):
        return {"name": name, "older": mark, "newer": mark, "last": mark, "intervalUs": 0}
    if value <= signed(before["last"]["value"]):
        return before
    older, newer = before["older"], before["newer"]
    long_enough = round_number - newer["round"] >= MARK_ROUNDS
    if long_enough and value - signed(newer["value"]) >= MARK_UNITS * 10**scale:
        older, newer = newer, mark
    time = (round_number - older["round"]) * round_ms * 1000 * 10**scale
    interval = _cap(time // (value - signed(older["value"])))
    return {"name": name, "older": older, "newer": newer, "last": mark, "intervalUs": interval}


def _standing(paces, round_number, round_ms):
    late = timely = False
    for pace in paces:
        rounds = round_number - pace["last"]["round"]
        if rounds > MARK_ROUNDS and rounds * round_ms * 1000 > LATE_INTERVALS * pace["intervalUs"]:
            late = True
        elif pace["intervalUs"] > 0:
            timely = True
    return ADVANCING if timely else STILL if late else NOBODY_KNOWS


def _signals(parameters, members, targets):
    values, defined = {}, {}
    for index in members:
        for number, signal in enumerate(parameters["targets"][index]["signals"]):
            key = (signal["name"], signal["unit"], signal["scale"])
            defined.setdefault(key, (index, number))
            agreed = targets[index]
            if agreed["astray"] or agreed["verdict"] in (0, DOWN, UNKNOWN):
                continue
            found = [signed(each["value"]) for each in agreed["signals"] if each["index"] == number]
            values.setdefault(key, []).extend(found)
    out = []
    for key, found in sorted(values.items()):
        if found:
            target, signal = defined[key]
            middle = sorted(found)[(len(found) - 1) // 2]
            out.append({"target": target, "signal": signal, "targets": len(found), "value": middle % 2**64})
    return out


def next_group(parameters, before, heads, forks, targets, round_number, long_gap):
    """SPEC 7.11. `heads` are (name, weight, signed value) of those agreed on."""
    members = members_of(parameters, before["id"])
    defined = heads_defined(parameters, members)
    round_ms = parameters["roundMs"]
    known = {} if long_gap else {pace["name"]: pace for pace in before["paces"]}
    for name, _, value in heads:
        known[name] = next_pace(name, defined[name][1], known.get(name), round_number, value, round_ms)
    agreed = [name for name, _, _ in heads]
    standing = _standing([known[name] for name in agreed], round_number, round_ms)
    if any(targets[index]["astray"] for index in members):
        standing = FORKED
    out = []
    for name, weight, value in heads:
        like = [(other, front) for other, _, front in heads if defined[other] == defined[name]]
        front = max(value for _, value in like)
        pace = known[next(other for other, value in like if value == front)]
        behind = _cap((front - value) * pace["intervalUs"] // (1000 * 10 ** defined[name][1]))
        out.append({"name": name, "weight": weight, "value": value % 2**64, "behindMs": behind})
    return {
        **{"id": before["id"], "standing": standing},
        "since": before["since"] if standing == before["standing"] else round_number,
        **{"heads": out, "paces": [known[name] for name in sorted(known)], "forks": forks},
        "signals": _signals(parameters, members, targets),
    }
