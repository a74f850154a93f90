#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads cardmint's compact blacklists and their notes, written from blacklist.md alone. Standard library only.

    blacklist.py NOTE KEY [NUMBER ...]      checks the list beside NOTE and says what it has of each number
    blacklist.py NOTE KEY --upon BASE.bin   puts a delta upon a full list and compares the result

KEY is the site's log key, NAME+ID+BASE64, as `cardmint ledger checkpoint --json` shows it.
"""
import base64
import hashlib
import struct
import sys
from pathlib import Path

from verify_ledger import verifies

HEADER, ENTRY = 56, 16


class Compact:
    """A compact list in memory. `find` halves, as a terminal does."""

    def __init__(self, data):
        magic, version, form, sections, self.sequence, self.base, date, size, self.result = struct.unpack(
            ">4sBBHII4sI32s", data[:HEADER])
        if (magic, version, size) != (b"CMBL", 1, len(data)) or form > 1 or (form == 1) != (self.base > 0):
            raise ValueError("no compact list")
        self.delta, self.date, self.body = form == 1, date.hex(), data[HEADER:]
        self.sections = []
        for n in range(sections):
            off, kind, length, coding, shape, _, count, at = struct.unpack_from(">BBBBB3sII", data, HEADER + n * ENTRY)
            number = length if coding else (length + 1) // 2
            width = number * (1 + shape)
            records = [data[at + i * width:at + (i + 1) * width] for i in range(count)]
            if any(len(r) != width for r in records) or records != sorted(records):
                raise ValueError("records out of order")
            self.sections.append((off, kind, length, coding, number, records))

    def find(self, kind, number):
        """0: on the list; 1: to be taken off (deltas); None: not named."""
        decimal = number.isdecimal()
        key = bytes.fromhex(number.zfill(len(number) + len(number) % 2)) if decimal else number.encode()
        for off, k, length, coding, size, records in self.sections:
            if (k, length, coding == 0) != (kind, len(number), decimal):
                continue
            low, high = 0, len(records)
            while low < high:
                middle = (low + high) // 2
                if records[middle][:size] <= key:
                    low = middle + 1
                else:
                    high = middle
            if low and records[low - 1][-size:] >= key:
                return off
        return None

    def spans(self, off):
        """What is on the list (0) or taken off (1): {(kind, length): [(first, last)]} and {(kind, text)}."""
        decimal, text = {}, set()
        for o, kind, length, coding, size, records in self.sections:
            if o == off and coding:
                text |= {(kind, r.decode()) for r in records}
            elif o == off:
                decimal.setdefault((kind, length), []).extend((int(r[:size].hex()), int(r[-size:].hex())) for r in records)
        return decimal, text


def joined(spans):
    out = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out


def without(spans, taken):
    for a, b in taken:
        spans = [p for first, last in spans for p in ((first, min(last, a - 1)), (max(first, b + 1), last)) if p[0] <= p[1]]
    return spans


def body(decimal, text):
    """Table and records of a full list."""
    sections = []
    for (kind, length), spans in decimal.items():
        pack = lambda n: bytes.fromhex(str(n).zfill(length + length % 2))
        singles = [pack(a) for a, b in spans if a == b]
        ranges = [pack(a) + pack(b) for a, b in spans if a != b]
        sections += [(kind, length, 0, shape, sorted(r)) for shape, r in enumerate((singles, ranges)) if r]
    for kind, length in sorted({(k, len(t)) for k, t in text}):
        sections.append((kind, length, 1, 0, sorted(t.encode() for k, t in text if (k, len(t)) == (kind, length))))
    table, records, at = b"", b"", HEADER + ENTRY * len(sections)
    for kind, length, coding, shape, rows in sorted(sections):
        table += struct.pack(">BBBBB3xII", 0, kind, length, coding, shape, len(rows), at + len(records))
        records += b"".join(rows)
    return table + records


def upon(delta, base):
    """The body of the full list that a delta gives upon its base."""
    if not delta.delta or base.delta or delta.base != base.sequence:
        raise ValueError("another base")
    (have, texts), (on, more), (off, less) = base.spans(0), delta.spans(0), delta.spans(1)
    full = {g: joined(without(have.get(g, []), off.get(g, [])) + on.get(g, [])) for g in have.keys() | on.keys()}
    made = body({g: s for g, s in full.items() if s}, (texts - less) | more)
    if hashlib.sha256(made).digest() != delta.result:
        raise ValueError("not the list that the delta promises")
    return made


def open_note(note, key):
    """What a note says, if the key signed it."""
    name, key_id, data = key.split("+", 2)
    raw = base64.b64decode(data)
    if raw[0] != 1 or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != key_id:
        raise ValueError("no key")
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, who, blob = line.split(" ")
        blob = base64.b64decode(blob)
        if (dash, who, blob[:4].hex()) == ("—", name, key_id) and verifies(raw[1:], text.encode(), blob[4:]):
            first, *rest = text.splitlines()
            if first == "cardmint-blacklist-v1":
                return dict(line.split(" ", 1) for line in rest)
    raise ValueError("not signed by this key")


def check(path, key):
    """The list beside a note, checked against it."""
    said = open_note(path.read_text(), key)
    for ending in ("bin", "csv", "jsonl"):
        file = path.with_suffix("." + ending)
        if (ending == "bin" or file.exists()) and hashlib.sha256(file.read_bytes()).hexdigest() != said[ending]:
            raise ValueError("another ." + ending)
    found = Compact(path.with_suffix(".bin").read_bytes())
    if [found.sequence, found.base, found.date] != [int(said["sequence"]), int(said["base"]), said["date"]]:
        raise ValueError("another list")
    if not found.delta and hashlib.sha256(found.body).digest() != found.result:
        raise ValueError("wrong result")
    return found


def main(note, key, *rest):
    found = check(Path(note), key)
    print(f"list {found.sequence} of {found.date}: good")
    if rest[:1] == ("--upon",):
        print(f"upon {found.base}: {len(upon(found, Compact(Path(rest[1]).read_bytes())))} bytes, good")
        rest = ()
    for number in rest:
        print(number, {0: "listed", 1: "taken-off", None: "not-named"}[found.find(0, number)])


if __name__ == "__main__":
    main(*sys.argv[1:])
