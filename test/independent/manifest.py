"""A manifest as YAML or JSON parses it, to what is encoded: SPEC 4."""

import re

import arithmetic
import digests
import params
import rules
import schema
import ssz

REQUIRED = object()
AGGREGATES = {"median": 1, "corroborated": 2}
OPERATIONS = {"above": 1, "below": 2, "lag": 3}
ASTRAY = {"none": 0, "degraded": 2, "down": 4}
SEVERITIES = {"degraded": 2, "down": 4}
HEX = re.compile(r"[0-9a-fA-F]{64}")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,18})")


class Refused(Exception):
    """A manifest that is not admitted; `path` leads to the first field at fault."""

    def __init__(self, path, reason):
        super().__init__(f"{'.'.join(map(str, path)) or 'the manifest'}: {reason}")
        self.path = list(path)


def _integer(value, path, low, high):
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Refused(path, f"an integer, {low} to {high}")
    return value


def _int64(value, path):
    """SPEC 4.1: a decimal string where the number is beyond what JSON readers keep."""
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return _integer(int(value), path, -(2**63), 2**63 - 1)
    return _integer(value, path, -ssz.SAFE_MAX, ssz.SAFE_MAX)


def _uint(bits):
    return lambda value, path: _integer(value, path, 0, min(2**bits - 1, ssz.SAFE_MAX))


def _text(limit):
    def read(value, path):
        if not isinstance(value, str):
            raise Refused(path, "text")
        data = value.encode("utf-8", "surrogatepass")
        if not rules.is_text(data) or len(data) > limit:
            raise Refused(path, f"at most {limit} printable ASCII characters")
        return data

    return read


def _hash(value, path):
    if not isinstance(value, str) or not HEX.fullmatch(value):
        raise Refused(path, "64 hex digits")
    return bytes.fromhex(value)


def _list(read, limit):
    def each(value, path):
        if not isinstance(value, list):
            raise Refused(path, "a list")
        if len(value) > limit:
            raise Refused(path, f"at most {limit} items")
        return [read(item, [*path, i]) for i, item in enumerate(value)]

    return each


def _name(names):
    def read(value, path):
        if not isinstance(value, str) or value not in names:
            raise Refused(path, f"one of {', '.join(names)}")
        return names[value]

    return read


def _record(fields):
    """An object of these fields and no others: name -> (reader, default or REQUIRED)."""

    def read(value, path):
        if not isinstance(value, dict):
            raise Refused(path, "an object")
        for name in value:
            if name not in fields:
                raise Refused([*path, name], "no field of this")
        out = {}
        for name, (inner, default) in fields.items():
            if name in value:
                out[name] = inner(value[name], [*path, name])
            elif default is REQUIRED:
                raise Refused([*path, name], "missing")
            else:
                out[name] = inner(default, [*path, name])
        return out

    return read


def _params(value, path):
    if not isinstance(value, dict):
        raise Refused(path, "an object")
    try:
        data = params.encode(value)
    except params.BadParams as fault:
        raise Refused([*path, *fault.path], str(fault)) from fault
    if len(data) > params.BYTES_MAX:
        raise Refused(path, "at most 4096 bytes")
    return data


def _thresholds(value, path, signals):
    """SPEC 4.1: a threshold names its signal, in the encoding its index."""
    if not isinstance(value, list) or len(value) > 16:
        raise Refused(path, "a list of at most 16")
    out = []
    for i, item in enumerate(value):
        at = [*path, i]
        if not isinstance(item, dict):
            raise Refused(at, "an object")
        for name in item:
            if name not in ("signal", "clear", "severity", *OPERATIONS):
                raise Refused([*at, name], "no field of a threshold")
        found = [name for name in OPERATIONS if name in item]
        if len(found) != 1:
            raise Refused(at, "one comparison")
        signal = _text(32)(item.get("signal"), [*at, "signal"])
        index = next((j for j, defined in enumerate(signals) if defined["name"] == signal), None)
        if index is None:
            raise Refused([*at, "signal"], "no signal of this target")
        limit = _int64(item[found[0]], [*at, found[0]])
        clear = _int64(item["clear"], [*at, "clear"]) if "clear" in item else limit
        severity = _name(SEVERITIES)(item.get("severity"), [*at, "severity"])
        numbers = {"value": limit % 2**64, "clear": clear % 2**64}
        out.append({"signal": index, "op": OPERATIONS[found[0]], **numbers, "severity": severity})
    return out


