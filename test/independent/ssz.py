"""SSZ with the strictness of SPEC 1: what decodes is what would be encoded, byte for byte.

A type is an object with `fixed` (its length in bytes, None if that varies), `decode(bytes)` and
`encode(value)`. Containers are dicts, lists are lists, byte strings are bytes.
"""

SAFE_MAX = 2**53 - 1  # SPEC 1: the most a uint64 may say, wherever it is not two's complement
OFFSET = 4


def signed(value):
    """SPEC 1: the number whose two's complement a uint64 carries."""
    return value - 2**64 if value >= 2**63 else value


class Malformed(Exception):
    """The bytes are none of this type."""


class Uint:
    def __init__(self, size, wide=False):
        self.fixed = size
        self.limit = 2 ** (8 * size) - 1 if wide or size < 8 else SAFE_MAX

    def decode(self, data):
        if len(data) != self.fixed:
            raise Malformed(f"{len(data)} bytes for an integer of {self.fixed}")
        value = int.from_bytes(data, "little")
        if value > self.limit:
            raise Malformed(f"{value} is above {self.limit}")
        return value

    def encode(self, value):
        if not 0 <= value <= self.limit:
            raise Malformed(f"{value} is not within 0 and {self.limit}")
        return value.to_bytes(self.fixed, "little")


class Bytes:
    def __init__(self, size):
        self.fixed = size

    def decode(self, data):
        if len(data) != self.fixed:
            raise Malformed(f"{len(data)} bytes, not {self.fixed}")
        return data

    encode = decode


class ByteList:
    fixed = None

    def __init__(self, limit):
        self.limit = limit

    def decode(self, data):
        if len(data) > self.limit:
            raise Malformed(f"{len(data)} bytes, at most {self.limit}")
        return data

    encode = decode


class List:
    fixed = None

    def __init__(self, item, limit):
        self.item = item
        self.limit = limit

    def decode(self, data):
        if self.item.fixed is not None:
            count, rest = divmod(len(data), self.item.fixed)
            if rest != 0:
                raise Malformed("a list that ends within an item")
            self._hold(count)
            size = self.item.fixed
            return [self.item.decode(data[i * size : (i + 1) * size]) for i in range(count)]
        if len(data) == 0:
            return []
        if len(data) < OFFSET:
            raise Malformed("a list too short for an offset")
        first = int.from_bytes(data[:OFFSET], "little")
        if first == 0 or first % OFFSET != 0 or first > len(data):
            raise Malformed(f"a first offset of {first}")
        self._hold(first // OFFSET)
        offsets = [int.from_bytes(data[i : i + OFFSET], "little") for i in range(0, first, OFFSET)]
        return [self.item.decode(part) for part in parts(data, offsets)]

    def encode(self, items):
        self._hold(len(items))
        encoded = [self.item.encode(item) for item in items]
        if self.item.fixed is not None:
            return b"".join(encoded)
        return with_offsets(encoded, [None] * len(encoded))

    def _hold(self, count):
        if count > self.limit:
            raise Malformed(f"{count} items, at most {self.limit}")


class Container:
    def __init__(self, name, fields):
        self.name = name
        self.fields = fields  # (name, type), in order of encoding
        sizes = [kind.fixed for _, kind in fields]
        self.fixed = None if None in sizes else sum(sizes)
        self.head = sum(OFFSET if size is None else size for size in sizes)

    def decode(self, data):
        if len(data) < self.head:
            raise Malformed(f"{self.name}: {len(data)} bytes, at least {self.head}")
        if self.fixed is not None and len(data) != self.fixed:
            raise Malformed(f"{self.name}: {len(data)} bytes, not {self.fixed}")
        heads, offsets, at = [], [], 0
        for _, kind in self.fields:
            size = OFFSET if kind.fixed is None else kind.fixed
            heads.append(data[at : at + size])
            if kind.fixed is None:
                offsets.append(int.from_bytes(heads[-1], "little"))
            at += size
        if offsets and offsets[0] != self.head:
            raise Malformed(f"{self.name}: a first offset of {offsets[0]}, not {self.head}")
        tails = iter(parts(data, offsets))
        return {
            name: kind.decode(next(tails) if kind.fixed is None else head)
            for (name, kind), head in zip(self.fields, heads)
        }

    def encode(self, value):
        encoded = [kind.encode(value[name]) for name, kind in self.fields]
        return with_offsets(encoded, [kind.fixed for _, kind in self.fields])


class Union:
    fixed = None

    def __init__(self, options):
        self.options = options

    def decode(self, data):
        if len(data) == 0 or data[0] >= len(self.options):
            raise Malformed("a union of no such option")
        return {"selector": data[0], "value": self.options[data[0]].decode(data[1:])}

    def encode(self, value):
        selector = value["selector"]
        return bytes([selector]) + self.options[selector].encode(value["value"])


def parts(data, offsets):
    """Cuts data at its offsets, which must neither go back nor past the end."""
    ends = offsets[1:] + [len(data)]
    for start, end in zip(offsets, ends):
        if start > end or end > len(data):
            raise Malformed(f"an offset of {start} before {end} in {len(data)} bytes")
    return [data[start:end] for start, end in zip(offsets, ends)]


def with_offsets(encoded, sizes):
    at = sum(OFFSET if size is None else size for size in sizes)
    heads, tails = [], []
    for part, size in zip(encoded, sizes):
        if size is None:
            heads.append(at.to_bytes(OFFSET, "little"))
            tails.append(part)
            at += len(part)
        else:
            heads.append(part)
    return b"".join(heads + tails)


def decode(kind, data):
    """Decodes strictly: SPEC 1's `re-encode(decode(b)) == b` holds, or Malformed is raised."""
    value = kind.decode(data)
    if kind.encode(value) != data:
        raise Malformed("encodes otherwise than it came")
    return value
