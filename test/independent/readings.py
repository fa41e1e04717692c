"""What readers make of certified states: SPEC 12.1 and 12.2."""

DOWN, UNKNOWN = 4, 5


def providers(parameters, state):
    """SPEC 12.1."""
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
    """SPEC 12.2, of each target what its regions see."""
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


def read(parameters, state):
    """All of it, in the words of readings.json."""
    return {
        "providers": providers(parameters, state),
        "regions": regions(parameters, state),
    }
