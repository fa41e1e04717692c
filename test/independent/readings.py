"""What readers make of certified states: SPEC 12.1 to 12.3."""

from ssz import signed

CHAIN_IDENTITIES = ("block-hash", "finalized-root")
STATES_MAX = 32
HEIGHT = 1
CORROBORATED = 2
DOWN, UNKNOWN = 4, 5


def _newest_heights(values):
    """For each target, the greatest height at which it is compared with another."""
    newest = {}
    for height, by_target in values.items():
        if len(by_target) > 1:
            for index in by_target:
                newest[index] = max(height, newest.get(index, height))
    return newest


def _forks(parameters, states, members):
    ids = [target["id"].decode() for target in parameters["targets"]]
    forks = []
    for identity in sorted(CHAIN_IDENTITIES):
        values = {}
        for index in members:
            names = [each["name"].decode() for each in parameters["targets"][index]["identities"]]
            for state in states:
                target = state["targets"][index]
                if target["referenceKind"] != HEIGHT:
                    continue
                for agreed in target["identities"]:
                    if names[agreed["index"]] == identity:
                        values.setdefault(target["reference"], {})[index] = agreed["value"].hex()
        newest = _newest_heights(values)
        for height in sorted(set(newest.values())):
            compared = values[height]
            sides = {}
            for index in sorted(compared):
                sides.setdefault(compared[index], []).append(ids[index])
            if len(sides) < 2:
                continue
            majority = next((value for value, on in sides.items() if 2 * len(on) > len(compared)), None)
            astray = [i for i in sorted(compared) if newest[i] == height and (majority is None or compared[i] != majority)]
            branches = [{"value": value, "targets": on} for value, on in sides.items()]
            branches.sort(key=lambda branch: (-len(branch["targets"]), branch["value"]))
            forks.append(
                {
                    **{"identity": identity, "height": height, "branches": branches, "majority": majority},
                    "astray": [ids[index] for index in astray],
                }
            )
    return forks


def _head(parameters, states, members, group, head):
    name = head["name"]
    unit, scale = "", 0
    for index in reversed(members):
        for signal in parameters["targets"][index]["signals"]:
            if signal["aggregate"] == CORROBORATED and signal["name"] == name:
                unit, scale = signal["unit"].decode(), signal["scale"]
    seen = []
    for state in states:
        for each in state["groups"][group]["heads"]:
            if each["name"] == name:
                seen.append((state["meta"]["round"], signed(each["value"])))
    advance = over = interval = None
    if len(seen) > 1:
        advance = seen[-1][1] - seen[0][1]
        over = (seen[-1][0] - seen[0][0]) * parameters["roundMs"]
        if advance > 0:
            interval = over * 10**scale // advance
    rises = [later[0] for earlier, later in zip(seen, seen[1:]) if later[1] > earlier[1]]
    return {
        **{"name": name.decode(), "unit": unit, "scale": scale},
        **{"value": str(signed(head["value"])), "weight": head["weight"]},
        "advance": None if advance is None else str(advance),
        "overMs": over,
        "intervalMs": None if interval is None else str(interval),
        "advancedAt": rises[-1] if rises else None,
    }


def _signals(parameters, state, members, astray):
    found = {}
    for index in members:
        target, agreed = parameters["targets"][index], state["targets"][index]
        if agreed["verdict"] in (0, DOWN, UNKNOWN) or target["id"].decode() in astray:
            continue
        for signal in agreed["signals"]:
            defined = target["signals"][signal["index"]]
            key = (defined["name"].decode(), defined["unit"].decode(), defined["scale"])
            found.setdefault(key, []).append(signed(signal["value"]))
    return [
        {
            **{"name": name, "unit": unit, "scale": scale},
            **{"value": str(sorted(values)[(len(values) - 1) // 2]), "targets": len(values)},
        }
        for (name, unit, scale), values in sorted(found.items())
    ]


def _standing(heads, astray):
    if astray:
        return "forked"
    advances = [int(head["advance"]) for head in heads if head["advance"] is not None]
    if not advances:
        return "unknown"
    return "advancing" if max(advances) > 0 else "still"


def groups(parameters, states):
    """SPEC 12.1, over states of one epoch, ascending."""
    window = states[-STATES_MAX:]
    views = []
    for at, group in enumerate(window[-1]["groups"]):
        members = [i for i, target in enumerate(parameters["targets"]) if target["group"] == group["id"]]
        forks = _forks(parameters, window, members)
        astray = {target for fork in forks for target in fork["astray"]}
        heads = [_head(parameters, window, members, at, head) for head in group["heads"]]
        views.append(
            {
                "id": group["id"].decode(),
                "standing": _standing(heads, astray),
                "heads": heads,
                "forks": forks,
                "signals": _signals(parameters, window[-1], members, astray),
                "targets": [parameters["targets"][index]["id"].decode() for index in members],
            }
        )
    return views


def providers(parameters, state):
    """SPEC 12.2."""
    run = {}
    for target, agreed in zip(parameters["targets"], state["targets"]):
        if target["provider"]:
            run.setdefault(target["provider"].decode(), []).append((target["id"].decode(), agreed))
    views = []
    for provider in sorted(run):
        judged = [agreed for _, agreed in run[provider] if agreed["verdict"] not in (0, UNKNOWN)]
        down = [(name, agreed["since"]) for name, agreed in run[provider] if agreed["verdict"] == DOWN]
        needed = max(2, -(-len(judged) // 2))
        incident = None
        if len(down) >= needed:
            began = sorted(since for _, since in down)[needed - 1]
            incident = {"since": began, "down": [name for name, _ in down], "judged": len(judged)}
        views.append({"id": provider, "targets": [name for name, _ in run[provider]], "incident": incident})
    return views


def _sees(policy, reached, failed):
    observing = reached + failed
    if observing == 0:
        return "unknown"
    if failed * 1000 >= observing * policy["failedMin"]:
        return "down"
    return "disputed" if reached * 1000 < observing * policy["reachedMin"] else "up"


def regions(parameters, state):
    """SPEC 12.3, of each target what its regions see."""
    return [
        [
            {
                "place": seen["region"].decode(),
                "sees": _sees(target["policy"], seen["reached"], seen["failed"]),
                **{name: seen[name] for name in ("reached", "failed", "abstained")},
            }
            for seen in agreed["vantages"]
        ]
        for target, agreed in zip(parameters["targets"], state["targets"])
    ]


def read(parameters, states):
    """All of it, in the words of readings.json."""
    return {
        "groups": groups(parameters, states),
        "providers": providers(parameters, states[-1]),
        "regions": regions(parameters, states[-1]),
    }
