"""Quorums, rounds and validity: SPEC 1, 5 and 9.5."""


def quorum(total):
    return 2 * total // 3 + 1


def faulty(total):
    return total - quorum(total)


def total_weight(committee):
    return sum(member["weight"] for member in committee["members"])


def round_at(parameters, now_ms):
    """The round of a time, None before the first."""
    if now_ms < parameters["originMs"]:
        return None
    return parameters["originRound"] + (now_ms - parameters["originMs"]) // parameters["roundMs"]


def start_of(parameters, number):
    return parameters["originMs"] + (number - parameters["originRound"]) * parameters["roundMs"]


def valid_until(parameters, number):
    """SPEC 9.5: after this time what a certificate of this round says is stale."""
    return start_of(parameters, number + 1) + parameters["roundMs"] + parameters["proposeAtMs"] + parameters["viewTimeoutMs"]
