"""Ed25519 over the curve of RFC 8032, verified as ZIP-215 has it (SPEC 2.3), in plain integers.

Slow and not constant in time: keys of tests only.
"""

import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(p):
    a = p[0] * p[0] % P
    b = p[1] * p[1] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2
    g = a - b
    f = 2 * p[2] * p[2] + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negate(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def multiply(scalar, p):
    return multiply_two(scalar, p, 0, IDENTITY)


def multiply_two(s, p, t, q):
    """[s]p + [t]q, two bits at a time of both at once."""
    rows = [IDENTITY, p, double(p), None]
    rows[3] = add(rows[2], p)
    columns = [IDENTITY, q, double(q), None]
    columns[3] = add(columns[2], q)
    table = [[row if j == 0 else column if i == 0 else add(row, column) for j, column in enumerate(columns)] for i, row in enumerate(rows)]
    out = IDENTITY
    bits = max(s.bit_length(), t.bit_length())
    for shift in range(bits + bits % 2 - 2, -1, -2):
        out = double(double(out))
        i, j = s >> shift & 3, t >> shift & 3
        if i or j:
            out = add(out, table[i][j])
    return out


def is_identity(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


def compress(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decompress(data):
    """The point of 32 bytes as ZIP-215 reads it: y is taken modulo p, and a sign on x = 0 is let pass."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    if v * x * x % P != u:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=1 << 17)
def verify(public_key, message, signature):
    """SPEC 2.3: whether the signature is valid as ZIP-215 says. Many nodes hold one signature: it is computed once."""
    if len(signature) != 64:
        return False
    a, r = decompress(public_key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    rest = add(multiply_two(s, BASE, k, negate(a)), negate(r))
    return is_identity(double(double(double(rest))))


def is_member_key(public_key):
    """SPEC 2.4: a canonical encoding of a point of exactly order L."""
    point = decompress(public_key)
    if point is None or compress(point) != public_key:
        return False
    return not is_identity(point) and is_identity(multiply(L, point))


def public_key_of(secret):
    return compress(multiply(_clamped(secret)[0], BASE))


def sign(secret, message):
    """RFC 8032; only so that vectors can be made again."""
    scalar, prefix = _clamped(secret)
    public_key = compress(multiply(scalar, BASE))
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    commitment = compress(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(commitment + public_key + message).digest(), "little") % L
    return commitment + ((r + k * scalar) % L).to_bytes(32, "little")


def _clamped(secret):
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
    return scalar, digest[32:]
