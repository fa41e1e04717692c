"""From a parent's state and a block's inputs to the next state: SPEC 7."""

import arithmetic
import groups
from ssz import signed

REACHED, FAILED, ABSTAINED = 1, 2, 3
UP, DEGRADED, DISPUTED, DOWN, UNKNOWN = 1, 2, 3, 4, 5
NO_REASON, OUTCOME, THRESHOLD, SHARE, TOO_FEW, VANTAGE, ASTRAY = 0, 1, 2, 3, 4, 5, 6
MEDIAN, CORROBORATED = 1, 2
ABOVE, BELOW, LAG = 1, 2, 3
KEPT = ("verdict", "settled", "since", "streak", "streakCount")
FIELDS_OF_ZERO = (
    *KEPT,
    *("crossed", "astray", "reasonKind", "reasonCode", "reached", "failed", "abstained", "absent", "outcome", "referenceKind", "reference"),
)


def _blank(target):
    lists = {name: [] for name in ("signals", "identities", "vantages", "blocks")}
    return {"id": target["id"], **dict.fromkeys(FIELDS_OF_ZERO, 0), **lists}


def _blank_groups(parameters):
    ids = sorted({target["group"] for target in parameters["targets"] if target["group"]})
    lists = ("heads", "paces", "forks", "signals")
    return [{"id": group, "standing": 0, "since": 0, **{name: [] for name in lists}} for group in ids]


def genesis(parameters, epoch=0, height=0, round_number=None):
    """SPEC 7.1."""
    round_number = parameters["originRound"] if round_number is None else round_number
    meta = {"epoch": epoch, "height": height, "round": round_number, "excluded": [], "handover": parameters["handover"]}
    targets = [_blank(target) for target in parameters["targets"]]
    return {"meta": meta, "targets": targets, "groups": _blank_groups(parameters)}


def migrate(state, epoch, parameters):
    """SPEC 7.1: the state as the first block of a later epoch finds it."""
    old = {target["id"]: target for target in state["targets"]}
    targets = [
        {**_blank(target), **{name: old[target["id"]][name] for name in KEPT}} if target["id"] in old else _blank(target)
        for target in parameters["targets"]
    ]
    meta = {**state["meta"], "epoch": epoch, "excluded": [], "handover": parameters["handover"]}
    return {"meta": meta, "targets": targets, "groups": _blank_groups(parameters)}


def _majority(weighted, whole):
    """The key whose weight, doubled, exceeds the whole; None if there is none."""
    return next((key for key, weight in weighted.items() if 2 * weight > whole), None)


def _tally(pairs):
    out = {}
    for key, weight in pairs:
        out[key] = out.get(key, 0) + weight
    return out


def median(values):
    """The weighted lower median of (value, weight) pairs."""
    whole, cumulated = sum(weight for _, weight in values), 0
    for value, weight in sorted(values):
        cumulated += weight
        if 2 * cumulated >= whole:
            return value
    raise ValueError("no values")


def corroborated(values, f_live):
    cumulated = 0
    for value, weight in sorted(values, reverse=True):
        cumulated += weight
        if cumulated > f_live:
            return value
    raise ValueError("too little weight")


class Block:
    """One block's inputs, and weights as they are after its exclusions (SPEC 7.2)."""

    def __init__(self, committee, parameters, excluded, attestations):
        self.members = committee["members"]
        self.parameters = parameters
        self.total = arithmetic.total_weight(committee)
        self.live = set(range(len(self.members))) - excluded
        gone = sum(self.members[member]["weight"] for member in excluded)
        self.f_live = max(0, arithmetic.faulty(self.total) - gone)
        self.observations = {}
        for attestation in attestations:
            if attestation["member"] in self.live:
                for seen in attestation["observations"]:
                    self.observations.setdefault(seen["target"], {})[attestation["member"]] = seen

    def weight(self, member):
        return self.members[member]["weight"]

    def of(self, index, status):
        """(member, observation) pairs of one target with one status."""
        return [(m, seen) for m, seen in sorted(self.observations.get(index, {}).items()) if seen["status"] == status]


def _weights(block, index):
    sums = {status: sum(block.weight(m) for m, _ in block.of(index, status)) for status in (REACHED, FAILED, ABSTAINED)}
    regions = {member["region"]: [0, 0, 0] for member in block.members}
    for status in (REACHED, FAILED, ABSTAINED):
        for member, _ in block.of(index, status):
            regions[block.members[member]["region"]][status - 1] += block.weight(member)
    vantages = [
        {"region": region, "reached": w[0], "failed": w[1], "abstained": w[2]} for region, w in sorted(regions.items())
    ]
    reached, failed, abstained = sums[REACHED], sums[FAILED], sums[ABSTAINED]
    absent = block.total - reached - failed - abstained
    return {"reached": reached, "failed": failed, "abstained": abstained, "absent": absent, "vantages": vantages}


