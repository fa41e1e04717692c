"""Canonical JSON of a target's parameters: SPEC 4.2."""

import json

import ssz

DEPTH_MAX = 8
BYTES_MAX = 4096
ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class BadParams(Exception):
    """No canonical parameters; `path` leads to what is at fault."""

    def __init__(self, reason, path=()):
        super().__init__(reason)
        self.path = list(path)


def _string(text):
    # Half of a pair alone is escaped, as JSON.stringify does; Python has joined the whole pairs.
    def one(char):
        if char in ESCAPES:
            return ESCAPES[char]
        return f"\\u{ord(char):04x}" if ord(char) < 0x20 or 0xD800 <= ord(char) <= 0xDFFF else char

    return '"' + "".join(map(one, text)) + '"'


def _canonical(value, depth, path):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, int):
        if abs(value) > ssz.SAFE_MAX:
            raise BadParams("no safe integer", path)
        return str(value)
    if not isinstance(value, (dict, list)):
        raise BadParams("no value that parameters may have", path)
    if depth > DEPTH_MAX:
        raise BadParams("nested too deep", path)
    if isinstance(value, list):
        return "[" + ",".join(_canonical(item, depth + 1, [*path, i]) for i, item in enumerate(value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{_string(key)}:{_canonical(value[key], depth + 1, [*path, key])}" for key in keys) + "}"


def encode(value):
    """The canonical bytes of a JSON object; BadParams if it has none."""
    if not isinstance(value, dict):
        raise BadParams("no object")
    return _canonical(value, 1, []).encode("utf-8")


def _once(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadParams("a key twice")
    return value


def _never(text):
    raise BadParams(f"{text} is no integer")


def is_canonical(data):
    """Whether bytes are what `encode` makes of what they say."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_float=_never, parse_constant=_never)
        return encode(value) == data
    except (BadParams, ValueError, RecursionError):
        return False
