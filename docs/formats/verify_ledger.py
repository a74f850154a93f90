#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies a cardmint ledger from its JSON Lines export, with nothing but Python's standard library.

    python3 verify_ledger.py EXPORT.jsonl [CHECKPOINT [VKEY]]

Written from ledger.md alone. Prints one line per finding and a last line `good` or `bad`; exit code 0 or 3.
"""
import base64
import hashlib
import json
import re
import sys

# ---- Ed25519 (RFC 8032), verification only, strict: no points of small order ----
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, a)
        a, n = add(a, a), n >> 1
    return out


def point(raw):
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    if y >= P or x * x % P != xx or (x == 0 and sign):
        raise ValueError("not a point")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def verifies(key, message, sig):
    try:
        a, r, s = point(key), point(sig[:32]), int.from_bytes(sig[32:], "little")
    except ValueError:
        return False
    small = any(same(times(8, p), (0, 1, 1, 0)) for p in (a, r))
    k = int.from_bytes(hashlib.sha512(sig[:32] + key + message).digest(), "little") % L
    return not small and s < L and same(times(s, BASE), add(r, times(k, a)))


# ---- the fields of every act: name and kind; "?" optional, "*" a list that may be left out ----
ACTS = {
    "site.init": "name:T level:T scheme:T code:T rehearsal:B log_key:K officers:O policy:P program:T",
    "policy.change": "policy:P", "officer.enrol": "name:T roles:R key:K", "officer.revoke": "name:T reason:T",
    "key.export": "key:T kcv:X to:T form:T factors:X* package:H?", "key.retire": "key:T kcv:X state:S reason:T",
    "pin.set": "name:T", "template.approve": "template:T digest:H", "card.void": "kind:C number:N reason:T",
    "ledger.export": "format:T from:I to:I entries:I digest:H", "clock.refused": "earliest:M attempts:U",
    "checkpoint.renew": "reason:T size:I root:H",
}
for act in "generate", "import", "derive", "receive":
    ACTS["key." + act] = ("key:T usage:T owner:T version:U alg:T kcv:X state:S from:T? parent:T? factors:X* "
                          "components:X* package:H?")
for act in "card", "psam":
    ACTS[act + ".intent"] = ("number:N chip:N? terminal:N? template:T template_digest:H script:H raw:1? reader:T keys:Y* "
                             "batch:T? resumes:I?")
    ACTS[act + ".outcome"] = "number:N intent:I result:E proof:H? steps:U reason:T? status_word:X?"
for act in "load", "purchase":
    ACTS["purse." + act] = "number:N terminal:N type:X amount:U balance:U? counter:U terminal_counter:U? datetime:N tac:X intent:I?"
ACTS["purse.intent"] = "number:N terminal:N type:X amount:U balance:U counter:U terminal_counter:U? datetime:N"
ACTS["purse.closed"] = "number:N intent:I result:D reason:T? status_word:X?"
ROLES = ("key-officer", "custodian", "witness", "operator", "supervisor", "auditor")


def text(v):
    plain = not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in v)
    return 1 <= len(v) <= 120 and plain and not re.search("[0-9A-Fa-f]{32}", v)


def b64(v, size):
    try:
        raw = base64.b64decode(v, validate=True)
    except ValueError:
        return None
    return raw if len(raw) == size and base64.b64encode(raw).decode() == v else None


def roles(v):
    return isinstance(v, list) and all(r in ROLES for r in v)


def policy(v):
    ok = isinstance(v, dict) and set(v) == {"rules", "approved_templates"} and isinstance(v["rules"], dict)
    return ok and type(v["approved_templates"]) is bool and all(
        isinstance(r, dict) and set(r) == {"officers", "roles", "approvers"} and type(r["officers"]) is int
        and 0 <= r["officers"] < 256 and roles(r["roles"]) and roles(r["approvers"]) for r in v["rules"].values())


def moment(v):
    from datetime import datetime
    try:
        datetime.strptime(v, "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return False
    return len(v) == 20 and v[17:19] < "60"


def match(pattern):
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None


def string(check):
    return lambda v: isinstance(v, str) and bool(check(v))


def whole(bits):
    return lambda v: type(v) is int and 0 <= v < 2**bits


KINDS = {
    "T": string(text), "N": match("[0-9A-Z]{1,24}"), "X": match("([0-9A-F]{2}){1,8}"), "H": match("[0-9a-f]{64}"),
    "K": string(lambda v: b64(v, 32)), "I": whole(64), "U": whole(32), "B": lambda v: type(v) is bool,
    "1": lambda v: v is True, "M": string(moment), "S": match("pre-active|active|retired|destroyed|compromised"),
    "C": match("user|psam"), "E": match("issued|failed-blank|failed-partial|in-doubt"),
    "D": match("not-done|done-unproved|unknown"), "R": roles, "P": policy,
    "O": lambda v: isinstance(v, list) and all(fields(o, "name:T roles:R key:K") for o in v),
    "Y": lambda v: fields(v, "key:T usage:T kcv:X"),
}


def fields(body, wanted):
    if not isinstance(body, dict):
        return False
    left = dict(body)
    for field in wanted.split():
        name, kind = field.split(":")
        if kind[-1] in "?*" and name not in left:
            continue
        if name not in left:
            return False
        value = left.pop(name)
        if kind[-1] == "*":
            if not (isinstance(value, list) and value and all(KINDS[kind[0]](v) for v in value)):
                return False
        elif not KINDS[kind[0]](value):
            return False
    return not left


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def well_formed(line):
    """The entry, or None where the line is not the canonical form of a version 1 entry."""
    try:
        entry = json.loads(line.decode())
        good = canonical(entry) == line
    except (ValueError, RecursionError):
        return None
    good = good and isinstance(entry, dict) and set(entry) == {"v", "seq", "at", "prev", "site", "officer", "act", "body", "sigs"}
    good = good and entry["v"] == 1 and type(entry["v"]) is int and KINDS["I"](entry["seq"]) and KINDS["M"](entry["at"])
    good = good and KINDS["H"](entry["prev"]) and match(r"[A-Za-z0-9._-]{1,48}")(entry["site"])
    good = good and not re.search("[0-9A-Fa-f]{32}", entry["site"]) and KINDS["T"](entry["officer"])
    good = good and isinstance(entry["sigs"], list) and all(
        isinstance(s, dict) and set(s) == {"officer", "sig"} and KINDS["T"](s["officer"])
        and isinstance(s["sig"], str) and b64(s["sig"], 64) for s in entry["sigs"])
    good = good and entry["act"] in ACTS and fields(entry["body"], ACTS[entry["act"]])
    return entry if good else None


class Ledger:
    def __init__(self):
        self.site = self.log_key = self.policy = None
        self.officers, self.keys, self.templates, self.cards, self.purses = {}, {}, set(), {}, {}

    def enrol(self, o):
        if o["name"] in self.officers or any(o["key"] == known["key"] for known in self.officers.values()):
            raise Finding("LEDGER-NUMBER-TWICE", "officer enrolled already")
        self.officers[o["name"]] = {"key": o["key"], "roles": o["roles"], "revoked": False}

    def signatures(self, e):
        act, body, names = e["act"], e["body"], [s["officer"] for s in e["sigs"]]
        if not names or names[0] != e["officer"]:
            raise Finding("LEDGER-SIGNATURE", "not signed by the acting officer")
        message = b"cardmint-entry-v1\n" + canonical({k: v for k, v in e.items() if k != "sigs"})
        for i, s in enumerate(e["sigs"]):
            if s["officer"] in names[:i]:
                raise Finding("LEDGER-TWO-OFFICERS", "signed twice by " + s["officer"])
            known = self.officers.get(s["officer"])
            if known is None and act == "officer.enrol" and body["name"] == s["officer"] and i > 0:
                known = {"key": body["key"], "revoked": False}
            if known is None or known["revoked"] or not verifies(b64(known["key"], 32), message, b64(s["sig"], 64)):
                raise Finding("LEDGER-SIGNATURE", "no valid signature by " + s["officer"])
        rule = self.policy["rules"].get(act, {"officers": 1, "roles": [], "approvers": []})
        active = sum(not o["revoked"] for o in self.officers.values())
        count, needs = len(names), rule["officers"]
        if act == "site.init":
            needs = max(len(body["officers"]), 1)
        elif act == "officer.enrol":
            if names[-1] != body["name"]:
                raise Finding("LEDGER-SIGNATURE", "the new officer did not sign last")
            count, needs = count - 1, max(min(needs, active), 1)
        elif act == "policy.change":
            needs = max(needs, min(active, 2))
        if count < needs:
            raise Finding("LEDGER-TWO-OFFICERS", f"{needs} officers needed, {count} signed")
        for i, name in enumerate(names[:count]):
            allowed = rule["approvers"] if i else rule["roles"]
            if allowed and not set(allowed) & set(self.officers[name]["roles"]):
                raise Finding("LEDGER-ROLE", f"{name} has no role for {act}")

    def admit(self, e):
        act, body = e["act"], e["body"]
        if (act == "site.init") != (self.policy is None):
            raise Finding("LEDGER-LIFECYCLE", "site.init is the first entry and no other")
        if "policy" in body and not all(1 <= r["officers"] <= 4 for r in body["policy"]["rules"].values()):
            raise Finding("LEDGER-LIFECYCLE", "a rule needs 1 to 4 officers")
        if act == "site.init":
            self.site, self.log_key, self.policy = e["site"], body["log_key"], body["policy"]
            for officer in body["officers"]:
                self.enrol(officer)
        self.signatures(e)
        if act == "officer.enrol":
            self.enrol(body)
        elif act == "officer.revoke":
            if self.officers.get(body["name"], {"revoked": True})["revoked"]:
                raise Finding("LEDGER-SIGNATURE", "no such officer to revoke")
            self.officers[body["name"]]["revoked"] = True
        elif act == "policy.change":
            self.policy = body["policy"]
        self.lifecycle(act, body, e["seq"])

    def key(self, name):
        if name not in self.keys:
            raise Finding("LEDGER-LIFECYCLE", "unknown key " + name)
        return self.keys[name]

    def lifecycle(self, act, body, seq):
        kind = "psam" if act.startswith("psam") else "user"
        if act in ("key.generate", "key.import", "key.derive", "key.receive"):
            if "parent" in body:
                self.key(body["parent"])
            if body["key"] in self.keys:
                raise Finding("LEDGER-NUMBER-TWICE", "key exists " + body["key"])
            self.keys[body["key"]] = {"kcv": body["kcv"], "state": body["state"]}
        elif act in ("key.export", "key.retire"):
            known, n = self.key(body["key"]), 0
            n = min(len(known["kcv"]), len(body["kcv"]))
            if "factors" not in body and (n < 6 or known["kcv"][:n] != body["kcv"][:n]):
                raise Finding("LEDGER-LIFECYCLE", "check value differs")
            if act == "key.retire":
                known["state"] = body["state"]
        elif act == "template.approve":
            if body["digest"] in [d for d, _ in self.templates]:
                raise Finding("LEDGER-LIFECYCLE", "template approved already")
            self.templates.add((body["digest"], body["template"]))
        elif act.startswith("purse."):
            self.purse(act, body, seq)
        elif act.endswith(".intent"):
            self.intent(kind, body, seq)
        elif act.endswith(".outcome"):
            card = self.cards.get((kind, body["number"]))
            if not card or card["intent"] != body["intent"] or card["status"] != "in-doubt" or card["done"]:
                raise Finding("LEDGER-LIFECYCLE", "outcome without an open intent")
            card.update(status=body["result"], done=True)
        elif act == "card.void":
            card = self.cards.get((body["kind"], body["number"]))
            if not card or card["status"] == "void":
                raise Finding("LEDGER-LIFECYCLE", "no such card to void")
            card["status"] = "void"

    def purse(self, act, body, seq):
        number = body["number"]
        said = [body.get(f) for f in ("type", "amount", "terminal", "counter", "terminal_counter", "datetime")]
        if "intent" in body:
            at, meant = self.purses.pop(number, (None, None))
            if at != body["intent"] or (act != "purse.closed" and meant != said):
                raise Finding("LEDGER-LIFECYCLE", "no such open purse intent")
        elif self.cards.get(("user", number), {"status": "issued"})["status"] != "issued":
            raise Finding("LEDGER-LIFECYCLE", "purse transaction of a card that is not issued")
        elif act == "purse.intent":
            if number in self.purses:
                raise Finding("LEDGER-LIFECYCLE", "a purse intent is open already")
            self.purses[number] = (seq, said)

    def intent(self, kind, body, seq):
        number, chip, terminal = (kind, body["number"]), body.get("chip"), body.get("terminal")
        if self.policy["approved_templates"] and (body["template_digest"], body["template"]) not in self.templates:
            raise Finding("LEDGER-LIFECYCLE", "template not approved")
        if any(self.key(k["key"])["state"] != "active" for k in body.get("keys", [])):
            raise Finding("LEDGER-LIFECYCLE", "key not active")
        old, live = self.cards.get(number), ("in-doubt", "issued", "failed-partial")
        if "resumes" in body:
            same_chip = old and (old["status"] == "failed-blank" or old["chip"] == chip)
            if not same_chip or old["intent"] != body["resumes"] or old["terminal"] != terminal or old["status"] in ("issued", "void"):
                raise Finding("LEDGER-LIFECYCLE", "cannot be taken up again")
        elif old or (terminal and any(c["terminal"] == terminal for c in self.cards.values())):
            raise Finding("LEDGER-NUMBER-TWICE", "number or terminal number used already")
        if chip and any(c["chip"] == chip and c["status"] in live for n, c in self.cards.items() if n != number):
            raise Finding("LEDGER-NUMBER-TWICE", "the chip carries another number")
        self.cards[number] = {"chip": chip, "terminal": terminal, "status": "in-doubt", "intent": seq, "done": False}


class Finding(Exception):
    pass


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(tree_root(leaves[:half]), tree_root(leaves[half:]))


def check_note(raw, leaves, site, key):
    """A checkpoint (c2sp.org/tlog-checkpoint) over these leaves, signed by the log's key."""
    note = raw.decode()
    body, gap, lines = note.rpartition("\n\n")
    origin, size, root = (body + "\n").split("\n")[:3]
    name, public = "cardmint/" + site, b64(key, 32)
    key_id = hashlib.sha256(name.encode() + b"\n\1" + public).digest()[:4]
    blobs = [base64.b64decode(w[2], validate=True) for w in (x.split(" ") for x in lines.split("\n")[:-1])
             if len(w) == 3 and w[0] == "\u2014" and w[1] == name]
    signed = [verifies(public, (body + "\n").encode(), b[4:]) for b in blobs if b[:4] == key_id and len(b) == 68]
    if not signed or not all(signed) or origin != name or str(int(size)) != size or not gap:
        return "not a checkpoint by the log's key"
    if int(size) > len(leaves):
        return f"signed over {size} entries, {len(leaves)} are here"
    return None if base64.b64encode(tree_root(leaves[:int(size)])).decode() == root else "signed over other entries"