_MEMBER = _record(
    {
        "id": (_text(64), REQUIRED),
        "publicKey": (_hash, REQUIRED),
        "weight": (_uint(64), REQUIRED),
        "region": (_text(64), ""),
        "network": (_text(64), ""),
        "operator": (_text(64), ""),
    }
)
_SIGNAL = _record(
    {
        "name": (_text(32), REQUIRED),
        "unit": (_text(16), REQUIRED),
        "scale": (_uint(8), REQUIRED),
        "aggregate": (_name(AGGREGATES), REQUIRED),
    }
)
_HANDOVER = _record({"lastHeight": (_uint(64), REQUIRED), "committee": (_hash, REQUIRED), "parameters": (_hash, REQUIRED)})
_POLICY = _record(
    {
        **{name: (_uint(16), REQUIRED) for name in ("reachedMin", "failedMin", "fallRounds", "riseRounds")},
        **{name: (_uint(8), 0) for name in ("regionsMin", "networksMin", "operatorsMin")},
        "astray": (_name(ASTRAY), "degraded"),
        "thresholds": (lambda value, path: value, REQUIRED),
    }
)
_TARGET = _record(
    {
        "id": (_text(64), REQUIRED),
        "kind": (_text(32), REQUIRED),
        "group": (_text(64), ""),
        "provider": (_text(64), ""),
        "shard": (_uint(16), 0),
        "timeoutMs": (_uint(32), REQUIRED),
        "params": (_params, REQUIRED),
        "signals": (_list(_SIGNAL, 32), REQUIRED),
        "identities": (_list(_record({"name": (_text(32), REQUIRED)}), 8), []),
        "policy": (_POLICY, REQUIRED),
    }
)


def _target(value, path):
    target = _TARGET(value, path)
    target["policy"]["thresholds"] = _thresholds(
        target["policy"]["thresholds"], [*path, "policy", "thresholds"], target["signals"]
    )
    return target


def _parameters(value, path):
    if isinstance(value, dict) and "viewTimeoutMsMax" not in value:
        timeout = value.get("viewTimeoutMs")
        value = {**value, "viewTimeoutMsMax": 16 * timeout if isinstance(timeout, int) else 0}
    return _record(
        {
            "originRound": (_uint(64), 0),
            "originMs": (_uint(64), REQUIRED),
            **{name: (_uint(32), REQUIRED) for name in ("roundMs", "attestByMs", "proposeAtMs", "viewTimeoutMs")},
            "viewTimeoutMsMax": (_uint(32), REQUIRED),
            "roundsBehindMax": (_uint(16), 8),
            "gapMax": (_uint(16), 30),
            "shards": (_uint(16), 1),
            "handover": (_list(_HANDOVER, 1), []),
            "targets": (_list(_target, 16384), REQUIRED),
        }
    )(value, path)


_MANIFEST = _record(
    {
        "format": (_uint(16), REQUIRED),
        "protocol": (_uint(32), REQUIRED),
        "name": (_text(64), REQUIRED),
        "features": (_list(_text(32), 16), []),
        "committee": (_list(_MEMBER, 256), REQUIRED),
        "parameters": (_parameters, REQUIRED),
    }
)


def _own_faults(manifest):
    if manifest["format"] != 1:
        yield ["format"], "1"
    if manifest["protocol"] != digests.PROTOCOL:
        yield ["protocol"], "1"
    if not manifest["name"]:
        yield ["name"], "not empty"
    for i, feature in enumerate(manifest["features"]):
        if not rules.is_identifier(feature):
            yield ["features", i], "no identifier"
        if feature in manifest["features"][:i]:
            yield ["features", i], "twice"
    for path, reason in rules.committee_faults({"members": manifest["committee"]}):
        yield ["committee", *path], reason
    for path, reason in rules.parameters_faults(manifest["parameters"]):
        yield ["parameters", *path], reason


def read(value):
    """The admitted manifest in the order of SPEC 4.3; Refused if it is none."""
    manifest = _MANIFEST(value, [])
    for path, reason in _own_faults(manifest):
        raise Refused(path, reason)
    members = sorted(manifest["committee"], key=lambda member: member["id"])
    parameters = manifest["parameters"]
    parameters["targets"] = sorted(parameters["targets"], key=lambda target: target["id"])
    return {**manifest, "committee": {"members": members}}


def warnings(manifest):
    """The codes of SPEC 4.5, in its order."""
    committee, targets = manifest["committee"], manifest["parameters"]["targets"]
    found = ["heavy-member"] if arithmetic.faulty(arithmetic.total_weight(committee)) == 0 else []
    found += [] if targets else ["no-targets"]
    for target in targets:
        for label in ("region", "network", "operator"):
            distinct = {member[label] for member in committee["members"]} - {b""}
            found += ["unreachable-vantage"] if target["policy"][f"{label}sMin"] > len(distinct) else []
    return found


def network_id(manifest):
    return digests.tagged("manifest", schema.encode("Manifest", manifest))