def _signals(block, index, target):
    """SPEC 7.4."""
    out = []
    for number, defined in enumerate(target["signals"]):
        values = [
            (signed(carried["value"]), block.weight(member))
            for member, seen in block.of(index, REACHED)
            for carried in seen["signals"]
            if carried["index"] == number
        ]
        weight = sum(w for _, w in values)
        if weight > 2 * block.f_live:
            value = median(values) if defined["aggregate"] == MEDIAN else corroborated(values, block.f_live)
            out.append({"index": number, "weight": weight, "value": value % 2**64})
    return out


def _identities(block, index, target, observing):
    """SPEC 7.5."""
    out = []
    if observing <= 2 * block.f_live:
        return out
    for number in range(len(target["identities"])):
        tally = _tally(
            (carried["value"], block.weight(member))
            for member, seen in block.of(index, REACHED)
            for carried in seen["identities"]
            if carried["index"] == number
        )
        value = _majority(tally, observing)
        if value is not None:
            out.append({"index": number, "weight": tally[value], "value": value})
    return out


def _outcome(block, index, observing):
    if observing <= 2 * block.f_live:
        return 0
    return _majority(_tally((seen["code"], block.weight(m)) for m, seen in block.of(index, FAILED)), observing) or 0


def _reference(block, index, observing):
    if observing <= 2 * block.f_live:
        return 0, 0
    pairs = (((seen["referenceKind"], seen["reference"]), block.weight(m)) for m, seen in block.of(index, REACHED))
    return _majority(_tally(pairs), observing) or (0, 0)


def _heads(block, group, astray):
    """SPEC 7.6: (name, weight, value) of the heads agreed on, ascending by name."""
    members = groups.members_of(block.parameters, group)
    heads = []
    for name in groups.heads_defined(block.parameters, members):
        having = [
            (index, number)
            for index in members
            for number, defined in enumerate(block.parameters["targets"][index]["signals"])
            if defined["name"] == name and defined["aggregate"] == CORROBORATED
        ]
        best = {}
        for index, number in [place for place in having if place[0] not in astray] or having:
            for member, seen in block.of(index, REACHED):
                for carried in seen["signals"]:
                    if carried["index"] == number:
                        value = signed(carried["value"])
                        best[member] = max(value, best.get(member, value))
        pairs = [(value, block.weight(member)) for member, value in best.items()]
        weight = sum(w for _, w in pairs)
        if weight > 2 * block.f_live:
            heads.append((name, weight, corroborated(pairs, block.f_live)))
    return heads


def _compare(target, state, heads, crossed_before):
    """SPEC 7.7: the indexes of the thresholds that are crossed, and of those that hold."""
    agreed = {signal["index"]: signed(signal["value"]) for signal in state["signals"]}
    crossed, holding = set(), set()
    for i, threshold in enumerate(target["policy"]["thresholds"]):
        was = crossed_before >> i & 1
        value = agreed.get(threshold["signal"])
        if threshold["op"] == LAG:
            head = heads.get((target["group"], target["signals"][threshold["signal"]]["name"]))
            value = None if value is None or head is None else head - value
        if value is None:
            crossed |= {i} if was else set()
            continue
        bound = signed(threshold["clear" if was else "value"])
        if value < bound if threshold["op"] == BELOW else value > bound:
            crossed.add(i)
            holding.add(i)
    return crossed, holding


def _raw(block, index, target, state, holding):
    """SPEC 7.7: the verdict, the kind of its reason and the code of that."""
    policy, reached, failed = target["policy"], state["reached"], state["failed"]
    observing = reached + failed
    if observing <= 2 * block.f_live:
        return UNKNOWN, TOO_FEW, 0
    if failed * 1000 >= observing * policy["failedMin"]:
        for label, least in (("region", "regionsMin"), ("network", "networksMin"), ("operator", "operatorsMin")):
            distinct = {block.members[m][label] for m, _ in block.of(index, FAILED)} - {b""}
            if len(distinct) < policy[least]:
                return DISPUTED, VANTAGE, 0
        return DOWN, OUTCOME, state["outcome"]
    if reached * 1000 < observing * policy["reachedMin"]:
        return DISPUTED, SHARE, 0
    held = [(policy["thresholds"][i]["severity"], i) for i in holding]
    gravest = max((severity for severity, _ in held), default=0)
    if state["astray"] and policy["astray"] and policy["astray"] >= gravest:
        return policy["astray"], ASTRAY, 0
    if held:
        return gravest, THRESHOLD, min(i for severity, i in held if severity == gravest)
    return UP, NO_REASON, 0