def verify(export, note=None, vkey=None):
    """All findings as (check, seq or None, text)."""
    found, ledger, leaves, last, prev = [], Ledger(), [], "", bytes(32)
    lines = export.split(b"\n")
    if lines.pop() != b"":
        found.append(("LEDGER-ENTRY-CANONICAL", len(lines), "the last line is cut"))
    for seq, line in enumerate(lines):
        entry = well_formed(line)
        if entry is None:
            found.append(("LEDGER-ENTRY-CANONICAL", seq, "not an entry in canonical form"))
        else:
            if entry["seq"] != seq:
                found.append(("LEDGER-SEQ", seq, f"says it is {entry['seq']}"))
            if entry["prev"] != prev.hex():
                found.append(("LEDGER-CHAIN", seq, "does not follow from the entry before"))
            if entry["at"] < last:
                found.append(("LEDGER-TIME", seq, "dated before the entry before"))
            if ledger.site not in (None, entry["site"]):
                found.append(("LEDGER-SITE", seq, "of another site"))
            last = entry["at"]
            try:
                if ledger.policy is not None or seq == 0 or entry["act"] == "site.init":
                    ledger.admit(entry)
            except Finding as e:
                found.append((e.args[0], seq, e.args[1]))
        prev = hashlib.sha256(b"\0" + line).digest()
        leaves.append(prev)
    if not leaves:
        found.append(("LEDGER-SEQ", None, "there is no entry"))
    if note is not None and ledger.site:
        try:
            wrong = check_note(note, leaves, ledger.site, ledger.log_key)
        except (ValueError, IndexError) as e:
            wrong = "not a checkpoint: " + str(e)
        if wrong:
            found.append(("LEDGER-CHECKPOINT", None, wrong))
    if vkey is not None and ledger.site:
        name, data = "cardmint/" + ledger.site, b"\1" + b64(ledger.log_key, 32)
        key_id = hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8]
        if vkey.strip() != f"{name}+{key_id}+{base64.b64encode(data).decode()}":
            found.append(("LEDGER-LOG-KEY", None, "the ledger names another key"))
    return found


if __name__ == "__main__":
    files = [open(path, "rb").read() for path in sys.argv[1:3]]
    findings = verify(files[0], files[1] if len(files) > 1 else None, sys.argv[3] if len(sys.argv) > 3 else None)
    for check, seq, what in findings:
        print(check, "-" if seq is None else seq, what)
    print("bad" if findings else "good")
    sys.exit(3 if findings else 0)
