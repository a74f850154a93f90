#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts written components or shares together without cardmint (docs/formats/written.md, docs/recovery.en.md).

    python3 recover_shares.py              all forms: type one a line, an empty line at the end; prints the secret
    python3 recover_shares.py 1 3          one share of those that will be used, here 1 and 3; prints it as an XOR component

A form is its groups, with or without spaces and dashes. Wrong groups are named, nothing is corrected. Needs Python 3.6 and nothing
else. Use it on a computer that has never seen a network and never will.
"""
import binascii
import hashlib
import sys

KINDS = {1: "component", 2: "share", 3: "factor"}


def double16(a):
    """Twice a digit in GF(16), x^4 = x + 1."""
    return (a << 1) ^ (0x13 if a & 8 else 0)


def check_digits(number, a, b, c, d):
    low, high = number & 15, number >> 4
    weighted = double16(double16(d ^ low ^ high) ^ b ^ c ^ high) ^ a ^ c ^ low
    return [a ^ b ^ c ^ d ^ low ^ high, weighted]


def read_form(line):
    """Header and secret of one form, or ValueError that names what is wrong."""
    text = "".join(line.replace("-", " ").split()).upper()
    strange = [at // 6 + 1 for at, sign in enumerate(text) if sign not in "0123456789ABCDEF"]
    if strange:
        raise ValueError("a sign that is none of 0-9 A-F, in group %d" % strange[0])
    if len(text) not in (66, 90, 114):
        raise ValueError("%d characters; it should be 66, 90 or 114" % len(text))
    groups = [[int(sign, 16) for sign in text[at:at + 6]] for at in range(0, len(text), 6)]
    bad = [n for n, g in enumerate(groups, 1) if check_digits(n, *g[:4]) != g[4:]]
    if bad:
        raise ValueError("wrong groups: " + ", ".join(map(str, bad)))
    data = bytes.fromhex("".join("%X" % digit for g in groups for digit in g[:4]))
    if binascii.crc_hqx(data[:-2], 0xFFFF) != int.from_bytes(data[-2:], "big"):
        raise ValueError("the groups are not all of one form")
    kind, index, needed = data[0] >> 4, data[0] & 15, data[1] >> 4
    if kind not in KINDS or index == 0 or needed < 2 or (data[1] & 15) + 1 != len(groups) - 3:
        raise ValueError("not a form of this kind")
    return (kind, needed, data[2:4].hex().upper()), index, data[4:-2]


def multiply(a, b):
    """In GF(256), polynomial 11B."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if multiply(a, b) == 1)


def weight(index, others):
    """What a share counts for at x = 0: the product of j / (j - i) over the others."""
    product = 1
    for other in others:
        product = multiply(product, multiply(other, inverse(other ^ index)))
    return product


def combine(kind, forms):
    """XOR of components; of shares each with its weight first."""
    secret = bytes(len(next(iter(forms.values()))))
    for index, part in forms.items():
        w = 1 if kind == 1 else weight(index, [j for j in forms if j != index])
        secret = bytes(s ^ multiply(w, p) for s, p in zip(secret, part))
    return secret


def forms_typed(lines):
    """Headers, and secrets by number; says what each form is."""
    headers, forms = set(), {}
    for line in lines:
        if not line.strip():
            break
        try:
            (kind, needed, tag), index, part = read_form(line)
        except ValueError as why:
            sys.exit("form %d: %s" % (len(forms) + 1, why))
        if index in forms:
            sys.exit("number %d stands twice" % index)
        forms[index] = part
        headers.add((kind, needed, tag, len(part)))
        print("%s %d, %d needed, ceremony %s" % (KINDS[kind], index, needed, tag))
        if kind == 2:
            print("digest", hashlib.sha256(b"cardmint share v1" + bytes([index, needed]) + part).hexdigest().upper())
    return headers, forms


def main(used):
    headers, forms = forms_typed(sys.stdin)
    if len(headers) != 1:
        sys.exit("forms of one secret are needed, from one ceremony")
    (kind, needed, _, _), = headers
    if kind == 3:
        sys.exit("factors are not added: docs/formats/ceremony.md says how keys come from them")
    if used:
        (index, part), = forms.items() if len(forms) == 1 else sys.exit("one form at a time")
        if kind != 2 or index not in used or len(used) < needed or len(set(used)) != len(used):
            sys.exit("name the numbers of all shares that are used, this one's too, %d at least" % needed)
        w = weight(index, [j for j in used if j != index])
        print("component", bytes(multiply(w, p) for p in part).hex().upper())
        return
    if len(forms) < needed:
        sys.exit("%d are needed, %d were given" % (needed, len(forms)))
    print("secret", combine(kind, forms).hex().upper())


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