def settle(before, raw, policy, gap, gap_max):
    """SPEC 7.8 without `since` and the reason: verdict, settled, streak, streakCount."""
    settled, streak, count = before["settled"], before["streak"], before["streakCount"]
    if gap > gap_max:
        streak, count = 0, 0
    if raw == UNKNOWN:
        return UNKNOWN, settled, streak, count
    if settled == 0:
        return raw, raw, 0, 0
    if raw == settled:
        return settled, settled, 0, 0
    worse = raw > settled
    if streak != 0 and (streak > settled) == worse:
        streak, count = (min if worse else max)(streak, raw), count + 1
    else:
        streak, count = raw, 1
    if count >= policy["fallRounds" if worse else "riseRounds"]:
        return streak, streak, 0, 0
    return settled, settled, streak, count


def _aggregate(block, index, target):
    """SPEC 7.3 to 7.5, of one target."""
    state = {**_blank(target), **_weights(block, index)}
    observing = state["reached"] + state["failed"]
    state["signals"] = _signals(block, index, target)
    state["identities"] = _identities(block, index, target, observing)
    state["outcome"] = _outcome(block, index, observing)
    state["referenceKind"], state["reference"] = _reference(block, index, observing)
    return state


def _compare_groups(parameters, states, before, long_gap):
    """SPEC 7.6: fills `blocks` and `astray` of the states, and gives each group's forks."""
    forks = {}
    for target, state, old in zip(parameters["targets"], states, before):
        state["blocks"] = groups.kept_blocks(target, state, [] if long_gap else old["blocks"])
        state["astray"] = 0 if long_gap else old["astray"]
    for group in {target["group"] for target in parameters["targets"]} - {b""}:
        members = groups.members_of(parameters, group)
        compared, off, forks[group] = groups.compare(parameters, members, [state["blocks"] for state in states])
        for index in compared:
            states[index]["astray"] = 1 if index in off else 0
    return forks


def _judge(block, index, target, state, before, heads, header, long_gap):
    """SPEC 7.7 and 7.8, of a target whose state is filled but for these."""
    crossed, holding = _compare(target, state, heads, 0 if long_gap else before["crossed"])
    state["crossed"] = sum(1 << i for i in crossed)
    raw, kind, code = _raw(block, index, target, state, holding)
    gap = header["round"] - header["parentRound"]
    settled = settle(before, raw, target["policy"], gap, block.parameters["gapMax"])
    state["verdict"], state["settled"], state["streak"], state["streakCount"] = settled
    changed = state["verdict"] != before["verdict"]
    state["since"] = header["round"] if changed else before["since"]
    keep = raw != state["verdict"] and not changed
    state["reasonKind"], state["reasonCode"] = (before["reasonKind"], before["reasonCode"]) if keep else (kind, code)


def transition(parent, committee, parameters, header, offenders, attestations):
    """The state after a block: `header` with epoch, height, round and parentRound; `offenders` are member indexes."""
    if header["epoch"] > parent["meta"]["epoch"]:
        parent = migrate(parent, header["epoch"], parameters)
    added = [{"member": member, "round": header["round"]} for member in offenders]
    excluded = sorted(parent["meta"]["excluded"] + added, key=lambda exclusion: exclusion["member"])
    block = Block(committee, parameters, {exclusion["member"] for exclusion in excluded}, attestations)
    long_gap = header["round"] - header["parentRound"] > parameters["gapMax"]
    targets = [_aggregate(block, index, target) for index, target in enumerate(parameters["targets"])]
    forks = _compare_groups(parameters, targets, parent["targets"], long_gap)
    astray = {index for index, state in enumerate(targets) if state["astray"]}
    by_group = {group["id"]: _heads(block, group["id"], astray) for group in parent["groups"]}
    heads = {(group, name): value for group, found in by_group.items() for name, _, value in found}
    for index, (target, state, before) in enumerate(zip(parameters["targets"], targets, parent["targets"])):
        _judge(block, index, target, state, before, heads, header, long_gap)
    after = [
        groups.next_group(parameters, group, by_group[group["id"]], forks[group["id"]], targets, header["round"], long_gap)
        for group in parent["groups"]
    ]
    meta = {**{name: header[name] for name in ("epoch", "height", "round")}, "excluded": excluded}
    return {"meta": {**meta, "handover": parent["meta"]["handover"]}, "targets": targets, "groups": after}
