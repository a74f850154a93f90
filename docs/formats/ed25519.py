# SPDX-License-Identifier: Apache-2.0
"""Ed25519 signatures (RFC 8032), verification only, with nothing but Python's standard library; for verify_ledger.py.

Strict: a public key or a first half of a signature of small order is refused, and so is every second form of the same
number. Points are in extended coordinates (RFC 8032 5.1.4). Slow, and not for secrets.
"""
import hashlib

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT, NEUTRAL = pow(2, (P - 1) // 4, P), (0, 1, 1, 0)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    return add(times(n >> 1, add(a, a)), a if n & 1 else NEUTRAL) if n else NEUTRAL


def point(raw):
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    x, valid = P - x if x & 1 != sign else x, y < P and x * x % P == xx and (x or not sign)
    return (x, y, 1, x * y % P) if valid else None


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def verifies(key, message, sig):
    a, s = point(key), int.from_bytes(sig[32:], "little")
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % L
    r = add(times(s, BASE), times(k, (P - a[0], a[1], 1, P - a[3])))
    inverse = pow(r[2], P - 2, P)
    packed = r[1] * inverse % P | (r[0] * inverse % P & 1) << 255
    return packed.to_bytes(32, "little") == sig[:32] and all(times(8, p)[0] for p in (a, r))
